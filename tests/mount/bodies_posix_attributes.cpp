// SPDX-License-Identifier: MIT
// chmod(2), chown(2), utimensat(2), truncate(2): what is set is what shows, and ctime tells that it was set.
#include <limits>

#include <sys/statvfs.h>

#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

constexpr std::time_t date1 = 1'900'000'000;
constexpr std::time_t date2 = 1'950'000'000;
constexpr timespec now{0, UTIME_NOW};
constexpr timespec omit{0, UTIME_OMIT};
constexpr timespec at(std::time_t seconds) {
  return {seconds, 0};
}

class PosixAttributes : public Posix {
 protected:
  int truncate(const std::string& name, off_t size) { return error_of(::truncate(path(name).c_str(), size)); }
  int change_owner(const std::string& name, uid_t uid, gid_t gid) {
    return error_of(::chown(path(name).c_str(), uid, gid));
  }
};

TEST_P(PosixAttributes, ChmodShowsAtOnceAndOnTheServer) {
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(make_directory("dir"), 0);
  for (const mode_t wanted : {0111u, 0222u, 0777u, 0u, 0640u}) {
    EXPECT_EQ(change_mode("file", wanted), 0);
    EXPECT_EQ(mode("file"), wanted);
    EXPECT_EQ(change_mode("dir", wanted), 0);
    EXPECT_EQ(mode("dir"), wanted);
  }
  EXPECT_EQ(sh("stat -c %a $ROOT/file $ROOT/dir"), "640\n640\n");
}

TEST_P(PosixAttributes, ChmodMovesTheChangeTimeUnlessItIsRefused) {
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(make_directory("dir"), 0);
  for (const std::string name : {"file", "dir"}) {
    const std::time_t before = status(name).st_ctime;
    let_pass(before);
    const std::string full = path(name);
    EXPECT_EQ(as(nobody, [&] { return ::chmod(full.c_str(), 0111); }), EPERM);
    EXPECT_EQ(status(name).st_ctime, before);
    EXPECT_EQ(change_mode(name, 0111), 0);
    EXPECT_GT(status(name).st_ctime, before);
  }
}

TEST_P(PosixAttributes, SetIdAndStickyBitsAreMasked) {
  if (local_mode()) GTEST_SKIP() << "a local file system has them";
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(make_directory("dir"), 0);
  EXPECT_EQ(change_mode("file", 06755), 0);
  EXPECT_EQ(change_mode("dir", 01777), 0);
  EXPECT_EQ(mode("file"), 0755u);
  EXPECT_EQ(mode("dir"), 0777u);
  EXPECT_EQ(sh("stat -c %a $ROOT/file $ROOT/dir"), "755\n777\n");
}

TEST_P(PosixAttributes, ChownToTheOwnerSucceeds) {
  EXPECT_EQ(make_file("file"), 0);
  const std::time_t before = status("file").st_ctime;
  let_pass(before);
  EXPECT_EQ(change_owner("file", 0, 0), 0);
  EXPECT_GT(status("file").st_ctime, before);
  EXPECT_EQ(change_owner("file", static_cast<uid_t>(-1), 0), 0);
  if (local_mode()) return;
  EXPECT_EQ(change_owner("file", 65534, 65534), 0) << "perms=ignore";
  EXPECT_EQ(status("file").st_uid, 0u) << "stat goes on showing the truth";
}

TEST_P(PosixAttributes, UtimensatOnFilesAndDirectories) {
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(make_directory("dir"), 0);
  for (const std::string name : {"file", "dir"}) {
    const std::time_t before = status(name).st_ctime;
    let_pass(before);
    EXPECT_EQ(set_times(name, at(date1), at(date2)), 0);
    EXPECT_EQ(status(name).st_atime, date1) << name;
    EXPECT_EQ(status(name).st_mtime, date2) << name;
    EXPECT_GT(status(name).st_ctime, before) << name;
    EXPECT_LT(status(name).st_ctime, date1) << name;
    sh("ls -l . >/dev/null");
    EXPECT_EQ(status(name).st_mtime, date2) << name;
  }
}

TEST_P(PosixAttributes, UtimensatLeavesWhatIsOmitted) {
  EXPECT_EQ(make_file("file"), 0);
  const std::time_t original = status("file").st_mtime;
  EXPECT_EQ(set_times("file", at(date1), omit), 0);
  EXPECT_EQ(status("file").st_atime, date1);
  EXPECT_EQ(status("file").st_mtime, original);
  EXPECT_EQ(set_times("file", omit, at(date2)), 0);
  EXPECT_EQ(status("file").st_atime, date1);
  EXPECT_EQ(status("file").st_mtime, date2);
  EXPECT_EQ(set_times("file", at(date2), at(date1)), 0);
  EXPECT_EQ(status("file").st_atime, date2);
  EXPECT_EQ(status("file").st_mtime, date1);
}

