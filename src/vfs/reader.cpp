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
  Window(ReaderContext& shared, NodeRef node, std::uint64_t size)
      : context(shared),
        node_(std::move(node)),
        size_(size),
        version_(node_->version),
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
  static awaitable<void> check_version(std::shared_ptr<Window> self);

  std::uint64_t readahead() const noexcept;
  std::uint64_t patience() const noexcept;
  std::uint64_t goal() const noexcept;
  MutableBytes room();
  void received(std::size_t count);
  void forget_behind();
  void append_slices(Slices& slices, std::uint64_t offset, std::uint64_t end) const;
  std::optional<Slices> from_blocks(std::uint64_t offset, std::uint64_t end);

  NodeRef node_;
  std::uint64_t size_;
  std::uint64_t version_;
  Clock::time_point last_use_;

  std::deque<Chunk> chunks_;  // contiguous, covering [begin_, end_)
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;       // also where the stream stands
  std::uint64_t start_ = 0;     // where the last seek went
  std::uint64_t consumed_ = 0;  // how far it was read since then
  std::uint64_t wanted_ = 0;    // how far somebody waits
  std::uint64_t next_wake_ = nobody;

  std::unique_ptr<Source> source_;
  std::stop_source opening_;  // of the source; or asking whether the file is still the same
  std::uint64_t epoch_ = 0;   // of the window; a seek begins a new one, the old fill ends
  bool filling_ = false;
  bool may_retry_ = true;  // one reconnect without any progress is one too few to give up, two are enough
};

std::uint64_t Reader::Window::readahead() const noexcept {
  const std::uint64_t first = start_ == 0 ? stream_readahead : 0;  // after a seek: probably one small read
  const std::uint64_t grown = std::max(first, 2 * (consumed_ - start_));
  return std::min<std::uint64_t>(grown, context.config.readahead_bytes);
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
  if (offset < begin_ || end > end_) return from_blocks(offset, end);
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
  const bool complete_block =
      last.filled == last.buffer->size() && last.begin % block_size == 0 && last.filled <= block_size;
  if (complete_block) context.blocks.put({node_->ino, version_, last.begin / block_size}, last.buffer);
  if (end_ < next_wake_) return;
  next_wake_ = nobody;
  data.wake_all();
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
    if (failure && retry) {
      failure = nullptr;
      try {
        co_await check_version(self);
      } catch (...) {
        failure = std::current_exception();
      }
      if (self->epoch_ != epoch) co_return;
    }
    self->failure = failure;
  }
  if (self->epoch_ != epoch) co_return;
  self->filling_ = false;
  self->next_wake_ = nobody;
  self->data.wake_all();
}

// One stream, from where the window ends. The bytes are complete when `size_` of them came: what the server
// says afterwards (226, or 426 because it lost patience) changes nothing, and a longer file is another
// version.
awaitable<void> Reader::Window::fill_once(std::shared_ptr<Window> self, std::uint64_t epoch) {
  const std::stop_token stop = self->opening_.get_token();
  if (!self->source_) {
    const Path path = self->context.nodes.path(*self->node_);
    const std::uint64_t offset = self->end_;
    std::unique_ptr<Source> source = co_await self->context.remote.open_source(path, offset, stop);
    if (self->epoch_ != epoch) co_return;
    self->source_ = std::move(source);
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

// After a cut: going on is right only in the same version of the file.
awaitable<void> Reader::Window::check_version(std::shared_ptr<Window> self) {
  const Path path = self->context.nodes.path(*self->node_);
  const std::stop_token stop = self->opening_.get_token();
  const std::optional<Attributes> now = co_await self->context.remote.stat(path, stop);
  if (!now) throw Error(ESTALE, path.str() + " was removed on the server while it was read");
  const std::optional<Timestamp>& known = self->node_->attributes.mtime;
  const bool same_time = !known || !now->mtime || consistent(*known, *now->mtime);
  if (now->size != self->size_ || !same_time) {
    throw Error(EIO, path.str() + " was changed on the server while it was read");
  }
}

bool Reader::Window::drop_idle(Clock::time_point before) noexcept {
  if (source_ && !filling_ && last_use_ < before) source_.reset();
  return source_ != nullptr || filling_;
}

void Reader::Window::close() noexcept {
  ++epoch_;
  filling_ = false;
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

Reader::Reader(ReaderContext& context, NodeRef node, std::uint64_t size)
    : window_(std::make_shared<Window>(context, std::move(node), size)) {}

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
