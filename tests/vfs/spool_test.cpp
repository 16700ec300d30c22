// SPDX-License-Identifier: MIT
// The folders that several mounts of one source share out among them.
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <ftpfs/vfs/spool.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;
using vfs::Spool;
using vfs::SpoolFolder;

class SpoolTest : public VfsTest {
 protected:
  std::string folder(const std::string& suffix = "") const { return config_.spool_directory + suffix; }
  void leave_something(const Spool& spool) {
    const UniqueFd file = spool.own().create();
    spool.own().write_record(7, 1, "text");
    spool.own().name_stage(7, file.get());
  }
};

TEST_F(SpoolTest, IsOursAloneWhileItIsOpen) {
  const Spool first(folder());
  EXPECT_EQ(first.own().path(), folder());
  EXPECT_EQ(fs::status(folder()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(SpoolFolder::open(folder()), nullptr);
  const Spool second(folder());
  const Spool third(folder());
  EXPECT_EQ(second.own().path(), folder(".2"));
  EXPECT_EQ(third.own().path(), folder(".3"));
  EXPECT_THAT(third.all(), SizeIs(1));
}

TEST_F(SpoolTest, GoesWhenItIsEmpty) {
  { const Spool spool(folder()); }
  EXPECT_FALSE(fs::exists(folder()));
  {
    const Spool spool(folder());
    leave_something(spool);
  }
  EXPECT_TRUE(fs::exists(folder()));
}

// F30. A program that creates a file must not hear that it is the file which does not exist.
TEST_F(SpoolTest, AFolderThatIsRemovedIsAnErrorOfItsOwn) {
  const Spool spool(folder());
  fs::remove_all(folder());
  EXPECT_EQ(errno_of([&] { spool.own().create(); }), EIO);
}

TEST_F(SpoolTest, WhatNobodyHasIsTakenOver) {
  {
    const Spool first(folder());
    const Spool second(folder());
    const Spool third(folder());
    leave_something(second);
    leave_something(third);
  }
  EXPECT_FALSE(fs::exists(folder()));
  const Spool next(folder());
  EXPECT_EQ(next.own().path(), folder());
  ASSERT_THAT(next.all(), SizeIs(3));
  EXPECT_EQ(next.all()[2]->path(), folder(".3"));
  const Spool later(folder());
  EXPECT_EQ(later.own().path(), folder(".4"));
  EXPECT_THAT(later.all(), SizeIs(1));
}

TEST_F(SpoolTest, IsNoSymbolicLinkAndClosedToOthers) {
  fs::create_directory(folder("-elsewhere"));
  fs::create_directory_symlink(folder("-elsewhere"), folder());
  EXPECT_EQ(errno_of([&] { Spool spool(folder()); }), ENOTDIR);
  fs::remove(folder());
  fs::create_directory(folder());
  fs::permissions(folder(), fs::perms::owner_all | fs::perms::group_read);
  EXPECT_EQ(errno_of([&] { Spool spool(folder()); }), EPERM);
}

TEST_F(SpoolTest, NothingIsFollowedOutOfTheFolder) {
  const Spool spool(folder());
  std::ofstream(folder("-secret")) << "secret";
  fs::create_symlink(folder("-secret"), folder() + "/.stage-0000000000000001");
  fs::create_symlink(folder("-secret"), folder() + "/.record-0000000000000001-00000001");
  EXPECT_FALSE(spool.own().open_stage(1));
  EXPECT_EQ(spool.own().read_record(1, 1), std::nullopt);
  fs::remove(folder() + "/.stage-0000000000000001");
  fs::create_directory(folder() + "/.stage-0000000000000001");
  EXPECT_FALSE(spool.own().open_stage(1));
}

TEST_F(SpoolTest, EntriesAreToldTheOldestFirstWithTheirNewestRecordFirst) {
  const Spool spool(folder());
  const UniqueFd file = spool.own().create();
  for (const auto& [id, generation] : {std::pair{9, 1}, {2, 1}, {2, 3}, {2, 2}})
    spool.own().write_record(static_cast<SpoolFolder::Id>(id),
                             static_cast<SpoolFolder::Generation>(generation), "x");
  spool.own().name_stage(9, file.get());
  std::ofstream(folder() + "/.stage-zz");
  std::ofstream(folder() + "/.record-0000000000000001");
  const auto entries = spool.own().entries();
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].id, 2u);
  EXPECT_FALSE(entries[0].has_stage);
  EXPECT_THAT(entries[0].records, testing::ElementsAre(3u, 2u, 1u));
  EXPECT_EQ(entries[1].id, 9u);
  EXPECT_TRUE(entries[1].has_stage);
  EXPECT_EQ(errno_of([&] { spool.own().write_record(9, 1, "again"); }), EEXIST);
}

TEST_F(SpoolTest, NewEntriesNeverMeetOldOnes) {
  {
    const Spool spool(folder());
    leave_something(spool);
  }
  const Spool spool(folder());
  EXPECT_EQ(spool.own().new_id(), 8u);
}

}  // namespace
}  // namespace ftpfs::test
