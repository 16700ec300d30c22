// SPDX-License-Identifier: MIT
#include "segments.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <iterator>
#include <limits>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/spool.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t shortest = 8 * mib;
constexpr std::uint64_t worth_beginning =
    24 * mib;  // the last ones: a stream takes a second to come up to speed
constexpr std::uint64_t longest = 96 * mib;
constexpr std::uint64_t longest_in_memory = 8 * mib;  // where there is no spool: mounted read-only
constexpr std::uint64_t piece = 256u << 10;
constexpr std::uint64_t read_before = 8 * mib;      // who has read less is perhaps not going to read it all
constexpr std::chrono::milliseconds warm_up{250};   // of waiting: a stream begins slowly
constexpr std::chrono::milliseconds measured{250};  // after that
// One stream that is so fast is held up by the computers at its ends, not by round trips and lost packets.
constexpr std::uint64_t fast_enough = 100'000'000;
constexpr std::chrono::minutes not_again_for{10};

std::uint64_t per_second(std::uint64_t bytes, Clock::duration time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return bytes * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(milliseconds, 1));
}

UniqueFd nameless_file(const ReaderContext& context) {
  if (context.spool) return context.spool->own().create();
  return UniqueFd(::memfd_create("ftpfs segments", MFD_CLOEXEC));
}

}  // namespace

void Segments::Pace::note(std::uint64_t position, Clock::duration waited) noexcept {
  if (!warm_ && waited >= warm_up) {
    warm_ = true;
    from_ = position;
    since_ = waited;
  }
  to_ = position;
  until_ = waited;
}

std::optional<std::uint64_t> Segments::Pace::per_second() const noexcept {
  if (!warm_ || until_ - since_ < measured) return std::nullopt;
  return vfs::per_second(to_ - from_, until_ - since_);
}

std::optional<Segments::Plan> Segments::plan(const ReaderContext& context, std::uint64_t size,
                                             std::uint64_t position, std::uint64_t read, const Pace& pace) {
  const std::size_t spare = context.remote.spare();  // beside the one that is in use
  const std::size_t streams = std::min(context.config.read_streams, spare);
  const std::optional<std::uint64_t> single = pace.per_second();
  if (streams < 2 || read < read_before || !single || *single > fast_enough) return std::nullopt;
  if (context.clock.now() < context.more.not_before) return std::nullopt;
  Plan plan;
  plan.begin = position;
  plan.single = *single;
  const std::uint64_t most = context.spool ? longest : longest_in_memory;
  plan.length = std::min({most, 16 * read, (size - position) / streams});
  if (plan.length < shortest) return std::nullopt;
  plan.streams = streams;
  return plan;
}

std::size_t Segments::likely(const ReaderContext& context, std::uint64_t size, std::uint64_t position,
                             std::uint64_t read, Clock::duration waited) {
  const std::size_t streams = std::min(context.config.read_streams, context.remote.spare());
  const bool wanted = context.clock.now() >= context.more.not_before && size - position >= 3 * shortest &&
                      vfs::per_second(read, waited) <= fast_enough;
  return wanted && streams >= 2 ? streams - 1 : 0;
}

std::shared_ptr<Segments> Segments::begin(ReaderContext& context, NodeRef node, FileVersion version,
                                          Plan plan) {
  UniqueFd file;
  try {
    file = nameless_file(context);
  } catch (const Error&) {
  }
  if (!file) return nullptr;
  auto segments =
      std::make_shared<Segments>(context, std::move(node), std::move(version), plan, std::move(file));
  segments->extend();
  return segments;
}

Segments::Segments(ReaderContext& context, NodeRef node, FileVersion version, Plan plan, UniqueFd file)
    : context_(context),
      node_(std::move(node)),
      version_(std::move(version)),
      plan_(plan),
      file_(std::move(file)),
      began_(context.clock.now()),
      position_(plan.begin),
      tail_(plan.begin + plan.length) {}

Segments::SegmentPtr Segments::at(std::uint64_t offset) const noexcept {
  for (const SegmentPtr& one : segments_) {
    if (one->begin <= offset && offset < one->end) return one;
  }
  return nullptr;
}

bool Segments::covers(std::uint64_t offset) const noexcept {
  return at(offset) != nullptr;
}

