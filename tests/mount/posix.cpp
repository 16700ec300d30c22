// SPDX-License-Identifier: MIT
#include "mount/posix.hpp"

#include <thread>

#include <grp.h>
#include <sched.h>
#include <sys/syscall.h>

namespace ftpfs::test {
namespace {

// glibc's functions would change all threads of the process.
bool become(User user) {
  return ::unshare(CLONE_FS) == 0 && ::syscall(SYS_setgroups, 0, nullptr) == 0 &&
         ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) == 0 &&
         ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) == 0;
}

}  // namespace

int as(User user, const std::function<long()>& call) {
  int result = -1;
  std::thread([&] {
    if (!become(user)) return;
    ::umask(0);
    result = error_of(call());
  }).join();
  EXPECT_NE(result, -1) << "cannot become user " << user.uid;
  return result;
}

void Posix::SetUp() {
  MountTest::SetUp();
  if (IsSkipped()) return;
  const User shown = owner();
  mount("allow_other,uid=" + std::to_string(shown.uid) + ",gid=" + std::to_string(shown.gid));
  ::umask(022);
}

struct ::stat Posix::status(const std::string& name) {
  struct ::stat found {};
  ::lstat(path(name).c_str(), &found);
  return found;
}

bool Posix::exists(const std::string& name) {
  struct ::stat found {};
  return ::lstat(path(name).c_str(), &found) == 0;
}

int Posix::make_file(const std::string& name, mode_t mode) {
  return open_error(name, O_CREAT | O_EXCL | O_WRONLY, mode);
}

int Posix::make_directory(const std::string& name, mode_t mode) {
  return error_of(::mkdir(path(name).c_str(), mode));
}

int Posix::rename(const std::string& from, const std::string& to, unsigned flags) {
  return error_of(::renameat2(AT_FDCWD, path(from).c_str(), AT_FDCWD, path(to).c_str(), flags));
}

int Posix::open_error(const std::string& name, int flags, mode_t mode) {
  return error_of(UniqueFd{::open(path(name).c_str(), flags | O_CLOEXEC, mode)}.get());
}

int Posix::set_times(const std::string& name, timespec access, timespec modification, int flags) {
  const timespec times[2] = {access, modification};
  return error_of(::utimensat(AT_FDCWD, path(name).c_str(), times, flags));
}

void Posix::let_pass(std::time_t seconds) {
  EXPECT_TRUE(eventually([seconds] { return std::time(nullptr) > seconds; }));
}

}  // namespace ftpfs::test
