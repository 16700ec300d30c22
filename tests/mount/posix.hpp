// SPDX-License-Identifier: MIT
// What the conformance bodies share: POSIX says what every system call must answer, and these ask.
// The mount is one for several users: the kernel checks permission bits, and whoever owns the mount shows as
// the owner of everything.
#pragma once

#include <ctime>
#include <functional>
#include <string>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};
inline constexpr User root_user{0, 0};
inline constexpr User nobody{65534, 65534};
inline constexpr User stranger{65533, 65533};
inline constexpr User colleague{65533, 65534};  // of nobody's group

// The errno that `call` leaves when that user makes it; 0: it succeeded. The credentials are those of a
// thread of its own, and so is the umask.
int as(User user, const std::function<long()>& call);

class Posix : public MountTest {
 protected:
  void SetUp() override;
  // As whom everything shows.
  virtual User owner() const { return root_user; }

  std::string path(const std::string& name) { return mnt(name).string(); }
  struct ::stat status(const std::string& name);  // lstat(2); all zero when there is none
  mode_t mode(const std::string& name) { return status(name).st_mode & 07777; }
  bool exists(const std::string& name);

  int make_file(const std::string& name, mode_t mode = 0644);
  int make_directory(const std::string& name, mode_t mode = 0755);
  int remove(const std::string& name) { return error_of(::unlink(path(name).c_str())); }
  int remove_directory(const std::string& name) { return error_of(::rmdir(path(name).c_str())); }
  int change_mode(const std::string& name, mode_t mode) {
    return error_of(::chmod(path(name).c_str(), mode));
  }
  int rename(const std::string& from, const std::string& to, unsigned flags = 0);
  int open_error(const std::string& name, int flags, mode_t mode = 0644);
  int set_times(const std::string& name, timespec access, timespec modification, int flags = 0);

  // Returns when the clock shows a later second than `seconds`: times have no finer grain here.
  static void let_pass(std::time_t seconds);
};

}  // namespace ftpfs::test
