// SPDX-License-Identifier: MIT
// What a kernel file handle and directory handle stand for.
#pragma once

#include <memory>

#include <fcntl.h>

#include <ftpfs/vfs/reader.hpp>
#include <ftpfs/vfs/witness.hpp>

namespace ftpfs::vfs {

struct OpenFile {
  NodeRef node;
  int flags = 0;        // as open(2)
  FileVersion version;  // that is read: of open(), until vfs_versions.cpp moves the handle on to another one
  std::uint64_t refused_version = 0;  // a longer one that turned out not to begin with what was read
  std::shared_ptr<Reader> reader;     // made at the first read; shared with reads that wait
  Witness witness;                    // what was last read through it
  std::uint32_t complaints = 0;       // Marks::complaints that its user has heard of

  bool writes() const noexcept { return (flags & O_ACCMODE) != O_RDONLY; }
};

struct OpenDirectory {
  NodeRef node;
  std::shared_ptr<Listing> listing;
  std::size_t end = 0;  // slots of it to be shown: what is added later may be the doing of who reads it
};

}  // namespace ftpfs::vfs
