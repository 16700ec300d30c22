// SPDX-License-Identifier: MIT
// The machine loses its power: the disk has each content as it was last synced, of the folder's names those
// of its last fsync, neither what was linked nor what was removed since. (At every moment of some pieces of
// work: power_loss_moments_test.cpp.)
#include <ftpfs/vfs/leftovers.hpp>

#include "vfs/losing_disk.hpp"
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class PowerLossTest : public VfsTest {
 protected:
  PowerLossTest() {
    config_.writeback = std::chrono::seconds(10);
    losing_disk().watch(config_.spool_directory);
  }
  ~PowerLossTest() override { losing_disk().unwatch(); }

  void lose_power_and_remount() {
    const LosingDisk::Found found = losing_disk().lose_power();
    crash();
    losing_disk().start_with(found);
    remount();
    let_it_be_sent();
  }
  void let_it_be_sent() {
    for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  }
};

TEST_F(PowerLossTest, WhatCloseAcknowledgedIsThere) {
  client().write_file("/file", "content");
  EXPECT_GE(losing_disk().syncs(), 1u);
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(PowerLossTest, WhatNobodyWasPromisedIsNot) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  settle(io_);
  advance(std::chrono::seconds(2));
  ASSERT_THAT(names_in_spool(), SizeIs(2));
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// Without writeback nobody waits for this disk. The record may be there, and the file as long as it says,
// with zeros where the kernel had not come to: a whole file of the server is not to be replaced by that.
TEST_F(PowerLossTest, WhatWasNeverBroughtToTheDiskReplacesNothing) {
  config_.writeback = {};
  for (const bool power_failed : {false, true}) {
    SCOPED_TRACE(power_failed);
    config_.boot_id = "this one";
    remount();
    tree().put_file("/file", "old");
    const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
    client().write(handle, 0, "content");
    remote_.on(Op::commit).hold();
    Pending<void> closing = client().flush_later(handle);
    for (int second = 0; second < 3; ++second) advance(std::chrono::seconds(1));
    ASSERT_THAT(names_in_spool(), SizeIs(2));
    crash();
    remote_.recover();
    if (power_failed) config_.boot_id = "the next one";
    const auto left = vfs::look_into(config_.spool_directory, config_.boot_id).files;
    ASSERT_THAT(left, SizeIs(1));
    EXPECT_EQ(left[0].state, power_failed ? vfs::Leftover::State::unfinished : vfs::Leftover::State::unsent);
    remount();
    EXPECT_EQ(tree().content("/file"), power_failed ? "old" : "content");
    EXPECT_THAT(kept_in_spool(), SizeIs(power_failed ? 1 : 0));
  }
}

TEST_F(PowerLossTest, WhatWasPromisedIsSentWhateverBecameOfItSince) {
  config_.boot_id = "this one";
  client().write_file("/old", "content");
  client().rename("/old", "/file");
  config_.boot_id = "the next one";
  crash();  // all of it has come to the disk
  remount();
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// The record of the new name may have come to the disk whole, in name only, or not at all.
TEST_F(PowerLossTest, WhatIsNotedDuringItsFsyncTakesNothingBack) {
  enum class Record { whole, empty, none };
  for (const Record record : {Record::whole, Record::empty, Record::none}) {
    SCOPED_TRACE(static_cast<int>(record));
    config_.boot_id = "this one";
    crash();
    remount();
    losing_disk().watch(config_.spool_directory);
    const vfs::Handle handle = client().create("/old");
    client().write(handle, 0, "content");
    losing_disk().stop_after(0, io_.get_executor());
    Pending<void> closing = client().flush_later(handle);
    run_until(io_, [] { return losing_disk().stopped(); });
    client().rename("/old", "/file");
    losing_disk().go_on();
    closing.get();
    config_.boot_id = "the next one";
    if (record == Record::whole) {
      crash();
      remount();
    } else {
      const Loss::Names names = record == Record::empty ? Loss::Names::kept : Loss::Names::lost;
      const LosingDisk::Found found = losing_disk().lose_power({Loss::Content::zeros, names});
      crash();
      losing_disk().start_with(found);
      remount();
    }
    let_it_be_sent();
    const std::string path = record == Record::whole ? "/file" : "/old";
    EXPECT_THAT(tree().names("/"), ElementsAre(path.substr(1)));
    EXPECT_EQ(tree().content(path), "content");
    EXPECT_THAT(names_in_spool(), IsEmpty());
    client().unlink(path);
  }
}

TEST_F(PowerLossTest, WhatWasRemovedBeforeItWasSentStaysRemoved) {
  client().write_file("/file", "content");
  client().unlink("/file");
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(PowerLossTest, WhatWasSentAndRemovedStaysRemoved) {
  client().write_file("/file", "content");
  let_it_be_sent();
  ASSERT_EQ(tree().content("/file"), "content");
  client().unlink("/file");
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(PowerLossTest, WhatWasReplacedDoesNotComeBack) {
  client().write_file("/new", "new content");
  client().write_file("/file", "content");
  client().rename("/new", "/file");
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "new content");
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

TEST_F(PowerLossTest, WhatWasSentDoesNotComeOverWhatIsNewer) {
  config_.writeback = {};
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"));
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
  client().flush(handle);  // is sent, and what was noted is forgotten
  client().truncate(handle, client().ino("/file"), 3);
  client().close(handle);
  ASSERT_EQ(tree().content("/file"), "con");  // the beginning of what was noted
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "con");
}

// Each of the syncs counts: without one of them nothing arrives.
TEST_F(PowerLossTest, NoneOfTheSyncsIsForNothing) {
  int number = 0;
  for (const char* unheard : {".stage-", ".record-", "", "none is called so"}) {
    const std::string path = "/file" + std::to_string(++number);
    losing_disk().be_deaf(unheard);
    client().write_file(path, "content");
    lose_power_and_remount();
    EXPECT_EQ(tree().content(path) == "content", std::string_view(unheard).starts_with("none")) << unheard;
    crash();
    losing_disk().start_with({});
  }
}

// Before the server loses the old content, both are there whatever becomes of the power.
TEST_F(PowerLossTest, WhatIsOverwrittenInPlaceIsThereOldAndNew) {
  config_.writeback = {};
  constexpr Loss::Content contents[] = {Loss::Content::lost, Loss::Content::zeros, Loss::Content::half,
                                        Loss::Content::lost};
  for (std::size_t round = 0; round < std::size(contents); ++round) {
    SCOPED_TRACE(round);
    const Loss::Content content = contents[round];
    const bool deaf = round == 3;  // the sync of the old content counts, too
    if (deaf) losing_disk().be_deaf(".old-");
    tree().put_file("/file", "old content");
    advance(std::chrono::seconds(60));
    remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"));  // of a temporary name
    const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
    client().write(handle, 0, "the new content");
    remote_.on(Op::write).hold();
    auto flush = client().flush_later(handle);
    run_until(io_, [&] { return remote_.on(Op::write).held() == 1; });
    ASSERT_EQ(tree().content("/file"), "");
    const LosingDisk::Found found = losing_disk().lose_power({content, Loss::Names::lost});
    flush.interrupt();
    crash();
    losing_disk().start_with(found);
    if (deaf) {
      EXPECT_THAT(kept_in_spool(), Not(Contains("old content")));
      return;
    }
    EXPECT_THAT(kept_in_spool(), UnorderedElementsAre("old content", "the new content"));
    remount();
    let_it_be_sent();
    EXPECT_EQ(tree().content("/file"), "the new content");
  }
}

// A mount that was only killed has left content that the kernel had not brought to the disk yet.
TEST_F(PowerLossTest, WhatAnEarlierMountHasLeftIsBroughtToTheDiskByFsync) {
  config_.writeback = {};
  const vfs::Handle before = client().create("/file");
  client().write(before, 0, "content");
  settle(io_);
  advance(std::chrono::seconds(2));  // noted
  remote_.on(Op::commit).hold();
  auto flush = client().flush_later(before);
  flush.interrupt();
  crash();
  tree().remove("/file");
  config_.writeback = std::chrono::seconds(10);
  losing_disk().watch(config_.spool_directory, false);
  remount();
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().flush(handle);
  ASSERT_FALSE(tree().exists("/file"));
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

}  // namespace
}  // namespace ftpfs::test
