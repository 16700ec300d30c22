// SPDX-License-Identifier: MIT
// What lies in a spool folder, for whoever wants to know without mounting. Changes nothing there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ftpfs/vfs/record.hpp>
#include <ftpfs/vfs/spool_folder.hpp>

namespace ftpfs::vfs {

struct Leftover {
  enum class State {
    unsent,      // the next mount of its source sends it
    unfinished,  // was being written when its mount or the machine died: the next mount keeps it under a name
    damaged,     // nobody knows which file it is about
    kept         // the server refused it, or took another version: it is for the user to take
  };

  State state = State::kept;
  std::string source;  // of the mount, as Record::source; empty: not known
  std::string path;    // from that mount's root; empty: not known
  std::string file;    // where the content lies, as a path; empty: it is not there
  std::uint64_t size = 0;
  std::int64_t when = 0;  // it was written last
  bool complete = true;   // false: parts that were never read or written here are zeros in it
  bool append = false;    // only what is behind `from` is to be sent
  std::uint64_t from = 0;
};

struct LeftFolder {
  std::string path;
  bool in_use = false;  // a mount runs, and may send what is here at any moment
  std::vector<Leftover> files;
};

// `boot_id` as VfsConfig::boot_id. Throws Error where the folder cannot be read.
LeftFolder look_into(const std::string& folder, const std::string& boot_id);

}  // namespace ftpfs::vfs
