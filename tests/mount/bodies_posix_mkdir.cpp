// SPDX-License-Identifier: MIT
// mkdir(2) and rmdir(2).
#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

class PosixMkdir : public Posix {
 protected:
  mode_t mode_made(mode_t wanted, mode_t mask) {
    ::umask(mask);
    EXPECT_EQ(make_directory("new", wanted), 0);
    ::umask(022);
    const mode_t shown = mode("new");
    EXPECT_EQ(remove_directory("new"), 0);
    return shown;
  }
};

TEST_P(PosixMkdir, ModeIsWhatWasAskedForLessTheUmask) {
  EXPECT_EQ(mode_made(0755, 022), 0755u);
  EXPECT_EQ(mode_made(0151, 022), 0151u);
  EXPECT_EQ(mode_made(0777, 022), 0755u);
  EXPECT_EQ(mode_made(0151, 077), 0100u);
  EXPECT_EQ(mode_made(0345, 070), 0305u);
  EXPECT_EQ(mode_made(0345, 0501), 0244u);
}

TEST_P(PosixMkdir, TimesAreNowAndTheParentsMove) {
  EXPECT_EQ(make_directory("parent"), 0);
  const std::time_t before = status("parent").st_ctime;
  let_pass(before);
  EXPECT_EQ(make_directory("parent/new"), 0);
  EXPECT_GT(status("parent/new").st_atime, before);
  EXPECT_GT(status("parent/new").st_mtime, before);
  EXPECT_GT(status("parent/new").st_ctime, before);
  EXPECT_GT(status("parent").st_mtime, before);
  EXPECT_GT(status("parent").st_ctime, before);
}

TEST_P(PosixMkdir, LinksCountTheSubdirectories) {
  if (local_mode()) GTEST_SKIP() << "not so on every local file system";
  EXPECT_EQ(make_directory("parent"), 0);
  EXPECT_EQ(status("parent").st_nlink, 2u);
  EXPECT_EQ(make_directory("parent/a"), 0);
  EXPECT_EQ(make_file("parent/file"), 0);
  EXPECT_EQ(status("parent").st_nlink, 3u);
  EXPECT_EQ(make_directory("other"), 0);
  EXPECT_EQ(rename("parent/a", "other/b"), 0);
  EXPECT_EQ(status("parent").st_nlink, 2u);
  EXPECT_EQ(status("other").st_nlink, 3u);
  EXPECT_EQ(status("other/b/..").st_ino, status("other").st_ino);
  EXPECT_EQ(remove_directory("other/b"), 0);
  EXPECT_EQ(status("other").st_nlink, 2u);
}

TEST_P(PosixMkdir, WhatIsInTheWay) {
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_EQ(make_directory("dir"), 0);
  EXPECT_EQ(make_directory("file"), EEXIST);
  EXPECT_EQ(make_directory("dir"), EEXIST);
  EXPECT_EQ(make_directory("."), EEXIST);
  EXPECT_EQ(make_directory("file/below"), ENOTDIR);
  EXPECT_EQ(make_directory("none/below"), ENOENT);
}

TEST_P(PosixMkdir, LongNames) {
  const std::string longest(255, 'x');
  EXPECT_EQ(make_directory(longest), 0);
  EXPECT_EQ(remove_directory(longest), 0);
  EXPECT_EQ(make_directory(longest + "x"), ENAMETOOLONG);
  EXPECT_EQ(remove_directory(longest + "x"), ENAMETOOLONG);
}

TEST_P(PosixMkdir, RmdirTakesEmptyDirectoriesOnly) {
  EXPECT_EQ(make_directory("dir"), 0);
  EXPECT_EQ(make_file("dir/file"), 0);
  EXPECT_EQ(remove_directory("dir"), ENOTEMPTY);
  EXPECT_EQ(remove_directory("dir/file"), ENOTDIR);
  EXPECT_EQ(remove_directory("dir/file/below"), ENOTDIR);
  EXPECT_EQ(remove_directory("dir/none"), ENOENT);
  EXPECT_EQ(remove_directory("dir/."), EINVAL);
  EXPECT_EQ(remove_directory("dir/.."), ENOTEMPTY);
  EXPECT_EQ(remove("dir/file"), 0);
  const std::time_t before = status(".").st_ctime;
  let_pass(before);
  EXPECT_EQ(remove_directory("dir"), 0);
  EXPECT_FALSE(exists("dir"));
  EXPECT_GT(status(".").st_mtime, before);
  EXPECT_GT(status(".").st_ctime, before);
  EXPECT_EQ(remove_directory(""), EBUSY) << "the mountpoint";
}

TEST_P(PosixMkdir, ACreatedDirectoryIsKnownToBeEmptyAndStillShowsWhatComes) {
  EXPECT_EQ(make_directory("dir"), 0);
  server().put("dir/foreign", "x");
  EXPECT_EQ(make_file("dir/own"), 0);
  EXPECT_EQ(remove("dir/own"), 0);
  EXPECT_EQ(remove_directory("dir"), ENOTEMPTY) << "the server decides, not our memory";
  EXPECT_TRUE(exists("dir/foreign"));
}

FTPFS_ON_ALL_SERVERS(PosixMkdir);

}  // namespace
}  // namespace ftpfs::test
