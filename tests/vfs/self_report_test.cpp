// SPDX-License-Identifier: MIT
// What the mount tells about itself: what waits, what failed, what is at hand.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using UnsavedState = vfs::Unsaved::State;

class SelfReportTest : public VfsTest {
 protected:
  // What close() could not send is still there to be told.
  void write_refused(const std::string& path, const Error& why, unsigned times) {
    remote_.on(Op::commit).fail_next(why, times);
    const vfs::Handle handle = client().create(path);
    client().write(handle, 0, "precious");
    EXPECT_EQ(errno_of([&] { client().close(handle); }), why.code());
  }
};

TEST_F(SelfReportTest, NothingWaitsWhereEverythingIsSaved) {
  client().write_file("/file", "content");
  const vfs::Status now = fs().status();
  EXPECT_THAT(now.unsaved, IsEmpty());
  EXPECT_THAT(now.refused, IsEmpty());
  EXPECT_THAT(now.kept, IsEmpty());
  EXPECT_EQ(now.uploads.begun, 1u);
  EXPECT_EQ(now.uploads.saved, 1u);
  EXPECT_EQ(now.uploads.failed, 0u);
  EXPECT_FALSE(now.read_only);
}

TEST_F(SelfReportTest, WhatIsWrittenWaitsAndTravelsIsTold) {
  config_.writeback = seconds(10);
  client().write_file("/waits", "1234");
  const vfs::Handle open = client().create("/open");
  client().write(open, 0, "12");
  ASSERT_THAT(fs().status().unsaved, SizeIs(2));
  EXPECT_EQ(fs().status().unsaved[0].path, "/open");
  EXPECT_EQ(fs().status().unsaved[0].state, UnsavedState::open);
  EXPECT_EQ(fs().status().unsaved[0].size, 2u);
  EXPECT_EQ(fs().status().unsaved[1].path, "/waits");
  EXPECT_EQ(fs().status().unsaved[1].state, UnsavedState::waiting);
  EXPECT_FALSE(fs().status().unsaved[1].fault);
  remote_.on(Op::commit).hold();
  advance(seconds(10));
  ASSERT_THAT(fs().status().unsaved, SizeIs(2));
  EXPECT_EQ(fs().status().unsaved[1].state, UnsavedState::sending);
  EXPECT_EQ(fs().status().unsaved[1].sent, 4u);
  EXPECT_EQ(fs().unsent().sent, 4u);
  remote_.on(Op::commit).release();
  settle(io_);
  EXPECT_THAT(fs().status().unsaved, SizeIs(1));
  client().close(open);
}

TEST_F(SelfReportTest, WhatFailedForNowIsToldWithTheServersWords) {
  write_refused("/file", Error(ENOSPC, "STOR /file failed", "552 Quota exceeded."), 1);
  const vfs::Status now = fs().status();
  ASSERT_THAT(now.unsaved, SizeIs(1));
  EXPECT_EQ(now.unsaved[0].state, UnsavedState::waiting);
  EXPECT_EQ(now.unsaved[0].attempts, 1u);
  ASSERT_TRUE(now.unsaved[0].fault);
  EXPECT_EQ(now.unsaved[0].fault->code, ENOSPC);
  EXPECT_EQ(now.unsaved[0].fault->server_said, "552 Quota exceeded.");
  EXPECT_EQ(now.uploads.failed, 1u);
}

TEST_F(SelfReportTest, WhatWasRefusedForGoodIsToldUntilTheEnd) {
  write_refused("/file", Error(EACCES, "STOR /file failed", "553 Not here."), 1);
  settle(io_);
  const vfs::Status now = fs().status();
  EXPECT_THAT(now.unsaved, IsEmpty());
  ASSERT_THAT(now.refused, SizeIs(1));
  EXPECT_EQ(now.refused[0].path, "/file");
  EXPECT_EQ(now.refused[0].fault.server_said, "553 Not here.");
  EXPECT_EQ(now.refused[0].when, tree().now());
  ASSERT_THAT(now.kept, SizeIs(1));
  EXPECT_EQ(now.kept[0].file, now.refused[0].kept);
  EXPECT_EQ(now.kept[0].size, 8u);
}

TEST_F(SelfReportTest, OldRefusalsMakeRoomForNewOnes) {
  for (int i = 0; i < 103; ++i) {
    write_refused("/file" + std::to_string(i), Error(EACCES, "no", "553 No."), 1);
    settle(io_);
  }
  const vfs::Status now = fs().status();
  ASSERT_THAT(now.refused, SizeIs(100));
  EXPECT_EQ(now.refused.front().path, "/file3");
  EXPECT_EQ(now.refused.back().path, "/file102");
}

TEST_F(SelfReportTest, CachesTellHowOftenTheyHelped) {
  tree().put_file("/dir/file", "content");
  client().names("/dir");
  const vfs::CacheStatus cold = fs().status().listings;
  EXPECT_GE(cold.entries, 1u);
  EXPECT_GT(cold.bytes, 0u);
  EXPECT_EQ(cold.capacity, config_.listing_bytes);
  client().names("/dir");
  const vfs::CacheStatus warm = fs().status().listings;
  EXPECT_GT(warm.uses.hits, cold.uses.hits);
  EXPECT_EQ(warm.entries, cold.entries);
}

TEST_F(SelfReportTest, AFileNobodyHasAskedForIsNotKnown) {
  tree().put_file("/dir/file", "content");
  EXPECT_FALSE(fs().file_status(Path("/dir/file")));
  EXPECT_FALSE(fs().file_status(Path("/no/such/thing")));
  EXPECT_TRUE(fs().file_status(Path()));
  EXPECT_EQ(remote_.calls(Op::stat) + remote_.calls(Op::list), 0u) << "nobody is asked";
}

TEST_F(SelfReportTest, AFileInAListingIsKnown) {
  tree().put_file("/dir/file", "content");
  client().names("/dir");
  advance(seconds(3));
  const auto file = fs().file_status(Path("/dir/file"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->attributes.size, 7u);
  EXPECT_EQ(file->age, seconds(3));
  EXPECT_TRUE(file->on_server);
  EXPECT_FALSE(file->on_disk);
  const auto directory = fs().file_status(Path("/dir"));
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->kind, Kind::directory);
  EXPECT_EQ(directory->entries, 1u);
}

TEST_F(SelfReportTest, WhatOfAFileIsHere) {
  const std::string content = pattern(4 * mib);
  tree().put_file("/file", content);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  EXPECT_EQ(client().read(handle, 2 * mib, request), content.substr(2 * mib, request));
  EXPECT_GE(fs().file_status(Path("/file"))->in_memory, request);
  EXPECT_EQ(fs().file_status(Path("/file"))->handles, 1u);
  EXPECT_EQ(fs().file_status(Path("/file"))->writers, 1u);
  client().write(handle, 0, "HERE");
  const auto changed = fs().file_status(Path("/file"));
  EXPECT_EQ(changed->attributes.size, 4 * mib);
  ASSERT_TRUE(changed->on_disk);
  EXPECT_LT(*changed->on_disk, mib) << "of the four that it has";
  ASSERT_TRUE(changed->unsaved);
  EXPECT_EQ(changed->unsaved->state, UnsavedState::open);
  client().close(handle);
  EXPECT_FALSE(fs().file_status(Path("/file"))->unsaved);
}

}  // namespace
}  // namespace ftpfs::test