std::uint64_t Segments::next_begin(std::uint64_t offset) const noexcept {
  for (const SegmentPtr& one : segments_) {
    if (one->begin > offset && one->end > one->begin) return one->begin;
  }
  return std::numeric_limits<std::uint64_t>::max();
}

awaitable<std::size_t> Segments::read_some(std::shared_ptr<Segments> self, std::uint64_t offset,
                                           MutableBytes into) {
  const std::stop_token never;
  const SegmentPtr one = self->at(offset);
  if (!one) co_return 0;
  self->extend();  // with the session of the reader's own stream
  while (one->running && one->filled <= offset) co_await one->changed.wait(never);
  if (one->filled > offset) co_await wait_for_proof(self, one);
  const std::uint64_t here = one->proven ? one->filled - std::min(one->filled, offset) : 0;
  const std::size_t size = std::min<std::uint64_t>(into.size(), here);
  const ::ssize_t count = ::pread(self->file_.get(), into.data(), size, static_cast<off_t>(offset));
  if (count <= 0) {
    one->end = std::min(one->end, offset);
    co_return 0;
  }
  self->leave_behind(offset + static_cast<std::uint64_t>(count));
  co_return static_cast<std::size_t>(count);
}

void Segments::passed(std::uint64_t position, std::size_t count) {
  received_ += count;
  leave_behind(position);
}

// What was read gives its room back, and the sessions go further ahead.
void Segments::leave_behind(std::uint64_t position) {
  position_ = position;
  while (!segments_.empty() && segments_.front()->end <= position) {
    const Segment& one = *segments_.front();
    const auto begin = static_cast<off_t>(one.begin);
    const auto length = static_cast<off_t>(one.filled - one.begin);
    if (length > 0) ::fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, length);
    if (one.filled > one.begin) ++context_.more.counts.won;
    segments_.pop_front();
  }
  extend();
}

// As far ahead as there are streams, and one segment more, which is being read.
bool Segments::may_extend() const {
  const bool room = tail_ < position_ + (plan_.streams + 1) * plan_.length;
  if (closed_ || !room || tail_ >= version_.attributes.size) return false;
  const std::size_t own = covers(position_) ? 0 : 1;  // it rests while its reader is in a segment
  return running_ + own < plan_.streams && context_.remote.spare() > starting_ + 1 &&
         context_.clock.now() >= context_.more.not_before;
}

// What the streams have still to bring of that which they were asked for.
std::uint64_t Segments::under_way() const noexcept {
  std::uint64_t bytes = covers(position_) ? 0 : std::min(next_begin(position_), tail_) - position_;
  for (const SegmentPtr& one : segments_) {
    if (one->running) bytes += one->end - one->filled;
  }
  return bytes;
}

// Towards the end of the file shorter ones, so that all streams come to it at the same time.
std::uint64_t Segments::next_length() const {
  const std::uint64_t left = version_.attributes.size - tail_;
  const std::uint64_t share = std::max(worth_beginning, (under_way() + left) / plan_.streams);
  return std::min({plan_.length, share, left});
}

void Segments::extend() {
  if (segments_.empty()) tail_ = std::max(tail_, position_ + plan_.length);
  while (may_extend()) {
    const std::uint64_t end = tail_ + next_length();
    const auto one = std::make_shared<Segment>(tail_, end, tail_);
    segments_.push_back(one);
    tail_ = end;
    ++running_;
    ++starting_;
    ++context_.more.counts.asked;
    context_.tasks.spawn(fetch(shared_from_this(), one));
  }
}

awaitable<void> Segments::fetch(std::shared_ptr<Segments> self, SegmentPtr one) {
  try {
    co_await bring(self, one);
  } catch (const std::exception&) {  // want of memory, too: somebody waits for the end
    // Taken away, refused or lost: what is missing is the reader's business.
    if (!one->begun && !self->closed_) self->pause();
  }
  one->source.reset();
  self->ended(*one);
}

