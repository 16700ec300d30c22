// SPDX-License-Identifier: MIT
// What stat shows and what chmod, chown, utimens and access do.
#include <sys/stat.h>
#include <unistd.h>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;
using vfs::Changes;

class AttributesTest : public VfsTest {
 protected:
  AttributesTest() {
    tree().put_file("/file", std::string(1000, 'x'));
    tree().put_directory("/dir");
    tree().put_symlink("/link", "some/where");
  }
  mode_t permissions(std::string_view path) { return client().stat(path).st_mode & 07777; }
  static Changes mode(std::uint16_t value) {
    Changes changes;
    changes.mode = value;
    return changes;
  }
  static Changes mtime(std::int64_t value) {
    Changes changes;
    changes.mtime = value;
    return changes;
  }
};

TEST_F(AttributesTest, StatShowsWhatTheServerTold) {
  tree().find(Path("/file"))->mode = 0640;
  tree().find(Path("/file"))->mtime = 1'600'000'000;
  const struct ::stat stat = client().stat("/file");
  EXPECT_TRUE(S_ISREG(stat.st_mode));
  EXPECT_EQ(stat.st_mode & 07777, 0640u);
  EXPECT_EQ(stat.st_size, 1000);
  EXPECT_EQ(stat.st_blocks, 2) << "in units of 512, or du shows nothing";
  EXPECT_EQ(stat.st_mtime, 1'600'000'000);
  EXPECT_EQ(stat.st_nlink, 1u);
  EXPECT_EQ(stat.st_uid, config_.uid);
  EXPECT_EQ(stat.st_gid, config_.gid);
}

TEST_F(AttributesTest, OwnerIsWhoTheMountSays) {
  config_.uid = 12345;
  config_.gid = 54321;
  EXPECT_EQ(client().stat("/dir").st_uid, 12345u);
  EXPECT_EQ(client().stat("/dir").st_gid, 54321u);
  EXPECT_EQ(client().stat("/").st_uid, 12345u);
}

TEST_F(AttributesTest, ModesTheServerDoesNotTellComeFromTheMount) {
  remote_.set_tells_mode(false);
  config_.file_mode = 0604;
  config_.directory_mode = 0705;
  EXPECT_EQ(permissions("/file"), 0604u);
  EXPECT_EQ(permissions("/dir"), 0705u);
  EXPECT_EQ(permissions("/"), 0705u);
}

TEST_F(AttributesTest, MasksTakeBitsAwayWhoeverSetThem) {
  tree().find(Path("/file"))->mode = 0666;
  tree().find(Path("/dir"))->mode = 0777;
  config_.file_mask = 0022;
  config_.directory_mask = 0007;
  EXPECT_EQ(permissions("/file"), 0644u);
  EXPECT_EQ(permissions("/dir"), 0770u);
}

TEST_F(AttributesTest, ASymlinkTellsItsTarget) {
  const struct ::stat stat = client().stat("/link");
  EXPECT_TRUE(S_ISLNK(stat.st_mode));
  EXPECT_EQ(stat.st_size, 10);
  EXPECT_EQ(test::run(io_, fs().readlink(client().ino("/link"), {})), "some/where");
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().readlink(client().ino("/file"), {})); }), EINVAL);
}

TEST_F(AttributesTest, ChmodReachesTheServerAndShowsAtOnce) {
  client().names("/");
  client().setattr("/file", mode(0600));
  EXPECT_EQ(tree().find(Path("/file"))->mode, 0600);
  const std::size_t calls = remote_.calls();
  EXPECT_EQ(permissions("/file"), 0600u);
  EXPECT_EQ(remote_.calls(), calls);
  EXPECT_EQ(remote_.calls(Op::set_mode), 1u);
}

