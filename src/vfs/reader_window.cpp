// SPDX-License-Identifier: MIT
// What a reader has at hand, and how far it reads ahead.
#include "reader_window.hpp"

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t stream_readahead = 512u << 10;  // at the start of a file: probably read through
constexpr std::uint64_t streaming_after = 2u << 20;     // read in sequence since the last seek
constexpr std::uint64_t page_size = 4096;               // what the kernel asks for begins at one
constexpr std::uint64_t keep_behind = 1u << 20;         // the kernel reorders read-ahead requests a little
constexpr std::uint64_t unproven_readahead = 1u
                                             << 20;  // with one session, what proves it has to wait for this

constexpr std::size_t least_share = 1u
                                    << 20;  // eight sessions at 1 Gbit/s and 80 ms have 1.2 MB each under way

}  // namespace

std::size_t Holders::share(std::size_t most) const noexcept {
  const std::size_t even = undisturbed * most / std::max<std::size_t>(count(), 1);
  return std::min(most, std::max(even, least_share));
}

void Reader::Window::count_in() noexcept {
  if (chunks_.empty())
    holding_.reset();
  else if (!holding_)
    holding_ = context.holders.join();
}

std::uint64_t Reader::Window::readahead() const noexcept {
  const std::uint64_t first = start_ == 0 ? stream_readahead : 0;  // after a seek: probably one small read
  const std::uint64_t grown = std::max(first, 2 * (consumed_ - start_));
  const std::uint64_t most = context.holders.share(context.readahead());
  return std::min(grown, unproven_ == nobody ? most : std::min(most, unproven_readahead));
}

// How far ahead of the stream a read may lie and still wait for it. The kernel's read-ahead of a sequential
// reader asks for several megabytes at once; giving up the stream for the farthest of them would fetch the
// rest twice.
std::uint64_t Reader::Window::patience() const noexcept {
  const bool sequential = waiting > 0 || consumed_ - start_ >= block_size;
  const std::uint64_t most = context.config.readahead_bytes.value_or(ReaderContext::usual_readahead);
  return sequential ? std::max(most, block_size) : block_size;
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
    const std::uint64_t block_end = std::min(size_, (index + 1) * block_size);
    const std::uint64_t block_begin = block_end - block->size();  // the start of one may be missing
    if (offset < block_begin) return std::nullopt;
    const std::uint64_t stop = std::min(end, block_end);
    slices.push_back({block, block->bytes().subspan(offset - block_begin, stop - offset)});
    offset = stop;
  }
  return slices;
}

void Reader::Window::forget_behind() {
  const auto first = pending.lower_bound(begin_);  // what lies before it another stream will bring
  const std::uint64_t needed = first == pending.end() ? consumed_ : std::min(consumed_, *first);
  while (!chunks_.empty() && chunks_.front().end() + keep_behind <= needed) {
    begin_ = chunks_.front().end();
    chunks_.pop_front();
  }
  count_in();
}

void Reader::Window::seek(std::uint64_t offset) {
  close();
  chunks_.clear();
  count_in();
  failure = nullptr;
  // From the very page that is asked for: what lies before it in its block would take round trips of a stream
  // that has just begun. Unless somebody reads backwards, or the disk is to have whole blocks.
  const bool backwards = offset < start_ && start_ - offset <= block_size;
  const std::uint64_t unit = backwards || context.disk ? block_size : page_size;
  begin_ = end_ = wanted_ = offset / unit * unit;
  start_ = consumed_ = offset;
  waited = {};
  pace_ = {};
  waiting_since = context.clock.now();
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
    const bool streaming = end_ >= start_ + streaming_after;
    const std::uint64_t left = size_ - end_;
    const auto buffer = streaming && left >= ChunkPool::chunk_size
                            ? context.chunks.take()
                            : std::make_shared<Buffer>(std::min(left, block_size - end_ % block_size));
    chunks_.push_back({end_, buffer, 0});
    count_in();
  }
  Chunk& last = chunks_.back();
  return last.buffer->bytes().subspan(last.filled);
}

void Reader::Window::received(std::size_t count) {
  Chunk& last = chunks_.back();
  last.filled += count;
  end_ += count;
  deaths_ = 0;
  if (unproven_ != nobody) return;
  keep_block(last);
  keep_on_disk(last);
  if (end_ < next_wake_) return;
  next_wake_ = nobody;
  data.wake_all();
}

// For random reads: in the block cache, once it is complete to its end.
void Reader::Window::keep_block(const Chunk& chunk) {
  const std::uint64_t index = chunk.begin / block_size;
  const bool block = chunk.end() == std::min(size_, (index + 1) * block_size);
  if (!block || chunk.filled < chunk.buffer->size()) return;
  const BlockKey key{node_->ino, version_, index};
  const auto kept = context.blocks.get(key);
  if (!kept || kept->size() < chunk.filled) context.blocks.put(key, chunk.buffer);
}

bool Reader::Window::drop_idle(Clock::time_point before) noexcept {
  const bool idle = !filling_ && waiting == 0 && last_use_ < before;
  const auto crowded = [this] { return holding_ && context.holders.count() > Holders::undisturbed; };
  if (idle && crowded())
    seek(consumed_);
  else if (idle)
    drop_streams();
  return source_ != nullptr || segments_ != nullptr || filling_ || crowded();
}

void Reader::Window::close() noexcept {
  ++epoch_;
  filling_ = proving_ = false;
  unproven_ = nobody;
  opening_.request_stop();
  opening_ = std::stop_source();
  drop_streams();
}

void Reader::Window::drop_streams() noexcept {
  source_.reset();
  if (segments_) segments_->close();
  segments_.reset();
}

}  // namespace ftpfs::vfs
