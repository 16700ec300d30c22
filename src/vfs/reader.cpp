// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <deque>
#include <exception>
#include <limits>
#include <set>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/reader.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t block_size = BlockCache::block_size;
constexpr std::uint64_t stream_readahead = 512u << 10;  // at the start of a file: probably read through
constexpr std::uint64_t streaming_after = 2u << 20;     // read in sequence since the last seek
constexpr std::uint64_t keep_behind = 1u << 20;         // the kernel reorders read-ahead requests a little
constexpr std::uint64_t unproven_readahead = 1u
                                             << 20;  // with one session, what proves it has to wait for this
constexpr std::uint64_t nobody = std::numeric_limits<std::uint64_t>::max();

struct Chunk {
  std::uint64_t begin;
  std::shared_ptr<Buffer> buffer;
  std::size_t filled = 0;

  std::uint64_t end() const noexcept { return begin + filled; }
};

}  // namespace

// The state shared by the reader and the task that fills; it outlives the reader until that task has ended.
class Reader::Window {
 public:
  Window(ReaderContext& shared, NodeRef node, FileVersion version, Trust trust)
      : context(shared),
        node_(std::move(node)),
        expected_(version.attributes),
        size_(expected_.size),
        version_(version.number),
        trust_(trust),
        last_use_(shared.clock.now()) {}

  std::optional<Slices> find(std::uint64_t offset, std::uint64_t end);
  bool reachable(std::uint64_t offset) const noexcept {
    return offset >= begin_ && offset <= end_ + patience();
  }
  void seek(std::uint64_t offset);
  void want(const std::shared_ptr<Window>& self, std::uint64_t end);
  void next_wake(std::uint64_t end) noexcept { next_wake_ = std::min(next_wake_, end); }
  void close() noexcept;  // ends what is under way

  std::uint64_t clamp(std::uint64_t offset, std::size_t size) const noexcept {
    return offset >= size_ ? offset : std::min<std::uint64_t>(size_, offset + size);
  }

  ReaderContext& context;
  WaitList data;                         // readers waiting for bytes of the present window
  WaitList turn;                         // readers that need another window
  std::multiset<std::uint64_t> pending;  // where the reads that have to wait begin: their bytes must stay
  std::size_t waiting = 0;               // in `data`
  std::exception_ptr failure;
  bool drop_idle(Clock::time_point before) noexcept;