TEST_F(AttributesTest, UtimensReachesTheServerAndShowsAtOnce) {
  client().names("/");
  client().setattr("/file", mtime(1'234'567'890));
  EXPECT_EQ(tree().find(Path("/file"))->mtime, 1'234'567'890);
  const std::size_t calls = remote_.calls();
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'890);
  EXPECT_EQ(remote_.calls(), calls);
}

TEST_F(AttributesTest, AnExactTimeOutlivesListingsInMinutes) {
  remote_.set_list_precision(Precision::minute);
  client().names("/");
  client().setattr("/file", mtime(1'234'567'899));
  advance(config_.listing_ttl);
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'899) << "or rsync copies every file again";
}

// Found by PosixAttributes on a busy machine: the kernel showed our own time for a second after the close.
TEST_F(AttributesTest, ATimeThatIsOurGuessIsNothingToKeep) {
  const vfs::Handle handle = client().create("/new");
  const vfs::Ino ino = client().ino("/new");
  EXPECT_EQ(run(io_, fs().getattr(ino, {})).ttl, std::chrono::milliseconds(0));
  client().close(handle);
  EXPECT_EQ(run(io_, fs().getattr(ino, {})).ttl, config_.kernel_ttl);
}

TEST_F(AttributesTest, AccessTimesAreRememberedHere) {
  Changes changes;
  changes.atime = 1'111'111'111;
  client().setattr("/file", changes);
  EXPECT_EQ(client().stat("/file").st_atime, 1'111'111'111);
  EXPECT_EQ(remote_.calls(Op::set_mtime), 0u);
}

TEST_F(AttributesTest, WhatTheServerCannotDoIsIgnoredAndTheTruthShown) {
  remote_.set_capabilities({.cheap_stat = true, .set_mtime = false, .set_mode = false});
  const auto before = client().stat("/file");
  client().setattr("/file", mode(0600));
  client().setattr("/file", mtime(1));
  Changes owner;
  owner.uid = config_.uid + 1;
  owner.gid = config_.gid + 1;
  client().setattr("/file", owner);
  fs().drop_caches();
  const auto after = client().stat("/file");
  EXPECT_EQ(after.st_mode, before.st_mode);
  EXPECT_EQ(after.st_mtime, before.st_mtime);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(AttributesTest, AskedToBeStrictItIsRefused) {
  config_.perms = vfs::PermsMode::strict;
  remote_.set_capabilities({.cheap_stat = true, .set_mtime = false, .set_mode = false});
  EXPECT_THAT(errno_of([&] { client().setattr("/file", mode(0600)); }), AnyOf(EOPNOTSUPP, EPERM));
  EXPECT_THAT(errno_of([&] { client().setattr("/file", mtime(1)); }), AnyOf(EOPNOTSUPP, EPERM));
  Changes owner;
  owner.uid = config_.uid + 1;
  EXPECT_EQ(errno_of([&] { client().setattr("/file", owner); }), EPERM);
  owner.uid = config_.uid;
  owner.gid = config_.gid;
  client().setattr("/file", owner);
}

TEST_F(AttributesTest, ServersThatLearnLateThatTheyCannotAreHandledAlike) {
  remote_.on(Op::set_mode).fail_next(Error(EOPNOTSUPP, "502"));
  client().setattr("/file", mode(0600));
  EXPECT_EQ(permissions("/file"), 0644u);
}

TEST_F(AttributesTest, ARealRefusalIsReported) {
  config_.perms = vfs::PermsMode::strict;
  remote_.on(Op::set_mode).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().setattr("/file", mode(0600)); }), EACCES);
  EXPECT_EQ(permissions("/file"), 0644u);
}

TEST_F(AttributesTest, TimesOfAFileBeingWrittenAreSetAfterItsUpload) {
  const vfs::Handle handle = client().create("/new");
  client().write(handle, 0, "content");
  client().setattr("/new", mtime(1'234'567'890));
  EXPECT_EQ(client().stat("/new").st_mtime, 1'234'567'890);
  advance(std::chrono::seconds(10));
  client().close(handle);
  EXPECT_EQ(tree().find(Path("/new"))->mtime, 1'234'567'890);
  EXPECT_EQ(client().stat("/new").st_mtime, 1'234'567'890);
}

TEST_F(AttributesTest, ModesOfAFileBeingWrittenAreSetAfterItsUpload) {
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "content");
  client().setattr("/file", mode(0600));
  EXPECT_EQ(permissions("/file"), 0600u);
  client().close(handle);
  EXPECT_EQ(tree().find(Path("/file"))->mode, 0600);
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_EQ(permissions("/file"), 0600u);
}

// An older wish that could not be fulfilled yet does not come after a newer one.
TEST_F(AttributesTest, TheLastOfSeveralModesStays) {
  tree().put_file("/file", "old");
  const vfs::Handle handle = client().open("/file", O_WRONLY);
  client().write(handle, 0, "content");
  vfs::Changes readable;
  readable.mode = 0640;
  vfs::Changes secret;
  secret.mode = 0600;
  client().setattr("/file", readable);
  remote_.on(Op::set_mode).fail_next(ConnectionLost(EIO, "gone"));
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EIO);
  client().setattr("/file", secret);
  for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  EXPECT_EQ(permissions("/file"), 0600u);
  EXPECT_EQ(tree().find(Path("/file"))->mode, 0600);
}

TEST_F(AttributesTest, ASizeThatIsNotSavedYetIsNoSuccessTheSecondTimeEither) {
  tree().put_file("/file", "content");
  remote_.on(Op::commit).fail_next(ConnectionLost(EIO, "gone"), 100);
  EXPECT_EQ(errno_of([&] { client().truncate("/file", 3); }), EIO);
  EXPECT_EQ(errno_of([&] { client().truncate("/file", 3); }), EIO);
  remote_.recover();
  client().truncate("/file", 3);
  EXPECT_EQ(tree().content("/file"), "con");
}

TEST_F(AttributesTest, AWriteAfterUtimensMakesTheTimeNowAgain) {
  const vfs::Handle handle = client().create("/new");
  client().setattr("/new", mtime(1'234'567'890));
  client().write(handle, 0, "content");
  client().close(handle);
  EXPECT_EQ(tree().find(Path("/new"))->mtime, tree().now());
}

// vsftpd and pyftpdlib set the times of files only; and theirs of a directory moves with every temporary
// name.
TEST_F(AttributesTest, TheTimeSetOnADirectoryStaysWhateverTheServerMakesOfItsOwn) {
  tree().put_file("/top/dir/file", "content");
  remote_.on(Op::set_mtime).fail_next(Error(EACCES, "550 could not set the time"));
  client().setattr("/top/dir", mtime(1'234'567'890));
  EXPECT_EQ(client().stat("/top/dir").st_mtime, 1'234'567'890);
  tree().find(Path("/top/dir"))->mtime += 1'000'000;
  advance(config_.listing_ttl + std::chrono::seconds(1));
  EXPECT_EQ(client().stat("/top/dir").st_mtime, 1'234'567'890);
  client().write_file("/top/dir/new", "content");
  EXPECT_NE(client().stat("/top/dir").st_mtime, 1'234'567'890);
}

TEST_F(AttributesTest, ReadOnlyMountsRefuseEveryChange) {
  config_.read_only = true;
  EXPECT_EQ(client().read_file("/file").size(), 1000u);
  EXPECT_EQ(errno_of([&] { client().mkdir("/new"); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().create("/new"); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().unlink("/file"); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir"); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().rename("/file", "/new"); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().truncate("/file", 0); }), EROFS);
  EXPECT_EQ(errno_of([&] { client().setattr("/file", mode(0600)); }), EROFS);
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY | O_TRUNC}) {
    EXPECT_EQ(errno_of([&] { client().open("/file", flags); }), EROFS);
  }
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/file"), W_OK); }), EROFS);
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/file"), R_OK); }), 0);
  EXPECT_EQ(tree().content("/file")->size(), 1000u);
}

TEST_F(AttributesTest, AccessGoesByTheModeBits) {
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/file"), R_OK | W_OK); }), 0);
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/file"), X_OK); }), EACCES);
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/dir"), R_OK | X_OK); }), 0);
  EXPECT_EQ(errno_of([&] { fs().access(client().ino("/file"), F_OK); }), 0);
}

TEST_F(AttributesTest, TheRootIsADirectoryEvenBeforeTheFirstListing) {
  const struct ::stat stat = client().getattr(vfs::root_ino);
  EXPECT_TRUE(S_ISDIR(stat.st_mode));
  EXPECT_EQ(stat.st_ino, vfs::root_ino);
}

}  // namespace
}  // namespace ftpfs::test
