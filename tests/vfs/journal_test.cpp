// SPDX-License-Identifier: MIT
// What is noted in the spool, when, and when it goes.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class JournalTest : public VfsTest {
 protected:
  static constexpr auto noted = [] {
    return ElementsAre(StartsWith(".record-0000000000000001"), ".stage-0000000000000001");
  };
};

TEST_F(JournalTest, AFileThatIsSentAtOnceIsNeverNoted) {
  client().write_file("/file", pattern(100'000));
  EXPECT_THAT(names_in_spool(), IsEmpty());
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 5, "x");
  EXPECT_THAT(names_in_spool(), IsEmpty());
  client().close(handle);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(JournalTest, WhatIsDirtyForASecondIsNotedUntilItIsSent) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  settle(io_);
  advance(std::chrono::milliseconds(900));
  EXPECT_THAT(names_in_spool(), IsEmpty());
  advance(std::chrono::milliseconds(200));
  EXPECT_THAT(names_in_spool(), noted());
  client().flush(handle);
  EXPECT_THAT(names_in_spool(), ElementsAre(StartsWith(".stage")));  // of no use after a crash
  client().write(handle, 0, "CONTENT");
  settle(io_);
  advance(std::chrono::seconds(2));
  EXPECT_THAT(names_in_spool(), noted());
  client().close(handle);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(JournalTest, WhatCouldNotBeSentIsNotedBeforeItsCloseFails) {
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 1);
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
  EXPECT_THAT(names_in_spool(), noted());
  client().close(handle);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(JournalTest, WhatIsRemovedOrReplacedIsNotedNoMore) {
  const vfs::Handle removed = client().create("/removed");
  const vfs::Handle replaced = client().create("/replaced");
  client().write(removed, 0, "content");
  client().write(replaced, 0, "content");
  settle(io_);
  advance(std::chrono::seconds(2));
  ASSERT_THAT(names_in_spool(), SizeIs(4));
  client().unlink("/removed");
  EXPECT_THAT(names_in_spool(), SizeIs(3));
  tree().put_file("/other", "other");
  advance(std::chrono::seconds(30));
  client().rename("/other", "/replaced");
  EXPECT_THAT(names_in_spool(), Each(StartsWith(".stage")));
  client().close(removed);
  client().close(replaced);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(JournalTest, WhatTheServerRefusesForGoodIsKeptByNameOnly) {
  remote_.on(Op::commit).fail_next(Error(EACCES, "553"), 100);
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EACCES);
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
}

// A file of the spool that has lost its last name gets none any more.
TEST_F(JournalTest, WhatWasNotedBeforeCanStillBeKept) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  settle(io_);
  advance(std::chrono::seconds(2));
  client().flush(handle);
  client().write(handle, 0, "CONTENT");
  remote_.on(Op::commit).fail_next(Error(EACCES, "553"), 100);
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EACCES);
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("CONTENT"));
}

TEST_F(JournalTest, OneRecordIsLeftHoweverOftenItIsRenewed) {
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  const vfs::Handle handle = client().create("/file");
  for (int round = 0; round < 5; ++round) {
    client().write(handle, 0, "content" + std::to_string(round));
    EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
    client().truncate(handle, client().ino("/file"), 3);
    EXPECT_LE(names_in_spool().size(), 3u);  // the one on disk goes with the next that is on disk
  }
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
  EXPECT_THAT(names_in_spool(), noted());
  remote_.recover();
  client().close(handle);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