awaitable<void> Segments::bring(std::shared_ptr<Segments> self, SegmentPtr one) {
  --self->starting_;
  const std::stop_token stop = self->stop_.get_token();
  const Path path = self->context_.nodes.path(*self->node_);
  Remote& remote = self->context_.remote;
  one->source = co_await remote.open_source(path, one->begin, stop);
  const bool moved = co_await self->context_.nodes.has_moved(self->node_, path, stop);
  if (moved) throw Error(ESTALE, "it was renamed meanwhile");  // and what came may be another file's
  one->begun = true;
  self->began(*one);
  Buffer buffer(piece);
  while (one->filled < one->end && !self->closed_) {
    const std::uint64_t wanted = std::min(piece, one->end - one->filled);
    const MutableBytes into = buffer.bytes().first(wanted);
    Source& source = *one->source;
    const std::size_t count = co_await source.read_some(into);
    if (count == 0 || self->closed_) co_return;
    const ::ssize_t kept = ::pwrite(self->file_.get(), into.data(), count, static_cast<off_t>(one->filled));
    if (kept != static_cast<::ssize_t>(count)) {  // no room left
      self->pause();
      co_return;
    }
    one->filled += count;
    self->received_ += count;
    one->changed.wake_all();
  }
}

void Segments::began(Segment& one) {
  const std::optional<Attributes> shown = one.source->shown();
  one.proven = shown && same_version(version_.attributes, *shown);
  ask_for_proof();
}

void Segments::ended(Segment& one) {
  --running_;
  one.running = false;
  const bool whole = one.filled == one.end;
  one.end = one.filled;
  one.changed.wake_all();
  if (closed_) return;
  if (one.filled == one.begin)
    std::erase_if(segments_, [&](const SegmentPtr& each) { return each.get() == &one; });
  if (whole) judge();
  ask_for_proof();  // with its session
  extend();
}

// One look may be under way that began too early for this segment; a second one is about it.
awaitable<void> Segments::wait_for_proof(std::shared_ptr<Segments> self, SegmentPtr one) {
  const std::stop_token never;
  for (bool asked = false; !one->proven && !self->closed_;) {
    if (!self->proving_ && asked) co_return;
    if (!self->proving_) {
      asked = true;
      self->ask_for_proof();
    }
    co_await one->changed.wait(never);
  }
}

bool Segments::lacks_proof() const noexcept {
  const auto open = [](const SegmentPtr& one) { return one->begun && !one->proven; };
  return !closed_ && std::ranges::any_of(segments_, open);
}

void Segments::ask_for_proof() {
  if (proving_ || !lacks_proof()) return;
  proving_ = true;
  context_.tasks.spawn(prove(shared_from_this()));
}

awaitable<void> Segments::prove(std::shared_ptr<Segments> self) {
  try {
    while (self->lacks_proof()) co_await look(self);
  } catch (const std::exception&) {
    // Nobody knows, then: what is not proven is not shown.
  }
  self->proving_ = false;
  for (const SegmentPtr& one : self->segments_) one->changed.wake_all();
}

// Whose stream had begun before the server showed the version that is read has the bytes of that version.
awaitable<void> Segments::look(std::shared_ptr<Segments> self) {
  const auto begun = [](const SegmentPtr& one) { return one->begun; };
  std::vector<SegmentPtr> in_question;
  std::ranges::copy_if(self->segments_, std::back_inserter(in_question), begun);
  const std::stop_token stop = self->stop_.get_token();
  const Path path = self->context_.nodes.path(*self->node_);
  Remote& remote = self->context_.remote;
  const std::optional<Attributes> now = co_await remote.stat(path, stop);
  const bool same = now && same_version(self->version_.attributes, *now);
  for (const SegmentPtr& one : in_question) one->proven = one->proven || same;
  if (!same) self->close();
}

// Once a whole segment is here: was it worth it?
void Segments::judge() {
  const std::uint64_t together = per_second(received_, context_.clock.now() - began_);
  if (together < plan_.single + plan_.single / 4) pause();
}

// One stream for every reader of the mount, for a while.
void Segments::pause() {
  context_.more.not_before = context_.clock.now() + not_again_for;
}

void Segments::close() noexcept {
  closed_ = true;
  stop_.request_stop();
  for (const SegmentPtr& one : segments_) {
    ++context_.more.counts.wasted;
    one->source.reset();
    one->changed.wake_all();
  }
  segments_.clear();
}

}  // namespace ftpfs::vfs
