// SPDX-License-Identifier: MIT
// Where a mount's file contents wait to be sent. Several mounts of one source may run at a time, each with a
// folder of its own: DIRECTORY, DIRECTORY.2, DIRECTORY.3 and so on. What a mount that died has left in one of
// them is taken over by the next one that starts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ftpfs/vfs/spool_folder.hpp>

namespace ftpfs::vfs {

class Spool {
 public:
  static constexpr int most_folders = 64;

  // Throws Error where the directory cannot be used, EBUSY where other mounts have all folders.
  explicit Spool(const std::string& directory);

  SpoolFolder& own() const noexcept { return *own_; }
  const std::shared_ptr<SpoolFolder>& own_folder() const noexcept { return own_; }
  // Ours first, then those that nobody has.
  const std::vector<std::shared_ptr<SpoolFolder>>& all() const noexcept { return folders_; }
  bool after_another() const noexcept;  // a mount before us left a folder, as one that is killed does

 private:
  std::shared_ptr<SpoolFolder> own_;
  std::vector<std::shared_ptr<SpoolFolder>> folders_;
};

}  // namespace ftpfs::vfs
