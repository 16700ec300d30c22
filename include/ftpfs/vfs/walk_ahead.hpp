// SPDX-License-Identifier: MIT
// Lists directories before a walker opens them: `find`, `du`, `ls -R`, `rsync` and `tar` go from one to the
// next and would wait for the server at each. What is listed ahead goes into Directories as if somebody had
// opened it, so that a walker that comes early joins, and lives as long as any listing.
//
// Bounds: only sessions that nobody else needs (Remote::spare), so many listings on their way, so many that
// wait to be opened, a share of the memory for listings. Failures are nobody's: whoever opens the directory
// asks for himself.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <unordered_map>

#include <ftpfs/vfs/hit_rate.hpp>
#include <ftpfs/vfs/walkers.hpp>

namespace ftpfs::vfs {

class WalkAhead {
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
    const VfsConfig& config;
    Logger logger;
    // The node of an entry of a listing that was fetched at that time.
    std::function<NodeRef(Node& directory, const EntryView& entry, Clock::time_point fetched)> child;
  };

  explicit WalkAhead(Context context);

  // A program opens it and asks for its listing in the same breath: that one goes first.
  void opened(NodeRef directory);
  // There may be a session to spare, or more is known of what comes next.
  void refill();
  void stop() noexcept;  // ends what is under way; nothing is asked any more
  const AheadCounts& counts() const noexcept { return rate_.counts(); }

 private:
  struct Asked {
    enum class State { on_its_way, unused, failed };

    NodeRef directory;  // its number is what its listing is found by
    Clock::time_point since{};
    State state = State::on_its_way;
    std::size_t weight = 0;
    unsigned passed = 0;  // how often a directory that comes after it was opened
  };
  using AskedPtr = std::shared_ptr<Asked>;

  static awaitable<void> refill_soon(WalkAhead* self);
  static awaitable<void> list(WalkAhead* self, AskedPtr asked);
  void ask(NodeRef directory);
  bool may_ask() const noexcept;
  void arrived(Asked& asked, std::exception_ptr failure);

  std::optional<NodeRef> next(const Walk& walk);
  std::optional<NodeRef> next_in(Node& directory, std::size_t slot, bool descends, std::size_t& patience);
  bool passes(const Walk& walk, const Node& directory);

  void settle(const AskedPtr& asked, bool used);
  void settle_passed(const Walk& walk);
  void settle_expired();
  bool alive(const Asked& asked);

  Context context_;
  Walkers walkers_;
  HitRate rate_;
  bool on_;
  bool refilling_ = false;
  std::unordered_map<Ino, AskedPtr> asked_;  // until it is used or due
  std::size_t window_ = first_unused;
  std::size_t unused_ = 0;  // of asked_, those on their way included
  std::size_t on_their_way_ = 0;
  std::size_t starting_ = 0;  // of these, those that have no session yet
  std::size_t weight_ = 0;    // of what is there and unused
  std::stop_source stop_;
};

}  // namespace ftpfs::vfs
