// SPDX-License-Identifier: MIT
// Several streams for one sequential reader whom the network keeps waiting. Its own stream goes up to where
// the first segment begins; the segments behind, each brought by a RETR of its own, lie in a nameless file
// until the reader comes to them. They are long, because a stream that begins anew is slow at first and costs
// several round trips. One session stays free for others, and who needs more takes it from a segment.
//
// Nothing here fails: a segment that cannot be had, or is of another version of the file, ends early, and the
// reader's own stream brings what is missing - and hears why.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/vfs/reader.hpp>

namespace ftpfs::vfs {

class Segments : public std::enable_shared_from_this<Segments> {
 public:
  struct Plan {
    std::uint64_t begin = 0;   // where the reader's own stream stands
    std::uint64_t length = 0;  // of each segment
    std::uint64_t single = 0;  // bytes a second that one stream brought
    std::size_t streams = 0;   // in all, the reader's own among them
  };

  // How fast the reader's own stream is when its reader waits for it; a stream needs a while to come up to
  // speed.
  class Pace {
   public:
    // So far as `position` it came while the reader waited `waited` in all.
    void note(std::uint64_t position, Clock::duration waited) noexcept;
    std::optional<std::uint64_t> per_second() const noexcept;  // once it can be told
    bool warm() const noexcept { return warm_; }

   private:
    bool warm_ = false;
    std::uint64_t from_ = 0;
    std::uint64_t to_ = 0;
    Clock::duration since_{};
    Clock::duration until_{};
  };

  // nullopt: more streams would not help, or not now. `read` bytes were read in sequence, up to `position`.
  static std::optional<Plan> plan(const ReaderContext& context, std::uint64_t size, std::uint64_t position,
                                  std::uint64_t read, const Pace& pace);
  // Half the way to that: how many sessions it would take, beside the one that is in use. `read` bytes came
  // while their reader waited `waited` in all.
  static std::size_t likely(const ReaderContext& context, std::uint64_t size, std::uint64_t position,
                            std::uint64_t read, Clock::duration waited);
  // nullptr where there is no room for the file.
  static std::shared_ptr<Segments> begin(ReaderContext& context, NodeRef node, FileVersion version,
                                         Plan plan);

  Segments(ReaderContext& context, NodeRef node, FileVersion version, Plan plan, UniqueFd file);

  bool covers(std::uint64_t offset) const noexcept;
  // Where the first segment behind `offset` begins: as far as the reader's own stream has to go.
  std::uint64_t next_begin(std::uint64_t offset) const noexcept;
  // What the segment at `offset` holds there; waits for it to come. 0: it ends here after all.
  static awaitable<std::size_t> read_some(std::shared_ptr<Segments> self, std::uint64_t offset,
                                          MutableBytes into);
  // The reader's own stream has brought this much, up to `position`.
  void passed(std::uint64_t position, std::size_t count);
  // Is anything there or to come? Else the reader goes on alone.
  bool empty() const noexcept { return segments_.empty(); }
  void close() noexcept;

 private:
  struct Segment {
    std::uint64_t begin;
    std::uint64_t end;     // where it is to end, or has ended
    std::uint64_t filled;  // up to where it is here
    bool running = true;
    bool begun = false;   // its stream
    bool proven = false;  // to be of the version that is read
    std::unique_ptr<Source> source;
    WaitList changed;
  };
  using SegmentPtr = std::shared_ptr<Segment>;

  static awaitable<void> fetch(std::shared_ptr<Segments> self, SegmentPtr one);
  static awaitable<void> bring(std::shared_ptr<Segments> self, SegmentPtr one);
  static awaitable<void> wait_for_proof(std::shared_ptr<Segments> self, SegmentPtr one);
  static awaitable<void> prove(std::shared_ptr<Segments> self);
  static awaitable<void> look(std::shared_ptr<Segments> self);
  void extend();
  std::uint64_t under_way() const noexcept;
  std::uint64_t next_length() const;
  bool may_extend() const;
  void began(Segment& one);
  void ended(Segment& one);
  bool lacks_proof() const noexcept;
  void ask_for_proof();
  void judge();
  void pause();
  void leave_behind(std::uint64_t position);
  SegmentPtr at(std::uint64_t offset) const noexcept;

  ReaderContext& context_;
  NodeRef node_;
  FileVersion version_;
  Plan plan_;
  UniqueFd file_;  // at the same offsets as the file on the server
  Clock::time_point began_;
  std::uint64_t received_ = 0;       // by all streams since then
  std::uint64_t position_;           // of the reader
  std::uint64_t tail_;               // where the next segment begins
  std::deque<SegmentPtr> segments_;  // in their order, without gaps but for what one lacks at its end
  std::size_t running_ = 0;
  std::size_t starting_ = 0;  // of these; their sessions are still among the spare ones
  std::stop_source stop_;
  bool proving_ = false;
  bool closed_ = false;
};

}  // namespace ftpfs::vfs
