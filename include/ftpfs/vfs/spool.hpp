// SPDX-License-Identifier: MIT
// The private directory for file contents that are not on the server yet. Files in it have no name
// (O_TMPFILE) and vanish with us, unless keep() gives one to what could not be delivered.
#pragma once

#include <string>
#include <string_view>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::vfs {

class Spool {
 public:
  // Makes the directory (0700) where missing; throws Error when it is not a directory of ours alone.
  explicit Spool(std::string directory);

  UniqueFd create() const;  // an empty file without a name; throws Error(ENOSPC...)
  // Gives the file a name made from `wanted` (never a path: slashes are replaced), unique in the spool;
  // returns its full path.
  std::string keep(int file, std::string_view wanted) const;

 private:
  std::string directory_;
  UniqueFd fd_;
};

}  // namespace ftpfs::vfs
