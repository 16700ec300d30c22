// SPDX-License-Identifier: MIT
// Fetches small files before they are opened: `cat *`, `grep -r`, `cp -r` and `tar` open one after the other
// in the order of the listing and would wait for the server twice at each, for a look at open() and for the
// content at read(). Fetched ahead, the look counts as if open() had asked for it, and the content is the one
// block that such a file has in the block cache: of that version and never found for another.
//
// Bounds: only sessions that nobody else needs (Remote::spare), so many files on their way, so many that wait
// to be opened, half of the block cache. What is open, written or about to be changed here is left alone.
// Failures are nobody's: whoever opens the file asks for himself.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include <ftpfs/vfs/block_cache.hpp>
#include <ftpfs/vfs/disk_cache.hpp>
#include <ftpfs/vfs/file_rows.hpp>
#include <ftpfs/vfs/hit_rate.hpp>

namespace ftpfs::vfs {

class FilesAhead {
 public:
  static constexpr std::size_t most_on_their_way = 8;
  static constexpr std::size_t first_unused = 8;  // how many may wait to be opened; grows with what is used
  static constexpr std::size_t most_unused = 32;

  struct Context {
    Remote& remote;
    const Clock& clock;
    TaskSet& tasks;
    InodeTable& nodes;
    Directories& directories;
    BlockCache& blocks;
    DiskCache* disk;  // or null
    const VfsConfig& config;
    Logger logger;
    // The node of an entry of a listing that was fetched at that time.
    std::function<NodeRef(Node& directory, const EntryView& entry, Clock::time_point fetched)> child;
    // The server has shown this of a file, not earlier than at that time.
    std::function<void(Node& file, const Attributes& shown, Clock::time_point asked)> notice;
  };

  explicit FilesAhead(Context context);

  // A program is about to open it for reading. Returns at once, or, where it is on its way, when it is here
  // or has failed.
  awaitable<void> opening(NodeRef file, std::stop_token stop);
  // It, or what lies below it, is about to be changed, or to move.
  void drop(const Node& changed);
  void stop() noexcept;  // ends what is under way; nothing is asked any more
  const AheadCounts& counts() const noexcept { return rate_.counts(); }

 private:
  struct Asked {
    enum class State { on_its_way, unused, failed };

    NodeRef file;
    Path path;
    std::uint64_t version = 0;  // Node::version: when it was asked for, then of the content
    std::uint64_t size = 0;     // by the listing
    Clock::time_point since{};
    State state = State::on_its_way;
    bool taken = false;    // somebody opens it: he waits for it to arrive
    bool dropped = false;  // what arrives is not to be shown
    unsigned passed = 0;   // how often a file that comes after it was opened
    std::stop_source stop;
    WaitList arrived;
  };
  using AskedPtr = std::shared_ptr<Asked>;
  struct Candidate {
    NodeRef file;
    Path path;
    std::uint64_t size;
  };

  static awaitable<void> refill_soon(FilesAhead* self);
  static awaitable<void> fetch(FilesAhead* self, AskedPtr asked);
  void refill();
  void ask(Candidate candidate);
  bool may_ask() const noexcept;
  std::optional<Candidate> next(FileRow& row);
  bool worth_fetching(const Node& file);

  bool arrived(Asked& asked, std::optional<WholeFile> whole);
  bool keep(Asked& asked, WholeFile whole);
  bool at_hand(const Asked& asked);
  AskedPtr take(const Node& file);
  void settle(const AskedPtr& asked, bool used);
  void settle_passed(const Node& opened, const Listing& listing);
  void settle_expired();
  template <class Predicate>
  std::vector<AskedPtr> all(Predicate predicate) const;

  Context context_;
  FileRows rows_;
  HitRate rate_;
  bool on_;
  bool refilling_ = false;
  std::size_t reserved_ = 0;                 // sessions for who opens a file that was not fetched ahead
  std::unordered_map<Ino, AskedPtr> asked_;  // until it is used or due
  std::size_t window_ = first_unused;
  std::size_t unused_ = 0;   // of asked_, those on their way included
  std::uint64_t bytes_ = 0;  // of these
  std::size_t on_their_way_ = 0;
  std::size_t starting_ = 0;  // of these, those that have no session yet
};

}  // namespace ftpfs::vfs