TEST_P(PosixAttributes, UtimensatNowAndFarAway) {
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(set_times("file", at(date1), at(date2)), 0);
  const std::time_t before = std::time(nullptr);
  EXPECT_EQ(set_times("file", now, now), 0);
  EXPECT_GE(status("file").st_mtime, before);
  EXPECT_LE(status("file").st_mtime, std::time(nullptr));
  EXPECT_LE(status("file").st_atime, std::time(nullptr));
  EXPECT_EQ(set_times("file", at(2147483648), at(4294967296)), 0) << "behind 2038 and 2106";
  EXPECT_EQ(status("file").st_atime, 2147483648);
  EXPECT_EQ(status("file").st_mtime, 4294967296);
}

TEST_P(PosixAttributes, NanosecondsAreCutOff) {
  if (local_mode()) GTEST_SKIP() << "a local file system keeps them";
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(set_times("file", {date1, 999'999'999}, {date2, 1}), 0);
  EXPECT_EQ(status("file").st_atime, date1);
  EXPECT_EQ(status("file").st_mtime, date2);
  EXPECT_EQ(status("file").st_mtim.tv_nsec, 0);
}

TEST_P(PosixAttributes, WhoMaySetTimes) {
  EXPECT_EQ(make_file("file"), 0);
  const std::string name = path("file");
  const auto set = [&](timespec access, timespec modification) {
    return as(nobody, [&] {
      const timespec times[2] = {access, modification};
      return ::utimensat(AT_FDCWD, name.c_str(), times, 0);
    });
  };
  EXPECT_EQ(set(now, now), EACCES);
  EXPECT_EQ(set(omit, at(date2)), EPERM);
  EXPECT_EQ(set(at(date1), at(date2)), EPERM);
  EXPECT_EQ(change_mode("file", 0666), 0);
  EXPECT_EQ(set(now, now), 0);
  EXPECT_EQ(set(at(date1), omit), EPERM);
  EXPECT_EQ(set(at(date1), at(date2)), EPERM);
}

TEST_P(PosixAttributes, TruncateBothWays) {
  sh("head -c 12345 /dev/urandom > file && cp file $TMP/copy");
  EXPECT_EQ(truncate("file", 23456), 0);
  EXPECT_EQ(status("file").st_size, 23456);
  EXPECT_EQ(truncate("file", 1000), 0);
  sh("truncate -s 1000 $TMP/copy && cmp $ROOT/file $TMP/copy");
  const std::time_t before = status("file").st_ctime;
  let_pass(before);
  EXPECT_EQ(truncate("file", 0), 0);
  EXPECT_EQ(status("file").st_size, 0);
  EXPECT_GT(status("file").st_ctime, before);
  EXPECT_GT(status("file").st_mtime, before);
}

TEST_P(PosixAttributes, TruncateRefusals) {
  sh("echo 12345 > file && mkdir dir");
  EXPECT_EQ(truncate("dir", 1), EISDIR);
  EXPECT_EQ(truncate("none", 1), ENOENT);
  EXPECT_EQ(truncate("file/below", 1), ENOTDIR);
  EXPECT_EQ(truncate("file", -1), EINVAL);
  const UniqueFd reading{::open(path("file").c_str(), O_RDONLY)};
  EXPECT_EQ(error_of(::ftruncate(reading.get(), 1)), EINVAL);
  const std::string name = path("file");
  EXPECT_EQ(as(nobody, [&] { return ::truncate(name.c_str(), 1); }), EACCES);
  if (!local_mode()) {
    expect_complaints();
    EXPECT_EQ(truncate("file", 999'999'999'999'999), EFBIG) << "every byte of a hole would travel";
  }
  EXPECT_EQ(status("file").st_size, 6);
}

TEST_P(PosixAttributes, PathconfAndStatvfs) {
  EXPECT_EQ(::pathconf(path(".").c_str(), _PC_NAME_MAX), 255);
  struct ::statvfs room {};
  ASSERT_EQ(::statvfs(path(".").c_str(), &room), 0);
  EXPECT_GT(room.f_bavail, 0u);
  EXPECT_LE(room.f_bavail, room.f_blocks);
  EXPECT_LT(room.f_blocks, std::numeric_limits<fsblkcnt_t>::max() / room.f_frsize);
  EXPECT_EQ(room.f_namemax, 255u);
}

FTPFS_ON_ALL_SERVERS(PosixAttributes);

}  // namespace
}  // namespace ftpfs::test
