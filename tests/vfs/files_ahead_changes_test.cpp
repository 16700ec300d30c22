// SPDX-License-Identifier: MIT
// Small files that are fetched ahead while they are changed here.
#include "vfs/files_ahead_fixture.hpp"

namespace ftpfs::test {
namespace {

// Before and while they are fetched.
class ChangedMeanwhile : public FilesAheadTest, public testing::WithParamInterface<bool> {
 protected:
  // Runs `change` while /02 is on its way (its old content has been looked at), or after it has come.
  template <class Change>
  void change_meanwhile(Change change) {
    put_files(5);
    client().names("/");
    cat("/00");
    client().ino("/02");         // so that the inode lives on whatever becomes of what was fetched
    advance(milliseconds(100));  // so that what is fetched now is newer than the listing
    const bool on_its_way = GetParam();
    if (on_its_way) remote_.on(Op::fetch_whole).hold(When::after_effect);
    cat("/01");
    EXPECT_THAT(fetched(), Contains("/02"));
    change();
    remote_.on(Op::fetch_whole).release();
    settle(io_);
    advance(milliseconds(10));
  }
};
INSTANTIATE_TEST_SUITE_P(, ChangedMeanwhile, testing::Bool(),
                         [](const auto& test) { return test.param ? "OnItsWay" : "Here"; });

TEST_P(ChangedMeanwhile, AWriteShows) {
  const std::string mine = pattern(small, 77);  // as long as the old one, within the same second
  change_meanwhile([&] { client().write_file("/02", mine); });
  EXPECT_EQ(cat("/02"), mine);
  EXPECT_EQ(tree().content("/02"), mine);
}

TEST_P(ChangedMeanwhile, AWriteIntoTheMiddleShows) {
  change_meanwhile([&] {
    const Handle handle = client().open("/02", O_RDWR);
    client().write(handle, 10, "mine");
    client().close(handle);
  });
  std::string expected = text(2);
  expected.replace(10, 4, "mine");
  EXPECT_EQ(cat("/02"), expected);
  EXPECT_EQ(tree().content("/02"), expected);
}

TEST_P(ChangedMeanwhile, ATruncationShows) {
  change_meanwhile([&] { client().truncate("/02", 5); });
  EXPECT_EQ(cat("/02"), text(2).substr(0, 5));
}

TEST_P(ChangedMeanwhile, ATimeThatIsSetStays) {
  change_meanwhile([&] {
    vfs::Changes changes;
    changes.mtime = 1'234'567'890;
    client().setattr("/02", changes);
  });
  EXPECT_EQ(client().stat("/02").st_mtim.tv_sec, 1'234'567'890);
}

TEST_P(ChangedMeanwhile, AFileThatTakesItsNameShows) {
  change_meanwhile([&] {
    client().write_file("/zz", "another");
    client().rename("/zz", "/02");
  });
  EXPECT_EQ(cat("/02"), "another");
}

TEST_P(ChangedMeanwhile, UnderAnotherNameItIsTheSameFile) {
  change_meanwhile([&] {
    client().rename("/02", "/renamed");
    client().write_file("/02", "another");
  });
  EXPECT_EQ(cat("/renamed"), text(2));
  EXPECT_EQ(cat("/02"), "another");
}

TEST_P(ChangedMeanwhile, ARemovedFileStaysRemoved) {
  change_meanwhile([&] { client().unlink("/02"); });
  EXPECT_FALSE(client().exists("/02"));
  client().write_file("/02", "new");
  EXPECT_EQ(cat("/02"), "new");
}

TEST_P(ChangedMeanwhile, WhatWasDroppedCountsAsWasted) {
  change_meanwhile([&] { client().unlink("/02"); });
  EXPECT_EQ(counts().wasted, 1u);
}

TEST_P(ChangedMeanwhile, ADirectoryThatMovesTakesItsFilesAlong) {
  put_files(5, "/d/");
  client().names("/d");
  client().ino("/d/02");  // so that the inode lives on whatever becomes of what was fetched
  advance(milliseconds(100));
  cat("/d/00");
  if (GetParam()) remote_.on(Op::fetch_whole).hold();  // it is looked for when another has its name
  cat("/d/01");
  client().rename("/d", "/e");
  client().mkdir("/d");
  client().write_file("/d/02", "another");
  remote_.on(Op::fetch_whole).release();
  settle(io_);
  EXPECT_EQ(cat("/e/02"), text(2));
  EXPECT_EQ(cat("/d/02"), "another");
}

TEST_P(ChangedMeanwhile, DroppedCachesAreAskedForAnew) {
  put_files(5);
  client().names("/");
  cat("/00");
  if (GetParam()) remote_.on(Op::fetch_whole).hold(When::after_effect);
  cat("/01");
  tree().find(Path("/02"))->content = text(9);  // as long, of the same time: nothing else can tell
  fs().drop_caches();
  remote_.on(Op::fetch_whole).release();
  settle(io_);
  EXPECT_EQ(cat("/02"), text(9));
}

TEST_F(FilesAheadTest, AFileThatIsOpenIsLeftAlone) {
  put_files(5);
  client().names("/");
  const Handle reading = client().open("/02");
  const Handle writing = client().open("/03", O_WRONLY);
  // Another version, of which the kernel has no pages.
  advance(config_.listing_ttl + seconds(1));
  tree().put_file("/02", "newer");
  client().names("/");
  EXPECT_EQ(client().stat("/02").st_size, 5);
  cat("/00");
  cat("/01");
  EXPECT_THAT(fetched(), ElementsAre("/04"));
  client().close(reading);
  client().close(writing);
}

}  // namespace
}  // namespace ftpfs::test
