// SPDX-License-Identifier: MIT
// Symbolic links that lie on the server, and those made through the mount where the server has SITE SYMLINK.
#include <array>

#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class PosixSymlink : public MountTest {
 protected:
  // file, dir/inside, and links to all kinds of places.
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    // pyftpdlib's MLSD follows links and drops those that lead nowhere: what it shows are no links.
    if (is(ServerKind::pyftpdlib)) GTEST_SKIP() << "pyftpdlib shows no symbolic links";
    ServerOptions options;
    if (is(ServerKind::proftpd)) options.config = {"LoadModule mod_site_misc.c"};
    start_server(options);
    fs::create_directories(root("dir"));
    server().put("file", "content");
    server().put("dir/inside", "deep");
    fs::create_symlink("file", root("plain"));
    fs::create_symlink("../file", root("dir/up"));
    fs::create_symlink("dir", root("to_dir"));
    fs::create_symlink("../../etc", root("dir/out"));
    fs::create_symlink("dir/../../etc", root("behind"));
    server().adopt();
  }
  std::string target(const std::string& name) {
    std::array<char, 4096> text{};
    const ssize_t size = ::readlink(mnt(name).c_str(), text.data(), text.size());
    return size < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(size));
  }
  int follow_error(const std::string& name) {
    struct ::stat found {};
    return error_of(::stat(mnt(name).c_str(), &found));
  }
  int link_error(const std::string& to, const std::string& name) {
    return error_of(::symlink(to.c_str(), mnt(name).c_str()));
  }
};

TEST_P(PosixSymlink, LinksOfTheServerAreLinks) {
  sh("ls -A . dir >/dev/null");  // proftpd tells by listings only
  EXPECT_EQ(read_file(mnt("plain")), "content");
  EXPECT_EQ(read_file(mnt("dir/up")), "content");
  EXPECT_EQ(read_file(mnt("to_dir/inside")), "deep");
  EXPECT_EQ(target("to_dir"), "dir");
  EXPECT_EQ(target("dir/up"), "../file");
}

TEST_P(PosixSymlink, WhatLeadsOutOfTheMountIsNotHandedOut) {
  if (local_mode()) GTEST_SKIP() << "a local file system trusts its links";
  sh("ls -A dir >/dev/null; ls -A >/dev/null");
  if (is(ServerKind::proftpd)) {  // which shows no link that leads nowhere within its own root
    EXPECT_EQ(follow_error("dir/out"), ENOENT);
    return;
  }
  EXPECT_EQ(follow_error("dir/out"), EPERM);
  EXPECT_EQ(target("dir/out"), "");
  EXPECT_EQ(follow_error("behind"), EPERM);
}

TEST_P(PosixSymlink, NotContainedTheyLeadAnywhere) {
  if (local_mode() || is(ServerKind::proftpd)) GTEST_SKIP() << "shows no such link";
  mount("no_contain_symlinks");
  sh("ls -A dir >/dev/null");
  EXPECT_EQ(target("dir/out"), "../../etc");
}

TEST_P(PosixSymlink, FollowedTheyAreWhatTheyLeadTo) {
  if (local_mode()) GTEST_SKIP() << "the local mount has no options";
  mount("follow_symlinks");
  sh("test ! -L plain && test ! -L to_dir && cat plain to_dir/inside && rm plain && test -e file");
}

TEST_P(PosixSymlink, MadeWhereTheServerCan) {
  if (!is(ServerKind::proftpd) && !local_mode()) {
    EXPECT_EQ(link_error("file", "new"), EPERM);
    return;
  }
  EXPECT_EQ(link_error("file", "new"), 0);
  EXPECT_EQ(target("new"), "file");
  EXPECT_EQ(read_file(mnt("new")), "content");
  EXPECT_TRUE(fs::is_symlink(root("new")));
  EXPECT_EQ(link_error("../file", "dir/new"), 0);
  EXPECT_EQ(read_file(mnt("dir/new")), "content");
  EXPECT_EQ(link_error("file", "new"), EEXIST);
  EXPECT_EQ(link_error("file", "none/new"), ENOENT);
  EXPECT_EQ(link_error("file", "file/new"), ENOTDIR);
  EXPECT_EQ(link_error("file", std::string(256, 'x')), ENAMETOOLONG);
  EXPECT_EQ(link_error("file", std::string(255, 'x')), 0);
  mounted().process().signal(SIGHUP);  // forget what was made here
  EXPECT_TRUE(eventually([&] { return target("dir/new") == "../file"; }));
  EXPECT_EQ(error_of(::rename(mnt("new").c_str(), mnt("moved").c_str())), 0);
  EXPECT_TRUE(fs::is_symlink(root("moved")));
  EXPECT_EQ(error_of(::unlink(mnt("moved").c_str())), 0);
  EXPECT_EQ(read_file(root("file")), "content");
  EXPECT_EQ(error_of(::rmdir(mnt("to_dir").c_str())), ENOTDIR);
  EXPECT_EQ(error_of(::unlink(mnt("to_dir").c_str())), 0);
}

TEST_P(PosixSymlink, OpenThroughLinks) {
  sh("ls -A >/dev/null");
  const auto open_error = [&](const std::string& name, int flags) {
    return error_of(UniqueFd{::open(mnt(name).c_str(), flags | O_CLOEXEC, 0644)}.get());
  };
  EXPECT_EQ(open_error("plain", O_RDONLY), 0);
  EXPECT_EQ(open_error("plain", O_RDONLY | O_NOFOLLOW), ELOOP);
  EXPECT_EQ(open_error("plain", O_CREAT | O_EXCL | O_WRONLY), EEXIST);
  EXPECT_EQ(open_error("to_dir", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), ENOTDIR);
}

TEST_P(PosixSymlink, TimesOfALinkAreItsOwn) {
  sh("ls -A >/dev/null");
  const timespec times[2] = {{1'900'000'000, 0}, {1'950'000'000, 0}};
  const auto before = fs::last_write_time(root("file"));
  EXPECT_EQ(error_of(::utimensat(AT_FDCWD, mnt("plain").c_str(), times, AT_SYMLINK_NOFOLLOW)), 0);
  struct ::stat found {};
  EXPECT_EQ(::lstat(mnt("plain").c_str(), &found), 0);
  EXPECT_EQ(found.st_atime, 1'900'000'000);
  EXPECT_EQ(found.st_mtime, 1'950'000'000);
  EXPECT_EQ(fs::last_write_time(root("file")), before);
}

FTPFS_ON_ALL_SERVERS(PosixSymlink);

}  // namespace
}  // namespace ftpfs::test
