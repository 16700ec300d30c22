// SPDX-License-Identifier: MIT
// What the two threads that work on the disk have of an open file of the cache.
#pragma once

#include <atomic>

#include <ftpfs/base/checksum.hpp>
#include <ftpfs/vfs/disk_cache.hpp>

namespace ftpfs::vfs {

struct DiskFile::OnDisk {
  int folder = -1;
  std::string name;
  CachedVersion version;
  std::atomic<bool> doomed = false;  // by the loop: it is not to appear again
  // Set by the thread that writes, before any sum of it is known; from then on the other one reads blocks.
  std::unique_ptr<CacheFile> file;
};

}  // namespace ftpfs::vfs
