// SPDX-License-Identifier: MIT
// What the mount remembers by itself: change times, times of directories, link counts, first modes.
#include <sys/stat.h>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;
using vfs::Changes;

class StatusTest : public VfsTest {
 protected:
  StatusTest() {
    tree().put_file("/file", "content");
    tree().put_file("/dir/file", "content");
    tree().put_directory("/dir/sub");
  }
  std::int64_t now() { return tree().now(); }
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
  vfs::Ino create(std::string_view name, mode_t mode) {
    const vfs::Created made = run(io_, fs().create(vfs::root_ino, std::string(name), mode, O_WRONLY, {}));
    client().close(made.opened.handle);
    return made.looked.ino;
  }
  vfs::Ino make_directory(std::string_view name, mode_t mode) {
    return run(io_, fs().mkdir(vfs::root_ino, std::string(name), mode, {})).ino;
  }
};

TEST_F(StatusTest, TheChangeTimeOfAnUntouchedFileIsItsModification) {
  tree().find(Path("/file"))->mtime = 1'600'000'000;
  EXPECT_EQ(client().stat("/file").st_ctime, 1'600'000'000);
}

TEST_F(StatusTest, EveryChangeMovesTheChangeTime) {
  advance(seconds(10));
  client().setattr("/file", mode(0600));
  EXPECT_EQ(client().stat("/file").st_ctime, now());
  advance(seconds(10));
  client().setattr("/file", mtime(1'600'000'000));
  EXPECT_EQ(client().stat("/file").st_ctime, now());
  EXPECT_EQ(client().stat("/file").st_mtime, 1'600'000'000);
  advance(seconds(10));
  client().truncate("/file", 3);
  EXPECT_EQ(client().stat("/file").st_ctime, now());
  advance(seconds(10));
  client().rename("/file", "/other");
  EXPECT_EQ(client().stat("/other").st_ctime, now());
  const std::int64_t last = now();
  advance(config_.listing_ttl);
  EXPECT_EQ(client().stat("/other").st_ctime, last) << "a fresh listing does not undo it";
}

TEST_F(StatusTest, ARefusedChangeDoesNot) {
  config_.perms = vfs::PermsMode::strict;
  const std::int64_t before = client().stat("/file").st_ctime;
  advance(seconds(10));
  remote_.on(Op::set_mode).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().setattr("/file", mode(0600)); }), EACCES);
  EXPECT_EQ(client().stat("/file").st_ctime, before);
}

TEST_F(StatusTest, SomebodyElsesChangeMovesARememberedChangeTime) {
  client().setattr("/file", mode(0600));
  advance(seconds(100));
  tree().put_file("/file", "longer content");
  advance(config_.listing_ttl);
  EXPECT_EQ(client().stat("/file").st_size, 14);
  EXPECT_EQ(client().stat("/file").st_ctime, now()) << "backups go by it";
}

TEST_F(StatusTest, EntriesThatComeAndGoMoveTheirDirectory) {
  client().names("/");
  const auto moves = [&](auto change) {
    advance(seconds(2));
    change();
    const struct ::stat stat = client().stat("/dir");
    return stat.st_mtime == now() && stat.st_ctime == now();
  };
  EXPECT_TRUE(moves([&] { client().mkdir("/dir/new"); }));
  EXPECT_TRUE(moves([&] { client().rmdir("/dir/new"); }));
  EXPECT_TRUE(moves([&] { client().unlink("/dir/file"); }));
  EXPECT_TRUE(moves([&] { client().write_file("/dir/young", "x"); }));
  EXPECT_TRUE(moves([&] { client().rename("/dir/young", "/dir/old"); }));
  EXPECT_TRUE(moves([&] { client().rename("/dir/old", "/old"); }));
  EXPECT_FALSE(moves([&] { client().write_file("/file", "y"); }));
}

TEST_F(StatusTest, ATimeSetOnADirectoryIsRememberedWhereTheServerCannot) {
  remote_.on(Op::set_mtime).fail_next(Error(EPERM, "550 not a plain file"));
  client().setattr("/dir", mtime(1'600'000'000));
  EXPECT_EQ(client().stat("/dir").st_mtime, 1'600'000'000);
  advance(config_.listing_ttl);
  EXPECT_EQ(client().stat("/dir").st_mtime, 1'600'000'000);
  client().mkdir("/dir/new");
  EXPECT_EQ(client().stat("/dir").st_mtime, now()) << "until it changes";
}

TEST_F(StatusTest, LinksOfADirectoryAreCountedWhereItsListingIsKnown) {
  EXPECT_EQ(client().stat("/dir").st_nlink, 1u) << "1 tells find not to count";
  client().names("/dir");
  EXPECT_EQ(client().stat("/dir").st_nlink, 3u);
  client().mkdir("/dir/more");
  EXPECT_EQ(client().stat("/dir").st_nlink, 4u);
  client().rmdir("/dir/sub");
  EXPECT_EQ(client().stat("/dir").st_nlink, 3u);
  EXPECT_EQ(client().stat("/dir/more").st_nlink, 2u);
}

TEST_F(StatusTest, ANewDirectoryIsKnownToBeEmpty) {
  client().mkdir("/new");
  EXPECT_FALSE(client().exists("/new/file"));
  EXPECT_EQ(remote_.calls(Op::list), 0u);
  tree().put_file("/new/foreign", "x");
  advance(config_.listing_ttl);
  EXPECT_TRUE(client().exists("/new/foreign"));
}

TEST_F(StatusTest, ModesAtCreationAreAskedForWhereTheServerGivesOthers) {
  remote_.set_capabilities({.cheap_stat = true, .tells_mode = true});
  EXPECT_EQ(client().getattr(create("plain", 0644)).st_mode & 07777, 0644u);
  EXPECT_EQ(remote_.calls(Op::set_mode), 0u) << "that is what it gave";
  EXPECT_EQ(client().getattr(create("none", 0)).st_mode & 07777, 0u);
  EXPECT_EQ(tree().find(Path("/none"))->mode, 0);
  EXPECT_EQ(client().getattr(make_directory("first", 0751)).st_mode & 07777, 0751u);
  EXPECT_EQ(tree().find(Path("/first"))->mode, 0751);
  const std::size_t asked = remote_.calls(Op::stat);
  EXPECT_EQ(client().getattr(make_directory("second", 0700)).st_mode & 07777, 0700u);
  EXPECT_EQ(tree().find(Path("/second"))->mode, 0700);
  EXPECT_EQ(remote_.calls(Op::stat), asked) << "the first one told";
}

TEST_F(StatusTest, ARightThatTheServerKeepsIsNotShown) {
  remote_.keep_rights(0400);
  client().setattr("/file", mode(0111));
  EXPECT_EQ(client().stat("/file").st_mode & 07777, 0111u);
  EXPECT_EQ(tree().find(Path("/file"))->mode, 0511);
  advance(config_.listing_ttl);
  EXPECT_EQ(client().stat("/file").st_mode & 07777, 0111u);
  tree().find(Path("/file"))->mode = 0640;
  advance(config_.listing_ttl);
  EXPECT_EQ(client().stat("/file").st_mode & 07777, 0640u) << "somebody else has set it";
}

TEST_F(StatusTest, NoFileBecomesLongerThanItCouldBeSent) {
  EXPECT_EQ(errno_of([&] { client().truncate("/file", std::uint64_t{1} << 50); }), EFBIG);
  const vfs::Handle handle = client().open("/file", O_WRONLY);
  EXPECT_EQ(errno_of([&] { client().write(handle, std::uint64_t{1} << 50, "x"); }), EFBIG);
  EXPECT_EQ(errno_of([&] { run(io_, fs().allocate(handle, std::uint64_t{1} << 50, {})); }), EFBIG);
  run(io_, fs().allocate(handle, 10, {}));
  run(io_, fs().allocate(handle, 5, {}));
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), std::string("content\0\0\0", 10));
}

}  // namespace
}  // namespace ftpfs::test
