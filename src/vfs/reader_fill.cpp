// SPDX-License-Identifier: MIT
// Fetching what a window wants: one stream after another, and the proof that they are of one version.
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/patience.hpp>

#include "reader_window.hpp"

namespace ftpfs::vfs {
namespace {

// The line is well, the server says that this was all, and it was not.
class EndedEarly final : public Error {
 public:
  using Error::Error;
};

}  // namespace

// Runs until the window is full enough, the file is at its end, or a failure is final.
awaitable<void> Reader::Window::fill(std::shared_ptr<Window> self, std::uint64_t epoch) {
  bool goes_on = true;
  bool outlived = false;
  while (goes_on && self->epoch_ == epoch && self->end_ < self->goal()) {
    std::exception_ptr failure;
    bool line_died = false;
    try {
      if (std::exchange(outlived, false)) co_await pause(self, self->deaths_);
      co_await fill_once(self, epoch);
    } catch (const Revoked&) {
      self->source_.reset();
      continue;
    } catch (const ConnectionLost&) {
      line_died = true;
      failure = std::current_exception();
    } catch (const EndedEarly&) {
      failure = std::current_exception();
      if (++self->deaths_ <= self->context.config.line_may_die) failure = nullptr;
      self->source_.reset();
    } catch (...) {
      failure = std::current_exception();
    }
    if (self->epoch_ != epoch) co_return;
    if (failure) self->source_.reset();
    if (line_died) outlived = self->outlives(++self->deaths_);
    if (outlived) continue;
    goes_on = !failure;
    const bool unheard = line_died && self->context.config.hard;  // who waited has left
    if (unheard) self->deaths_ = 0;
    if (failure && !unheard) self->failure = failure;
  }
  if (self->epoch_ != epoch) co_return;
  self->filling_ = false;
  self->next_wake_ = nobody;
  self->data.wake_all();
}

// So many lines have died in a row: is another one worth it? With `hard` as long as somebody waits.
bool Reader::Window::outlives(unsigned deaths) const noexcept {
  return deaths <= context.config.line_may_die || (context.config.hard && waiting > 0);
}

// Before another one, ever longer.
awaitable<void> Reader::Window::pause(std::shared_ptr<Window> self, unsigned deaths) {
  const unsigned beyond = deaths - std::min(deaths, self->context.config.line_may_die);
  if (beyond == 0) co_return;
  const std::stop_token stop = self->opening_.get_token();
  Clock& clock = self->context.clock;
  const Clock::time_point next = clock.now() + pause_after(beyond);
  co_await clock.sleep_until(next, stop);
}

awaitable<std::unique_ptr<Source>> Reader::Window::open(std::shared_ptr<Window> self, std::uint64_t epoch) {
  const std::stop_token stop = self->opening_.get_token();
  for (;;) {
    const Path path = self->context.nodes.path(*self->node_);
    const std::uint64_t offset = self->end_;
    Remote& remote = self->context.remote;
    std::unique_ptr<Source> source;
    std::exception_ptr failure;
    try {
      source = co_await remote.open_source(path, offset, stop);
    } catch (...) {
      failure = std::current_exception();
    }
    // Our own rename may have given that path to another file meanwhile.
    const bool has_path = self->node_->linked || self->node_->marks().hidden_as;
    bool moved = false;
    if (self->epoch_ == epoch && (failure || has_path))
      moved = co_await self->context.nodes.has_moved(self->node_, path, stop);
    if (moved && self->epoch_ == epoch) continue;
    if (failure) std::rethrow_exception(failure);
    co_return source;
  }
}

awaitable<void> Reader::Window::fill_once(std::shared_ptr<Window> self, std::uint64_t epoch) {
  while (self->end_ < self->goal()) {
    if (self->segments_ && self->segments_->covers(self->end_))
      co_await take_from_segment(self, epoch);
    else
      co_await take_from_stream(self, epoch);
    if (self->epoch_ != epoch) co_return;
  }
  if (self->end_ != self->size_) co_return;
  if (self->source_) co_await hear_the_end(self, epoch);
  if (self->epoch_ == epoch) self->vouch_later();  // its session is free now
}

// One stream, from where the window ends to where the next segment begins.
awaitable<void> Reader::Window::take_from_stream(std::shared_ptr<Window> self, std::uint64_t epoch) {
  if (!self->source_) {
    const Clock::time_point asked = self->context.clock.now();
    std::unique_ptr<Source> source = co_await open(self, epoch);
    if (self->epoch_ != epoch) co_return;
    const std::optional<Attributes> shown = source->shown();
    self->source_ = std::move(source);
    self->began_stream(self, asked, shown);
  }
  MutableBytes into = self->room();
  if (self->segments_) {
    const std::uint64_t left = self->segments_->next_begin(self->end_) - self->end_;
    into = into.first(std::min<std::uint64_t>(into.size(), left));
  }
  Source& source = *self->source_;
  const std::shared_ptr<Buffer> held = self->chunks_.back().buffer;  // a seek may drop the chunk meanwhile
  const std::size_t count = co_await source.read_some(into);
  if (self->epoch_ != epoch) co_return;
  if (count == 0)
    throw EndedEarly(EIO, "the server sent only the first " + std::to_string(self->end_) + " of " +
                              std::to_string(self->size_) + " bytes");
  self->received(count);
  if (self->segments_)
    self->segments_->passed(self->end_, count);
  else
    self->ask_for_more_streams();
}

// Another stream has been here already, or still is: ours is not needed any more.
awaitable<void> Reader::Window::take_from_segment(std::shared_ptr<Window> self, std::uint64_t epoch) {
  self->source_.reset();
  const std::shared_ptr<Segments> segments = self->segments_;
  const MutableBytes into = self->room();
  const std::shared_ptr<Buffer> held = self->chunks_.back().buffer;
  const std::uint64_t from = self->end_;
  const std::size_t count = co_await Segments::read_some(segments, from, into);
  if (self->epoch_ == epoch && count > 0) self->received(count);
}

void Reader::Window::ask_for_more_streams() {
  Clock::duration waited_so_far = waited;
  if (waiting > 0) waited_so_far += context.clock.now() - waiting_since;
  const std::uint64_t read = end_ - std::min(end_, start_);
  const bool was_warm = pace_.warm();
  pace_.note(end_, waited_so_far);
  // Log-ins take six round trips: until it is clear whether more streams help, their sessions are there.
  if (pace_.warm() && !was_warm)
    context.remote.expect(Segments::likely(context, size_, end_, read, waited_so_far));
  const auto plan = Segments::plan(context, size_, end_, read, pace_);
  if (plan) segments_ = Segments::begin(context, node_, {version_, expected_}, *plan);
}

// The bytes are complete when `size_` of them came: what the server says afterwards (226, or 426 because it
// lost patience) changes nothing, and a longer file is another version.
awaitable<void> Reader::Window::hear_the_end(std::shared_ptr<Window> self, std::uint64_t epoch) {
  std::byte beyond;
  Source& source = *self->source_;
  const MutableBytes rest(&beyond, 1);
  try {
    co_await source.read_some(rest);
  } catch (const Error&) {
  }
  if (self->epoch_ == epoch) self->source_.reset();
}

// The kernel's pages, the block cache and this window may hold bytes of earlier streams of this version.
// `shown`: what the server has told together with this one.
void Reader::Window::began_stream(const std::shared_ptr<Window>& self, Clock::time_point asked,
                                  const std::optional<Attributes>& shown) {
  const bool as_expected = shown && same_version(expected_, *shown);
  if (!as_expected) ++streams_;
  const bool first = node_->version == version_ && node_->marks().streamed_version != version_;
  if (node_->version == version_) node_->mark().streamed_version = version_;
  keep_stream(asked);
  if (as_expected) {
    if (disk_) disk_->vouch_for(draft_);
    return;
  }
  if (trust_ == Trust::every_stream || (first && trust_ == Trust::first_stream)) {
    if (context.remote.spare() > 0) vouch_later();
    return;
  }
  unproven_ = shown_end();
  if (proving_) return;  // it will look once more
  proving_ = true;
  context.tasks.spawn(prove(self, epoch_));
}

// Beside the stream, by another session: a lone small read waits for both, not for one after the other.
awaitable<void> Reader::Window::prove(std::shared_ptr<Window> self, std::uint64_t epoch) {
  std::exception_ptr failure;
  unsigned deaths = self->context.config.line_may_die;  // the remote has tried as often
  for (bool again = true; again;) {
    again = false;
    failure = nullptr;
    try {
      co_await pause(self, deaths);
      co_await look(self, epoch);
    } catch (const ConnectionLost&) {
      failure = std::current_exception();
      again = self->epoch_ == epoch && self->outlives(++deaths);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  if (self->epoch_ != epoch) co_return;
  if (failure)
    self->refuted(failure);
  else
    self->proved();
}

// Is the version that is expected still there? Only a look that began after the last stream did can tell.
awaitable<void> Reader::Window::look(std::shared_ptr<Window> self, std::uint64_t epoch) {
  for (std::uint64_t seen = 0; seen != self->streams_ && self->epoch_ == epoch;) {
    seen = self->streams_;
    const Path path = self->context.nodes.path(*self->node_);
    const std::stop_token stop = self->opening_.get_token();
    const Clock::time_point asked = self->context.clock.now();
    Remote& remote = self->context.remote;
    const std::optional<Attributes> now = co_await remote.stat(path, stop);
    if (self->epoch_ != epoch) co_return;
    if (now && same_version(self->expected_, *now)) continue;
    const bool moved = co_await self->context.nodes.has_moved(self->node_, path, stop);
    if (self->epoch_ != epoch) co_return;
    if (moved) {
      seen = 0;
      continue;
    }
    if (!now) throw Error(ESTALE, path.str() + " was removed on the server while it was read here");
    throw Replaced(path, *now, asked);
  }
}

void Reader::Window::proved() {
  proving_ = false;
  for (const Chunk& chunk : chunks_) {
    if (chunk.end() <= unproven_) continue;
    keep_block(chunk);
    keep_on_disk(chunk);
  }
  if (disk_ && draft_) disk_->vouch_for(draft_);
  unproven_ = next_wake_ = nobody;
  data.wake_all();
}

void Reader::Window::refuted(std::exception_ptr why) {
  const std::uint64_t from = unproven_;
  close();
  chunks_.clear();
  begin_ = end_ = wanted_ = from;
  failure = std::move(why);
  next_wake_ = nobody;
  data.wake_all();
}

}  // namespace ftpfs::vfs
