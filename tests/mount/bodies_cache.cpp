// SPDX-License-Identifier: MIT
// cache_mode=full: what one mount has read the next one does not fetch, whatever happened to the first; what
// changed on the server shows.
#include <sys/mount.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Cache : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (!IsSkipped() && local_mode()) GTEST_SKIP() << "about the program itself";
  }
  std::string options() const { return "cache_mode=full,cache_dir=" + tmp("cache").string(); }
  // A file that was last written that many days ago.
  void put_old(const std::string& name, std::string_view content, int days = 3) {
    server().put(name, content);
    const std::string touch = "touch -d '" + std::to_string(days) + " days ago' ";
    EXPECT_EQ(shell(touch + root(name).string(), "/", {}).status, 0);
  }
  std::size_t downloads() {
    const std::string log = mounted().log();
    std::size_t count = 0;
    for (std::size_t at = log.find("> RETR "); at != log.npos; at = log.find("> RETR ", at + 1)) ++count;
    return count;
  }
  // Until nothing has to be fetched any more, also without the kernel's own pages.
  bool kept(const std::string& name) {
    return eventually([&] {
      const std::size_t before = downloads();
      sh("dd if=" + name + " iflag=nocache count=0 2>&1; cmp " + name + " $ROOT/" + name);
      return downloads() == before;
    });
  }
};

TEST_P(Cache, ALaterMountFetchesNothing) {
  put_old("big", noise(20'000'000));
  fs::create_directory(root("dir"));
  for (int i = 0; i < 30; ++i) put_old("dir/" + std::to_string(i), noise(3000, static_cast<unsigned>(i)));
  server().adopt();
  mount(options());
  sh("cmp big $ROOT/big && diff -r dir $ROOT/dir");
  EXPECT_GT(downloads(), 0u);
  remount();
  sh("ls -l dir > $TMP/listing; cmp big $ROOT/big && diff -r dir $ROOT/dir");
  EXPECT_EQ(downloads(), 0u);
  const std::string stats = sh(FTPFS_PROGRAM " stats .");
  EXPECT_NE(stats.find("caches.disk.hits"), std::string::npos) << stats;
  EXPECT_NE(sh(FTPFS_PROGRAM " status .").find("Cache "), std::string::npos);
}

TEST_P(Cache, WhatChangedOnTheServerShows) {
  put_old("file", noise(3'000'000, 1));
  mount(options());
  EXPECT_TRUE(kept("file"));
  expect_unmounted();
  EXPECT_EQ(mounted().unmount(), 0);
  put_old("file", noise(3'000'000, 2), 2);  // of the same size
  mount(options());
  sh("cmp file $ROOT/file");
  EXPECT_EQ(downloads(), 1u);
  EXPECT_TRUE(kept("file"));
  EXPECT_EQ(mounted().unmount(), 0);
}

TEST_P(Cache, OurOwnChangesShow) {
  put_old("file", noise(3'000'000, 1));
  mount(options());
  EXPECT_TRUE(kept("file"));
  sh("touch -r file $TMP/time; head -c 3000000 /dev/urandom > $TMP/new; cp $TMP/new file; "
     "touch -r $TMP/time file; cmp file $TMP/new");
  remount();
  sh("cmp file $TMP/new; cmp file $ROOT/file");
}

TEST_P(Cache, SurvivesKill9) {
  put_old("big", noise(20'000'000));
  mount(options());
  EXPECT_TRUE(kept("big"));
  kill_daemon();
  mount(options());
  sh("cmp big $ROOT/big");
  EXPECT_EQ(downloads(), 0u);
}

TEST_P(Cache, Kill9WhileItIsFilledLeavesNothingWrong) {
  put_old("big", noise(40'000'000));
  for (int round = 0; round < 5; ++round) {
    mount(options());
    Process reader = start_sh("cat big > $TMP/part" + std::to_string(round));
    const std::size_t enough = 4'000'000u * static_cast<unsigned>(round);
    const fs::path part = tmp("part" + std::to_string(round));
    EXPECT_TRUE(eventually([&] { return fs::exists(part) && fs::file_size(part) >= enough; }));
    kill_daemon();
    reader.wait();
    mount(options());
    sh("cmp big $ROOT/big");
    EXPECT_EQ(mounted().unmount(), 0);
    if (round < 4) fs::remove_all(tmp("cache"));
  }
  mount(options());
  sh("cmp big $ROOT/big");
}

TEST_P(Cache, ASecondMountWorksWithoutIt) {
  put_old("file", noise(3'000'000));
  mount(options());
  EXPECT_TRUE(kept("file"));
  {
    Mount second(server(), tmp("second"), options());
    const fs::path there = second.path() / "file";
    sh("cmp " + there.string() + " $ROOT/file; cmp file $ROOT/file");
    const auto complaints = second.complaints();
    ASSERT_EQ(complaints.size(), 1u);
    EXPECT_NE(complaints[0].find("another mount uses the cache"), std::string::npos) << complaints[0];
    EXPECT_EQ(second.unmount(), 0);
  }
  remount();
  sh("cmp file $ROOT/file");
  EXPECT_EQ(downloads(), 0u);
}

TEST_P(Cache, OfAFullDiskItMakesNoTrouble) {
  put_old("big", noise(20'000'000));
  fs::create_directory(tmp("cache"));
  ASSERT_EQ(::mount("tmpfs", tmp("cache").c_str(), "tmpfs", 0, "size=3m,mode=700"), 0);
  expect_complaints();
  mount(options() + ",cache_min_free=0");
  sh("cmp big $ROOT/big");
  EXPECT_TRUE(eventually([&] { return mounted().log().find("is given up") != std::string::npos; }));
  sh("dd if=big iflag=nocache count=0 2>&1; cmp big $ROOT/big; echo x > new; cat new");
  EXPECT_EQ(mounted().unmount(), 0);
  expect_unmounted();
  EXPECT_EQ(::umount2(tmp("cache").c_str(), MNT_DETACH), 0);
}

FTPFS_ON_ALL_SERVERS(Cache);

}  // namespace
}  // namespace ftpfs::test
