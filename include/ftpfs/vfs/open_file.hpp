// SPDX-License-Identifier: MIT
// What a kernel file handle and directory handle stand for.
#pragma once

#include <memory>

#include <fcntl.h>

#include <ftpfs/vfs/reader.hpp>

namespace ftpfs::vfs {

struct OpenFile {
  NodeRef node;
  int flags = 0;  // as open(2)
  std::shared_ptr<Reader>
      reader;  // of the server's content; made at the first read; shared with reads that wait
  std::uint64_t reader_version = 0;  // Node::version it reads

  bool writes() const noexcept { return (flags & O_ACCMODE) != O_RDONLY; }
};

struct OpenDirectory {
  NodeRef node;
  std::shared_ptr<Listing> listing;
  std::size_t end = 0;  // slots of it to be shown: what is added later may be the doing of who reads it
};

}  // namespace ftpfs::vfs
