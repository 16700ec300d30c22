// SPDX-License-Identifier: MIT
// Symbolic links, and where they may lead.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

class SymlinkTest : public VfsTest {
 protected:
  SymlinkTest() {
    tree().put_directory("/a/b");
    remote_.set_capabilities({.cheap_stat = true, .make_symlink = true});
  }
  int read_error(std::string_view path) {
    return errno_of([&] { run(io_, fs().readlink(client().ino(path), {})); });
  }
  int error_of_target(std::string target) {
    tree().put_symlink("/a/b/link", std::move(target));
    fs().drop_caches();
    return read_error("/a/b/link");
  }
  int make(std::string_view name, std::string target) {
    return errno_of([&] {
      const vfs::Looked made =
          run(io_, fs().symlink(vfs::root_ino, std::string(name), std::move(target), {}));
      fs().forget(made.ino, 1);
    });
  }
};

TEST_F(SymlinkTest, ContainedTargetsAreHandedOut) {
  for (const char* target : {"file", "c/d", "./file", "..", "../..", "../../x/y", "c//d/"})
    EXPECT_EQ(error_of_target(target), 0) << target;
}

TEST_F(SymlinkTest, OthersAreNot) {
  for (const char* target : {"/etc/passwd", "../../..", "../../../etc", "c/../d", "./../../../x", "c/.."})
    EXPECT_EQ(error_of_target(target), EPERM) << target;
}

TEST_F(SymlinkTest, NotContainedAnythingGoes) {
  config_.contain_symlinks = false;
  for (const char* target : {"/etc/passwd", "../../../etc"}) EXPECT_EQ(error_of_target(target), 0) << target;
}

TEST_F(SymlinkTest, AreMadeAndShownAtOnce) {
  client().names("/");
  EXPECT_EQ(make("link", "a/b"), 0);
  const struct ::stat stat = client().stat("/link");
  EXPECT_TRUE(S_ISLNK(stat.st_mode));
  EXPECT_EQ(stat.st_size, 3);
  EXPECT_EQ(run(io_, fs().readlink(client().ino("/link"), {})), "a/b");
  EXPECT_EQ(make("link", "a"), EEXIST);
  EXPECT_EQ(make("li\nnk", "a"), EINVAL);
  EXPECT_EQ(make(std::string(256, 'x'), "a"), ENAMETOOLONG);
}

TEST_F(SymlinkTest, AreRefusedWhereTheServerHasNone) {
  remote_.set_capabilities({.cheap_stat = true});
  EXPECT_EQ(make("link", "a"), EPERM);
  EXPECT_EQ(remote_.calls(Op::make_symlink), 0u);
}

TEST_F(SymlinkTest, HaveTimesOfTheirOwnAndNoMode) {
  tree().put_file("/file", "x");
  EXPECT_EQ(make("link", "file"), 0);
  vfs::Changes changes;
  changes.mtime = 1'600'000'000;
  client().setattr("/link", changes);
  EXPECT_EQ(client().stat("/link").st_mtime, 1'600'000'000);
  EXPECT_EQ(remote_.calls(Op::set_mtime), 0u) << "the server would set that of the file";
  vfs::Changes mode;
  mode.mode = 0600;
  EXPECT_EQ(errno_of([&] { client().setattr("/link", mode); }), EOPNOTSUPP);
}

}  // namespace
}  // namespace ftpfs::test
