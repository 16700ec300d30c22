// SPDX-License-Identifier: MIT
// What hangs on a directory's node besides its cached listing (that lies in Directories, bounded by memory).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/listing.hpp>

namespace ftpfs::vfs {

struct Directory {
  explicit Directory(TaskSet& tasks) : fetch(tasks) {}

  SingleFlight<std::shared_ptr<Listing>> fetch;
  std::uint64_t drops = 0;  // what a fetch brings that began before the last one is not kept
  // Our own changes made while a listing was on its way: the server may or may not have shown them.
  std::vector<std::pair<std::string, std::optional<Entry>>> edits;
  // Files created here that the server does not have yet: every listing that arrives gets them added.
  std::map<std::string, Entry, std::less<>> unsent;
  // Which of these names the server showed all the same, in the listing that was asked for then.
  std::set<std::string, std::less<>> taken;
  std::optional<Clock::time_point> compared;
  // Names asked for one by one since the last listing; after a few, one listing is cheaper.
  unsigned single_lookups = 0;
  unsigned creations = 0;                      // since then
  std::optional<Clock::time_point> took_file;  // when the server last took a new file here
  unsigned size_questions = 0;                 // about files whose size that listing did not tell
};

}  // namespace ftpfs::vfs