 private:
  static awaitable<void> fill(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> fill_once(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<std::unique_ptr<Source>> open(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> prove(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> look(std::shared_ptr<Window> self, std::uint64_t epoch);

  void began_stream(const std::shared_ptr<Window>& self);
  void proved();
  void refuted(std::exception_ptr why);
  std::uint64_t shown_end() const noexcept { return std::min(end_, unproven_); }
  std::uint64_t readahead() const noexcept;
  std::uint64_t patience() const noexcept;
  std::uint64_t goal() const noexcept;
  MutableBytes room();
  void received(std::size_t count);
  void keep_block(const Chunk& chunk);
  void forget_behind();
  void append_slices(Slices& slices, std::uint64_t offset, std::uint64_t end) const;
  std::optional<Slices> from_blocks(std::uint64_t offset, std::uint64_t end);

  NodeRef node_;
  Attributes expected_;
  std::uint64_t size_;
  std::uint64_t version_;
  Trust trust_;
  Clock::time_point last_use_;

  std::deque<Chunk> chunks_;  // contiguous, covering [begin_, end_)
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;       // also where the stream stands
  std::uint64_t start_ = 0;     // where the last seek went
  std::uint64_t consumed_ = 0;  // how far it was read since then
  std::uint64_t wanted_ = 0;    // how far somebody waits
  std::uint64_t next_wake_ = nobody;
  std::uint64_t unproven_ = nobody;  // from here on the bytes may be of another version: not to be shown yet
  bool proving_ = false;

  std::unique_ptr<Source> source_;
  std::uint64_t streams_ = 0;  // begun so far
  std::stop_source opening_;   // of the source; or asking whether the file is still the same
  std::uint64_t epoch_ = 0;    // of the window; a seek begins a new one, the old fill ends
  bool filling_ = false;
  bool may_retry_ = true;  // one reconnect without any progress is one too few to give up, two are enough
};

std::uint64_t Reader::Window::readahead() const noexcept {
  const std::uint64_t first = start_ == 0 ? stream_readahead : 0;  // after a seek: probably one small read
  const std::uint64_t grown = std::max(first, 2 * (consumed_ - start_));
  const std::uint64_t most = context.config.readahead_bytes;
  return std::min(grown, unproven_ == nobody ? most : std::min(most, unproven_readahead));
}

// How far ahead of the stream a read may lie and still wait for it. The kernel's read-ahead of a sequential
// reader asks for several megabytes at once; giving up the stream for the farthest of them would fetch the
// rest twice.
std::uint64_t Reader::Window::patience() const noexcept {
  const bool sequential = waiting > 0 || consumed_ - start_ >= block_size;
  return sequential ? std::max<std::uint64_t>(context.config.readahead_bytes, block_size) : block_size;
}

std::uint64_t Reader::Window::goal() const noexcept {
  const std::uint64_t wanted = std::max(wanted_, consumed_ + readahead());
  return std::min(size_, (wanted + block_size - 1) / block_size * block_size);  // whole blocks can be kept
}

std::optional<Slices> Reader::Window::find(std::uint64_t offset, std::uint64_t end) {
  last_use_ = context.clock.now();
  if (offset >= end) return Slices{};
  if (offset < begin_ || end > shown_end()) return from_blocks(offset, end);
  Slices slices;
  append_slices(slices, offset, end);
  consumed_ = std::max(consumed_, end);
  forget_behind();
  return slices;
}

void Reader::Window::append_slices(Slices& slices, std::uint64_t offset, std::uint64_t end) const {
  auto chunk = std::upper_bound(chunks_.begin(), chunks_.end(), offset,
                                [](std::uint64_t value, const Chunk& one) { return value < one.end(); });
  for (; offset < end; ++chunk) {
    const std::uint64_t stop = std::min(end, chunk->end());
    const Bytes all = std::as_const(*chunk->buffer).bytes();
    slices.push_back({chunk->buffer, all.subspan(offset - chunk->begin, stop - offset)});
    offset = stop;
  }
}

std::optional<Slices> Reader::Window::from_blocks(std::uint64_t offset, std::uint64_t end) {
  Slices slices;
  while (offset < end) {
    const std::uint64_t index = offset / block_size;
    const auto block = context.blocks.get({node_->ino, version_, index});
    if (!block) return std::nullopt;
    const std::uint64_t stop = std::min(end, (index + 1) * block_size);
    slices.push_back({block, block->bytes().subspan(offset - index * block_size, stop - offset)});
    offset = stop;
  }
  return slices;
}

void Reader::Window::forget_behind() {
  const std::uint64_t needed = pending.empty() ? consumed_ : std::min(consumed_, *pending.begin());
  while (!chunks_.empty() && chunks_.front().end() + keep_behind <= needed) {
    begin_ = chunks_.front().end();
    chunks_.pop_front();
  }
}

void Reader::Window::seek(std::uint64_t offset) {
  close();
  chunks_.clear();
  failure = nullptr;
  begin_ = end_ = wanted_ = offset / block_size * block_size;
  start_ = consumed_ = offset;
}

void Reader::Window::want(const std::shared_ptr<Window>& self, std::uint64_t end) {
  wanted_ = std::max(wanted_, end);
  if (filling_ || end_ >= goal() || failure) return;
  filling_ = true;
  context.tasks.spawn(fill(self, epoch_));
}

// Where the next bytes go. Blocks stay small and aligned while reading is random, so that the block cache can
// keep them; a stream uses large recycled chunks.
MutableBytes Reader::Window::room() {
  if (chunks_.empty() || chunks_.back().filled == chunks_.back().buffer->size()) {
    const bool streaming = end_ - start_ >= streaming_after;
    const std::uint64_t left = size_ - end_;
    const auto buffer = streaming && left >= ChunkPool::chunk_size
                            ? context.chunks.take()
                            : std::make_shared<Buffer>(std::min(left, block_size - end_ % block_size));
    chunks_.push_back({end_, buffer, 0});
  }
  Chunk& last = chunks_.back();
  return last.buffer->bytes().subspan(last.filled);
}

void Reader::Window::received(std::size_t count) {
  Chunk& last = chunks_.back();
  last.filled += count;
  end_ += count;
  may_retry_ = true;
  if (unproven_ != nobody) return;
  keep_block(last);
  if (end_ < next_wake_) return;
  next_wake_ = nobody;
  data.wake_all();
}

// For random reads: in the block cache, once it is complete.
void Reader::Window::keep_block(const Chunk& chunk) {
  const bool block = chunk.begin % block_size == 0 && chunk.filled <= block_size;
  if (!block || chunk.filled < chunk.buffer->size()) return;
  context.blocks.put({node_->ino, version_, chunk.begin / block_size}, chunk.buffer);
}

// Runs until the window is full enough, the file is at its end, or a failure is final.
awaitable<void> Reader::Window::fill(std::shared_ptr<Window> self, std::uint64_t epoch) {
  while (self->epoch_ == epoch && self->end_ < self->goal() && !self->failure) {
    std::exception_ptr failure;
    bool retry = false;
    try {
      co_await fill_once(self, epoch);
    } catch (const Revoked&) {
      retry = true;
    } catch (const ConnectionLost&) {
      retry = std::exchange(self->may_retry_, false);
      failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
    if (self->epoch_ != epoch) co_return;
    if (failure || retry) self->source_.reset();
    if (!retry) self->failure = failure;
  }
  if (self->epoch_ != epoch) co_return;
  self->filling_ = false;
  self->next_wake_ = nobody;
  self->data.wake_all();
}

awaitable<std::unique_ptr<Source>> Reader::Window::open(std::shared_ptr<Window> self, std::uint64_t epoch) {
  const std::stop_token stop = self->opening_.get_token();
  for (;;) {
    const Path path = self->context.nodes.path(*self->node_);
    const std::uint64_t offset = self->end_;
    Remote& remote = self->context.remote;
    std::exception_ptr failure;
    try {
      co_return co_await remote.open_source(path, offset, stop);
    } catch (...) {
      failure = std::current_exception();
    }
    if (self->epoch_ != epoch) std::rethrow_exception(failure);
    const bool moved = co_await self->context.nodes.has_moved(self->node_, path, stop);
    if (!moved || self->epoch_ != epoch) std::rethrow_exception(failure);
  }
}

// One stream, from where the window ends. The bytes are complete when `size_` of them came: what the server
// says afterwards (226, or 426 because it lost patience) changes nothing, and a longer file is another
// version.
awaitable<void> Reader::Window::fill_once(std::shared_ptr<Window> self, std::uint64_t epoch) {
  const std::stop_token stop = self->opening_.get_token();
  if (!self->source_) {
    std::unique_ptr<Source> source = co_await open(self, epoch);
    if (self->epoch_ != epoch) co_return;
    self->source_ = std::move(source);
    self->began_stream(self);
  }
  while (self->end_ < self->goal()) {
    const MutableBytes into = self->room();
    Source& source = *self->source_;
    const std::shared_ptr<Buffer> held = self->chunks_.back().buffer;  // a seek may drop the chunk meanwhile
    const std::size_t count = co_await source.read_some(into);
    if (self->epoch_ != epoch) co_return;
    if (count == 0)
      throw ConnectionLost(EIO, "the server sent only the first " + std::to_string(self->end_) + " of " +
                                    std::to_string(self->size_) + " bytes");
    self->received(count);
  }
  if (self->end_ < self->size_) co_return;
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
void Reader::Window::began_stream(const std::shared_ptr<Window>& self) {
  ++streams_;
  const bool first = node_->version == version_ && node_->streamed_version != version_;
  if (node_->version == version_) node_->streamed_version = version_;
  if (trust_ == Trust::every_stream || (first && trust_ == Trust::first_stream)) return;
  unproven_ = shown_end();
  if (proving_) return;  // it will look once more
  proving_ = true;
  context.tasks.spawn(prove(self, epoch_));
}

// Beside the stream, by another session: a lone small read waits for both, not for one after the other.
awaitable<void> Reader::Window::prove(std::shared_ptr<Window> self, std::uint64_t epoch) {
  std::exception_ptr failure;
  try {
    co_await look(self, epoch);
  } catch (...) {
    failure = std::current_exception();
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
    if (chunk.end() > unproven_) keep_block(chunk);
  }
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

bool Reader::Window::drop_idle(Clock::time_point before) noexcept {
  if (source_ && !filling_ && last_use_ < before) source_.reset();
  return source_ != nullptr || filling_;
}

void Reader::Window::close() noexcept {
  ++epoch_;
  filling_ = proving_ = false;
  unproven_ = nobody;
  opening_.request_stop();
  opening_ = std::stop_source();
  source_.reset();
}

namespace {

// Counts a reader that waits for the present window; the last one to leave lets others move the window.
class Waiting {
 public:
  Waiting(std::size_t& count, WaitList& turn) : count_(count), turn_(turn) { ++count_; }
  ~Waiting() {
    if (--count_ == 0) turn_.wake_all();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::size_t& count_;
  WaitList& turn_;
};

// Keeps the window from dropping what a read that waits has yet to take.
class Pending {
 public:
  Pending(std::multiset<std::uint64_t>& offsets, std::uint64_t offset)
      : offsets_(offsets), mine_(offsets.insert(offset)) {}
  ~Pending() { offsets_.erase(mine_); }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;

 private:
  std::multiset<std::uint64_t>& offsets_;
  std::multiset<std::uint64_t>::iterator mine_;
};

}  // namespace

Replaced::Replaced(const Path& path, Attributes now_, Clock::time_point when)
    : Error(EIO, path.str() + " was changed on the server while it was read here"),
      now(std::move(now_)),
      seen(when) {}

Reader::Reader(ReaderContext& context, NodeRef node, FileVersion version, Trust trust)
    : window_(std::make_shared<Window>(context, std::move(node), std::move(version), trust)) {}

Reader::~Reader() {
  window_->close();
}

std::optional<Slices> Reader::read_now(std::uint64_t offset, std::size_t size) {
  const std::uint64_t end = window_->clamp(offset, size);
  std::optional<Slices> found = window_->find(offset, end);
  if (found && window_->reachable(offset)) window_->want(window_, end);
  return found;
}

awaitable<Slices> Reader::read(std::uint64_t offset, std::size_t size, std::stop_token stop) {
  const std::shared_ptr<Window> window = window_;
  const std::uint64_t end = window->clamp(offset, size);
  const Pending pending(window->pending, offset);
  for (;;) {
    if (std::optional<Slices> found = window->find(offset, end)) {
      if (window->reachable(offset)) window->want(window, end);
      co_return std::move(*found);
    }
    if (!window->reachable(offset)) {
      if (window->waiting == 0)
        window->seek(offset);
      else
        co_await window->turn.wait(stop);
      continue;
    }
    if (window->failure) {
      std::exception_ptr failure = std::exchange(window->failure, nullptr);
      if (window->waiting > 0) window->failure = failure;  // the others want to hear it too
      std::rethrow_exception(failure);
    }
    const Waiting waiting(window->waiting, window->turn);
    window->next_wake(end);
    window->want(window, end);
    co_await window->data.wait(stop);
  }
}

bool Reader::drop_idle(Clock::time_point before) noexcept {
  return window_->drop_idle(before);
}

}  // namespace ftpfs::vfs
