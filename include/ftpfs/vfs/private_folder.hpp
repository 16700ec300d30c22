// SPDX-License-Identifier: MIT
// A directory on this computer that is ours alone while it is open: closed to other users, locked against
// other mounts, and everything in it is reached from its descriptor, so that nobody can put anything else in
// its place.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::vfs {

class PrivateFolder {
 public:
  // Opens the directory and locks it; nothing when another mount has it. Throws Error when it is not a
  // directory that belongs to us and is closed to others, or is not there and may not be made. `what` is
  // the word for it in messages: "spool directory".
  static std::optional<PrivateFolder> make(const std::string& path, const std::string& what);  // 0700
  // Throws ENOENT when it is missing.
  static std::optional<PrivateFolder> take(const std::string& path, const std::string& what);
  // Without the lock, to look at only; it may be anybody's. Throws Error(ENOENT, EACCES...).
  static PrivateFolder look(const std::string& path, const std::string& what);

  PrivateFolder(PrivateFolder&&) = default;
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();  // removes it when it is ours and empty

  const std::string& path() const noexcept { return path_; }
  int descriptor() const noexcept { return fd_.get(); }
  bool was_there() const noexcept { return was_there_; }  // make() has found it
  std::vector<std::string> names() const;                 // of everything in it, sorted

 private:
  PrivateFolder(std::string path, std::string what, UniqueFd fd, bool ours);

  std::string path_;
  std::string what_;
  UniqueFd fd_;
  bool ours_;  // locked
  bool was_there_ = true;
};

// Files that are kept open must leave descriptors to sockets and to those who end what is open: else none
// would ever be free again.
bool is_one_of_the_last(int file);

}  // namespace ftpfs::vfs
