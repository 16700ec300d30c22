// SPDX-License-Identifier: MIT
// rename(2) and renameat2(2): every combination of types, and what stays as it was when it is refused.
#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class PosixRename : public Posix {};

TEST_P(PosixRename, KeepsInodeModeAndContent) {
  EXPECT_EQ(make_file("old", 0640), 0);
  sh("echo content > old");
  const struct ::stat before = status("old");
  EXPECT_EQ(rename("old", "new"), 0);
  EXPECT_FALSE(exists("old"));
  const struct ::stat after = status("new");
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_nlink, 1u);
  EXPECT_EQ(read_file(root("new")), "content\n");
}

TEST_P(PosixRename, MovesDirectoriesWithAllBelow) {
  EXPECT_EQ(make_directory("old"), 0);
  EXPECT_EQ(make_directory("to"), 0);
  sh("mkdir old/sub && echo deep > old/sub/file");
  const ino_t inode = status("old").st_ino;
  EXPECT_EQ(rename("old", "to/new"), 0);
  EXPECT_EQ(status("to/new").st_ino, inode);
  EXPECT_EQ(read_file(mnt("to/new/sub/file")), "deep\n");
  EXPECT_EQ(rename("to/new/sub", "to/up"), 0);
  EXPECT_EQ(read_file(root("to/up/file")), "deep\n");
}

TEST_P(PosixRename, OntoWhatThereIs) {
  sh("echo 1 > file && echo 2 > other && mkdir empty empty2 full && echo 3 > full/inside");
  EXPECT_EQ(rename("file", "empty"), EISDIR);
  EXPECT_EQ(rename("file", "full"), EISDIR);
  EXPECT_EQ(rename("empty", "file"), ENOTDIR);
  EXPECT_EQ(rename("full", "file"), ENOTDIR);
  EXPECT_EQ(rename("empty", "full"), ENOTEMPTY);
  EXPECT_EQ(rename("file", "file"), 0);
  EXPECT_EQ(rename("empty", "empty"), 0);
  EXPECT_EQ(sh("cd $ROOT && find . -type f -exec cat {} + | sort | tr -d '\\n'; ls"),
            "123empty\nempty2\nfile\nfull\nother\n");
  EXPECT_EQ(rename("file", "other"), 0);
  EXPECT_EQ(read_file(root("other")), "1\n");
  EXPECT_EQ(rename("full", "empty"), 0);
  EXPECT_EQ(read_file(root("empty/inside")), "3\n");
  EXPECT_EQ(rename("empty2", "full"), 0);
  EXPECT_EQ(sh("ls $ROOT && ls"), "empty\nfull\nother\nempty\nfull\nother\n");
}

TEST_P(PosixRename, Flags) {
  sh("echo 1 > file && echo 2 > other && mkdir dir");
  EXPECT_EQ(rename("file", "other", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(rename("file", "dir", RENAME_NOREPLACE), EEXIST);
  server().put("foreign", "3");
  EXPECT_EQ(rename("file", "foreign", RENAME_NOREPLACE), EEXIST) << "seen on the server, not in our memory";
  EXPECT_EQ(rename("file", "moved", RENAME_NOREPLACE), 0);
  if (local_mode()) return;  // which can exchange
  EXPECT_EQ(rename("moved", "other", RENAME_EXCHANGE), EINVAL);
  EXPECT_EQ(rename("moved", "new", RENAME_WHITEOUT), EINVAL);
  EXPECT_EQ(read_file(root("other")), "2\n");
}

TEST_P(PosixRename, IntoItself) {
  sh("mkdir -p dir/sub/deep");
  EXPECT_EQ(rename("dir", "dir/new"), EINVAL);
  EXPECT_EQ(rename("dir", "dir/sub/deep/new"), EINVAL);
  EXPECT_EQ(rename("dir/sub", "dir"), ENOTEMPTY);
  EXPECT_EQ(rename("dir/.", "new"), EBUSY);
  EXPECT_EQ(rename("dir/..", "new"), EBUSY);
  EXPECT_EQ(rename("dir", "other/."), ENOENT);
  EXPECT_TRUE(fs::exists(root("dir/sub/deep")));
}

TEST_P(PosixRename, WrongPaths) {
  const std::string too_long(256, 'x');
  sh("echo 1 > file && mkdir dir");
  EXPECT_EQ(rename("none", "new"), ENOENT);
  EXPECT_EQ(rename("none/below", "new"), ENOENT);
  EXPECT_EQ(rename("file", "none/below"), ENOENT);
  EXPECT_EQ(rename("file/below", "new"), ENOTDIR);
  EXPECT_EQ(rename("dir", "file/below"), ENOTDIR);
  EXPECT_EQ(rename("file", too_long), ENAMETOOLONG);
  EXPECT_EQ(rename(too_long, "file"), ENAMETOOLONG);
  EXPECT_EQ(rename("file", too_long.substr(1)), 0);
}

TEST_P(PosixRename, TimesOfBothDirectoriesMove) {
  sh("mkdir from to && echo 1 > from/file");
  const std::time_t before = std::max(status("from").st_ctime, status("to").st_ctime);
  let_pass(before);
  EXPECT_EQ(rename("from/file", "to/file"), 0);
  for (const char* name : {"from", "to"}) {
    EXPECT_GT(status(name).st_mtime, before) << name;
    EXPECT_GT(status(name).st_ctime, before) << name;
  }
  EXPECT_GT(status("to/file").st_ctime, before);
}

TEST_P(PosixRename, OverAnOpenFileLeavesItReadable) {
  sh("echo old > target && echo new > source");
  const UniqueFd old{::open(path("target").c_str(), O_RDWR)};
  EXPECT_EQ(rename("source", "target"), 0);
  struct ::stat found {};
  EXPECT_EQ(::fstat(old.get(), &found), 0);
  EXPECT_EQ(found.st_nlink, 0u);
  char bytes[8] = {};
  EXPECT_EQ(::pread(old.get(), bytes, sizeof bytes, 0), 4);
  EXPECT_STREQ(bytes, "old\n");
  EXPECT_EQ(::pwrite(old.get(), "OLD", 3, 0), 3);
  EXPECT_EQ(read_file(mnt("target")), "new\n");
}

FTPFS_ON_ALL_SERVERS(PosixRename);

}  // namespace
}  // namespace ftpfs::test
