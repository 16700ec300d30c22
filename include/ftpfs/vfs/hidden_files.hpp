// SPDX-License-Identifier: MIT
// Files of our own on the server that nobody is to see: temporary names of uploads, and what was unlinked
// while open. Listings leave them out. A directory that holds nothing else counts as empty, so whoever
// removes or renames one first waits here until the removals below it are done.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <stop_token>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/remote/remote.hpp>

namespace ftpfs::vfs {

class HiddenFiles {
  struct Past {
    std::uint64_t count = 0;                // of names that are no longer hidden
    std::map<Path, std::uint64_t> lately;   // those that a listing under way may still show, by their number
    std::multiset<std::uint64_t> listings;  // under way: the count when they began
  };

 public:
  // A listing under way. What is renamed or removed meanwhile the server may have sent before.
  class Watch {
   public:
    explicit Watch(std::shared_ptr<Past> past);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    friend HiddenFiles;
    std::shared_ptr<Past> past_;
    std::uint64_t since_;
  };

  HiddenFiles(Remote& remote, Clock& clock, TaskSet& tasks, Logger logger);

  void hide(const Path& path) { hidden_.insert(path); }
  void unhide(const Path& path);
  std::shared_ptr<Watch> listing_begins() const { return std::make_shared<Watch>(past_); }
  // Now, or at any time since the listing began.
  bool contains(const Path& path, const Watch& listing) const;
  bool any_in(const Path& directory, const Watch& listing) const;

  // Starts deleting it on the server, again and again where that is away. What cannot be deleted is logged,
  // and shows in listings from then on.
  void remove(const Path& path);
  // Returns when no removal below the directory is under way.
  awaitable<void> removals_below(Path directory, std::stop_token stop);

 private:
  static awaitable<void> remove_now(HiddenFiles* self, Path path);
  static awaitable<bool> try_to_remove(HiddenFiles* self, Path path);

  Remote& remote_;
  Clock& clock_;
  TaskSet& tasks_;
  Logger logger_;
  std::set<Path> hidden_;
  std::shared_ptr<Past> past_ = std::make_shared<Past>();
  std::set<Path> leaving_;  // being deleted
  WaitList left_;
};

}  // namespace ftpfs::vfs
