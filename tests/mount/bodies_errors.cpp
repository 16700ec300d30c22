// SPDX-License-Identifier: MIT
// The errno of every operation that must fail: what programs decide by.
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Errors : public MountTest {
 protected:
  // file (5 bytes), dir/inside, empty/
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    fs::create_directories(root("dir"));
    fs::create_directories(root("empty"));
    server().put("file", "12345");
    server().put("dir/inside", "x");
    server().adopt();
  }
  int open_error(const std::string& name, int flags) {
    return error_of(UniqueFd{::open(mnt(name).c_str(), flags, 0644)}.get());
  }
  int rename_error(const std::string& from, const std::string& to, unsigned flags = 0) {
    return error_of(::renameat2(AT_FDCWD, mnt(from).c_str(), AT_FDCWD, mnt(to).c_str(), flags));
  }
};

TEST_P(Errors, Open) {
  EXPECT_EQ(open_error("none", O_RDONLY), ENOENT);
  EXPECT_EQ(open_error("none/below", O_RDONLY), ENOENT);
  EXPECT_EQ(open_error("none/below", O_WRONLY | O_CREAT), ENOENT);
  EXPECT_EQ(open_error("file", O_WRONLY | O_CREAT | O_EXCL), EEXIST);
  EXPECT_EQ(open_error("file/below", O_RDONLY), ENOTDIR);
  EXPECT_EQ(open_error("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
  EXPECT_EQ(open_error("dir", O_WRONLY), EISDIR);
  EXPECT_EQ(open_error("dir", O_RDWR | O_CREAT), EISDIR);
}

TEST_P(Errors, MkdirAndRmdir) {
  EXPECT_EQ(error_of(::mkdir(mnt("dir").c_str(), 0755)), EEXIST);
  EXPECT_EQ(error_of(::mkdir(mnt("file").c_str(), 0755)), EEXIST);
  EXPECT_EQ(error_of(::mkdir(mnt("none/below").c_str(), 0755)), ENOENT);
  EXPECT_EQ(error_of(::rmdir(mnt("dir").c_str())), ENOTEMPTY);
  EXPECT_EQ(error_of(::rmdir(mnt("none").c_str())), ENOENT);
  EXPECT_EQ(error_of(::rmdir(mnt("file").c_str())), ENOTDIR);
  EXPECT_EQ(error_of(::rmdir(mnt("empty").c_str())), 0);
  EXPECT_FALSE(fs::exists(root("empty")));
}

TEST_P(Errors, Unlink) {
  EXPECT_EQ(error_of(::unlink(mnt("none").c_str())), ENOENT);
  EXPECT_EQ(error_of(::unlink(mnt("empty").c_str())), EISDIR);
  EXPECT_EQ(error_of(::unlink(mnt("file/below").c_str())), ENOTDIR);
  EXPECT_EQ(error_of(::unlink(mnt("file").c_str())), 0);
  EXPECT_EQ(error_of(::unlink(mnt("file").c_str())), ENOENT);
}

TEST_P(Errors, Rename) {
  EXPECT_EQ(rename_error("none", "other"), ENOENT);
  EXPECT_EQ(rename_error("file", "none/below"), ENOENT);
  EXPECT_EQ(rename_error("file", "empty"), EISDIR);
  EXPECT_EQ(rename_error("empty", "file"), ENOTDIR);
  EXPECT_EQ(rename_error("empty", "dir"), ENOTEMPTY);
  EXPECT_EQ(rename_error("dir", "dir/below"), EINVAL);
  EXPECT_EQ(read_file(root("file")), "12345");
}

TEST_P(Errors, RenameWithFlags) {
  EXPECT_EQ(rename_error("file", "dir/inside", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(read_file(root("dir/inside")), "x");
  EXPECT_EQ(rename_error("file", "moved", RENAME_NOREPLACE), 0);
  EXPECT_EQ(read_file(root("moved")), "12345");
  if (local_mode()) return;  // which can exchange
  EXPECT_EQ(rename_error("moved", "dir/inside", RENAME_EXCHANGE), EINVAL);
}

// FTP has no command for these; programs fall back when they hear so at once.
TEST_P(Errors, WhatFtpCannotDoFailsAtOnce) {
  if (local_mode()) GTEST_SKIP() << "a local file system can";
  EXPECT_EQ(error_of(::link(mnt("file").c_str(), mnt("second").c_str())), EPERM);
  EXPECT_EQ(error_of(::symlink("file", mnt("pointer").c_str())), EPERM);
  EXPECT_EQ(error_of(::mknod(mnt("device").c_str(), S_IFCHR | 0600, makedev(1, 3))), EPERM);
  EXPECT_EQ(error_of(::mkfifo(mnt("fifo").c_str(), 0600)), EPERM);
  EXPECT_EQ(error_of(::setxattr(mnt("file").c_str(), "user.test", "x", 1, 0)), EOPNOTSUPP);
  EXPECT_EQ(error_of(::getxattr(mnt("file").c_str(), "user.test", nullptr, 0)), EOPNOTSUPP);
  EXPECT_EQ(sh("cd $ROOT && ls -A"), "dir\nempty\nfile\n");
}

TEST_P(Errors, MknodOfAPlainFileIsCreation) {
  EXPECT_EQ(error_of(::mknod(mnt("plain").c_str(), S_IFREG | 0644, 0)), 0);
  EXPECT_EQ(sh("stat -c %s $ROOT/plain"), "0\n");
}

TEST_P(Errors, ReadsAndWritesOnTheWrongKindOfDescriptor) {
  char byte = 0;
  const UniqueFd reading{::open(mnt("file").c_str(), O_RDONLY)};
  EXPECT_EQ(error_of(::write(reading.get(), "x", 1)), EBADF);
  const UniqueFd writing{::open(mnt("file").c_str(), O_WRONLY)};
  EXPECT_EQ(error_of(::read(writing.get(), &byte, 1)), EBADF);
  EXPECT_EQ(::pread(reading.get(), &byte, 1, 100), 0);  // behind the end: no error, no byte
}

TEST_P(Errors, AFileThatIsRemovedWhileItIsOpenCanBeReadAndWrittenUntilItIsClosed) {
  const UniqueFd file{::open(mnt("file").c_str(), O_RDWR)};
  ASSERT_TRUE(file);
  char bytes[8];
  ASSERT_EQ(::pread(file.get(), bytes, sizeof bytes, 0), 5);
  ASSERT_EQ(::unlink(mnt("file").c_str()), 0);
  struct ::stat found {};
  EXPECT_EQ(::fstat(file.get(), &found), 0);
  EXPECT_EQ(found.st_size, 5);
  EXPECT_EQ(::pread(file.get(), bytes, sizeof bytes, 0), 5);
  EXPECT_FALSE(fs::exists(root("file")));
}

TEST_P(Errors, ReadOnlyMount) {
  if (local_mode()) GTEST_SKIP() << "the bind mount is writable";
  mount("ro");
  EXPECT_EQ(open_error("new", O_WRONLY | O_CREAT), EROFS);
  EXPECT_EQ(open_error("file", O_WRONLY), EROFS);
  EXPECT_EQ(error_of(::mkdir(mnt("new").c_str(), 0755)), EROFS);
  EXPECT_EQ(error_of(::unlink(mnt("file").c_str())), EROFS);
  EXPECT_EQ(error_of(::rmdir(mnt("empty").c_str())), EROFS);
  EXPECT_EQ(rename_error("file", "other"), EROFS);
  EXPECT_EQ(error_of(::chmod(mnt("file").c_str(), 0600)), EROFS);
  EXPECT_EQ(error_of(::truncate(mnt("file").c_str(), 0)), EROFS);
  EXPECT_EQ(sh("cat file; ls"), "12345dir\nempty\nfile\n");
}

// The server's account may not write there; close() must not say otherwise.
TEST_P(Errors, PermissionOfTheServerIsReported) {
  if (local_mode()) GTEST_SKIP() << "root may do everything locally";
  expect_complaints();
  fs::create_directory(root("locked"));  // root's, 0755
  write_file(root("locked/file"), "kept");
  EXPECT_EQ(error_of(::mkdir(mnt("locked/new").c_str(), 0755)), EACCES);
  EXPECT_EQ(error_of(::unlink(mnt("locked/file").c_str())), EACCES);
  EXPECT_NE(try_sh("cp $ROOT/file locked/new").status, 0);
  EXPECT_NE(try_sh("cp $ROOT/file locked/file").status, 0);
  EXPECT_EQ(read_file(root("locked/file")), "kept");
}

FTPFS_ON_ALL_SERVERS(Errors);

}  // namespace
}  // namespace ftpfs::test
