// SPDX-License-Identifier: MIT
// What the thread that works on the disk has of an open file of the cache.
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
  std::unique_ptr<CacheFile> file;   // the thread's alone
};

}  // namespace ftpfs::vfs
