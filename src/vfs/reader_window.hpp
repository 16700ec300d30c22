// SPDX-License-Identifier: MIT
// The state shared by a reader and the task that fills: the bytes at hand, how far somebody wants them, and
// the stream that brings more. It outlives the reader until that task has ended. reader_window.cpp keeps the
// bytes, reader_fill.cpp fetches them, reader_disk.cpp keeps them on disk.
#pragma once

#include <algorithm>
#include <deque>
#include <exception>
#include <limits>
#include <set>
#include <utility>

#include <ftpfs/vfs/reader.hpp>

#include "segments.hpp"

namespace ftpfs::vfs {

class Reader::Window {
 public:
  class Waiting;  // in reader.cpp
  class Turn;     // likewise

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
  // Else what was found is in the block cache: no reason to begin a stream.
  bool holds(std::uint64_t offset, std::uint64_t end) const noexcept {
    return offset >= begin_ && end <= shown_end();
  }
  void seek(std::uint64_t offset);
  void want(const std::shared_ptr<Window>& self, std::uint64_t end);
  // What the DiskCache has of it.
  static awaitable<std::optional<Slices>> from_disk(std::shared_ptr<Window> self, std::uint64_t offset,
                                                    std::uint64_t end, std::stop_token stop);
  void next_wake(std::uint64_t end) noexcept { next_wake_ = std::min(next_wake_, end); }
  void close() noexcept;  // ends what is under way

  std::uint64_t clamp(std::uint64_t offset, std::size_t size) const noexcept {
    return offset >= size_ ? offset : std::min<std::uint64_t>(size_, offset + size);
  }

  ReaderContext& context;
  WaitList data;                           // readers waiting for bytes of the present window
  WaitList turn;                           // readers that need another window, or let one of those go first
  std::multiset<Clock::time_point> turns;  // since when each of them needs it
  std::multiset<std::uint64_t> pending;    // where the reads that have to wait begin: their bytes must stay
  std::size_t waiting = 0;                 // in `data`
  Clock::time_point waiting_since;         // while there is one
  Clock::duration waited{};                // since the last seek, for bytes of the stream
  std::exception_ptr failure;
  bool drop_idle(Clock::time_point before) noexcept;

 private:
  static constexpr std::uint64_t block_size = BlockCache::block_size;
  static constexpr std::uint64_t nobody = std::numeric_limits<std::uint64_t>::max();

  struct Chunk {
    std::uint64_t begin;
    std::shared_ptr<Buffer> buffer;
    std::size_t filled = 0;

    std::uint64_t end() const noexcept { return begin + filled; }
  };

  // reader_fill.cpp
  static awaitable<void> fill(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> fill_once(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> take_from_stream(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> take_from_segment(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> hear_the_end(std::shared_ptr<Window> self, std::uint64_t epoch);
  bool outlives(unsigned deaths) const noexcept;
  static awaitable<void> pause(std::shared_ptr<Window> self, unsigned deaths);
  static awaitable<std::unique_ptr<Source>> open(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> prove(std::shared_ptr<Window> self, std::uint64_t epoch);
  static awaitable<void> look(std::shared_ptr<Window> self, std::uint64_t epoch);

  void began_stream(const std::shared_ptr<Window>& self, Clock::time_point asked,
                    const std::optional<Attributes>& shown);
  // reader_disk.cpp
  void keep_stream(Clock::time_point asked);
  void keep_on_disk(const Chunk& chunk);
  void vouch_later();
  static awaitable<void> vouch(ReaderContext* context, NodeRef node, Attributes expected,
                               std::shared_ptr<DiskFile> file, std::shared_ptr<DiskFile::Draft> draft);

  void proved();
  void refuted(std::exception_ptr why);
  void ask_for_more_streams();

  // reader_window.cpp
  std::uint64_t shown_end() const noexcept { return std::min(end_, unproven_); }
  void count_in() noexcept;
  std::uint64_t readahead() const noexcept;
  std::uint64_t patience() const noexcept;
  std::uint64_t goal() const noexcept;
  void drop_streams() noexcept;
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
  Holders::Token holding_;    // while there are some
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;       // also where the stream stands
  std::uint64_t start_ = 0;     // where the last seek went
  std::uint64_t consumed_ = 0;  // how far it was read since then
  std::uint64_t wanted_ = 0;    // how far somebody waits
  std::uint64_t next_wake_ = nobody;
  std::uint64_t unproven_ = nobody;  // from here on the bytes may be of another version: not to be shown yet
  bool proving_ = false;

  std::unique_ptr<Source> source_;
  Segments::Pace pace_;
  std::shared_ptr<Segments> segments_;  // brought by others, ahead of it; or null
  std::uint64_t streams_ = 0;           // begun so far, but for those that came with the version expected
  std::stop_source opening_;            // of the source; or asking whether the file is still the same
  std::uint64_t epoch_ = 0;             // of the window; a seek begins a new one, the old fill ends
  bool filling_ = false;
  unsigned deaths_ = 0;  // of streams, since the last byte that came

  std::shared_ptr<DiskFile> disk_;  // or null
  std::shared_ptr<DiskFile::Draft>
      draft_;             // what the first stream has brought, until somebody vouches for it
  bool keeping_ = false;  // what the present stream brings may be kept on disk
};

}  // namespace ftpfs::vfs
