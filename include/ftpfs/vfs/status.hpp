// SPDX-License-Identifier: MIT
// What Vfs tells about itself: a copy of the state at one moment, taken on the loop, for whoever formats it.
// Nothing here is asked of the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include <ftpfs/base/lru_cache.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/config.hpp>
#include <ftpfs/vfs/hit_rate.hpp>

namespace ftpfs::vfs {

// Why something could not be done.
struct Fault {
  int code = 0;  // an errno
  std::string what;
  std::string server_said;  // raw
};
Fault fault_of(const std::exception_ptr& failure);  // which is not null

// A file that the server has not got, as it is here.
struct Unsaved {
  enum class State {
    open,     // a program is writing it
    waiting,  // for its time to come (writeback=), for a session, or for another attempt
    sending
  };

  std::string path;  // from the mount's root
  State state = State::waiting;
  std::uint64_t size = 0;
  std::uint64_t sent = 0;  // of that, in the attempt that runs
  std::uint64_t attempts = 0;
  std::optional<Fault> fault;  // of the last one
};

// A file that the server refused for good, or that was left to the next mount.
struct Refused {
  std::string path;
  Fault fault;
  std::string kept;  // where its content lies now; empty: nowhere
  std::int64_t when = 0;
};

// In the spool, for somebody to take away.
struct Kept {
  std::string file;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
};

struct CacheStatus {
  std::size_t entries = 0;
  std::size_t bytes = 0;
  std::size_t capacity = 0;
  CacheUses uses;
};

// What was fetched before anybody asked (VfsConfig::list_ahead, fetch_ahead, read_streams).
struct FetchedAhead {
  AheadCounts listings;
  AheadCounts files;
  AheadCounts segments;  // of large files
};

// What the server has not got yet.
struct Unsent {
  std::uint32_t files = 0;
  std::uint64_t bytes = 0;  // of these files altogether
  std::uint64_t sent = 0;   // of that, in attempts that run
};

struct UploadCounts {
  std::uint64_t begun = 0;
  std::uint64_t saved = 0;
  std::uint64_t failed = 0;
};

struct Status {
  bool read_only = false;
  std::chrono::milliseconds writeback{0};
  bool ending = false;  // no new opens: the mount is being ended

  std::vector<Unsaved> unsaved;
  std::vector<Refused> refused;  // the newest last; a hundred at most
  std::string spool;             // the folder; empty: mounted read-only
  std::vector<Kept> kept;

  CacheStatus listings;
  CacheStatus blocks;
  std::optional<CacheStatus> disk;  // of blocks, files in it; absent: there is none, or it was given up
  std::string cache;                // its folder
  FetchedAhead ahead;
  UploadCounts uploads;
  std::size_t known_names = 0;  // inodes
  std::size_t open_files = 0;
  std::size_t open_directories = 0;
};

// What is known here about one name, without asking anybody.
struct FileStatus {
  Kind kind = Kind::file;
  Attributes attributes;                         // as the server last told
  std::optional<std::chrono::milliseconds> age;  // of that; absent: never
  std::string link_target;
  bool on_server = true;
  std::uint32_t handles = 0;             // open files
  std::uint32_t writers = 0;             // of these, for writing
  std::uint64_t in_memory = 0;           // bytes of its content in the block cache
  std::optional<std::uint64_t> on_disk;  // bytes of its content in the spool; absent: it is not being changed
  std::optional<Unsaved> unsaved;        // its changes, as far as the server has not got them
  std::optional<std::size_t> entries;    // of a directory whose listing is at hand
  std::optional<Fault> unheard;          // what the next close() or fsync() will fail with
};

// What became of Vfs::send_all().
struct SendReport {
  struct Failed {
    std::string path;
    Fault fault;
  };

  std::uint32_t saved = 0;
  std::vector<Failed> failed;
  std::vector<std::string> open;  // are being written, and are left alone
};

}  // namespace ftpfs::vfs
