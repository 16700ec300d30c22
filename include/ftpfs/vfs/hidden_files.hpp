// SPDX-License-Identifier: MIT
// Files of our own on the server that nobody is to see: temporary names of uploads, and what was unlinked
// while open. Listings leave them out. A directory that holds nothing else counts as empty, so whoever
// removes or renames one first waits here until the removals below it are done.
#pragma once

#include <set>
#include <stop_token>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/remote/remote.hpp>

namespace ftpfs::vfs {

class HiddenFiles {
 public:
  HiddenFiles(Remote& remote, Clock& clock, TaskSet& tasks, Logger logger);

  void hide(const Path& path) { hidden_.insert(path); }
  void unhide(const Path& path) { hidden_.erase(path); }
  bool contains(const Path& path) const { return hidden_.contains(path); }
  bool any_in(const Path& directory) const;

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
  std::set<Path> leaving_;  // being deleted
  WaitList left_;
};

}  // namespace ftpfs::vfs
