// SPDX-License-Identifier: MIT
// Everything that waits is sent, because somebody asks for it.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SendAllTest : public VfsTest {
 protected:
  SendAllTest() { config_.writeback = seconds(1000); }
  vfs::SendReport send_all() { return run(io_, fs().send_all({})); }
};

TEST_F(SendAllTest, WhatWaitsForItsTimeIsSentNow) {
  for (const char* name : {"/a", "/b", "/c", "/d", "/e", "/f"}) client().write_file(name, name);
  EXPECT_THAT(tree().names("/"), IsEmpty());
  const vfs::SendReport report = send_all();
  EXPECT_EQ(report.saved, 6u);
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_THAT(report.open, IsEmpty());
  EXPECT_THAT(tree().names("/"), ElementsAre("a", "b", "c", "d", "e", "f"));
  EXPECT_EQ(fs().unsent().files, 0u);
  settle(io_);
  EXPECT_THAT(names_in_spool(), IsEmpty()) << "nor does it keep its place on the disk";
}

TEST_F(SendAllTest, NothingIsSentTwice) {
  client().write_file("/a", "content");
  send_all();
  EXPECT_EQ(send_all().saved, 0u);
  for (int second = 0; second < 3; ++second) advance(seconds(1000));
  EXPECT_THAT(remote_.sinks(), SizeIs(1));
}

TEST_F(SendAllTest, SeveralGoSideBySide) {
  for (const char* name : {"/a", "/b", "/c", "/d", "/e", "/f"}) client().write_file(name, name);
  remote_.on(Op::commit).hold();
  Pending<vfs::SendReport> sending(io_, fs().send_all({}), {});
  EXPECT_EQ(remote_.live_sinks(), 4u);
  EXPECT_FALSE(sending.done());
  remote_.on(Op::commit).release();
  EXPECT_EQ(sending.get().saved, 6u);
}

TEST_F(SendAllTest, AFailureIsToldByNameAndStopsNoOther) {
  client().write_file("/a", "1");
  client().write_file("/b", "2");
  remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "STOR failed", "452 Disk full."));
  const vfs::SendReport report = send_all();
  EXPECT_EQ(report.saved, 1u);
  ASSERT_THAT(report.failed, SizeIs(1));
  const std::string failed = report.failed[0].path;
  EXPECT_TRUE(failed == "/a" || failed == "/b") << failed;
  EXPECT_EQ(report.failed[0].fault.server_said, "452 Disk full.");
  EXPECT_EQ(fs().unsent().files, 1u) << "it is still here";
  EXPECT_EQ(send_all().saved, 1u) << "and has another chance";
  EXPECT_THAT(tree().names("/"), ElementsAre("a", "b"));
}

// Half a file must not take the place of a whole one.
TEST_F(SendAllTest, WhatIsBeingWrittenIsLeftAlone) {
  tree().put_file("/file", "old and whole");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "ha");
  const vfs::SendReport report = send_all();
  EXPECT_THAT(report.open, ElementsAre("/file"));
  EXPECT_EQ(tree().content("/file"), "old and whole");
  client().write(handle, 2, "lf");
  client().close(handle);
  EXPECT_EQ(send_all().saved, 1u);
  EXPECT_EQ(tree().content("/file"), "half");
}

TEST_F(SendAllTest, WhatWasPromisedIsSentThoughItIsOpen) {
  const vfs::Handle handle = client().create("/log");
  client().write(handle, 0, "line\n");
  run(io_, fs().fsync(handle, {}));
  EXPECT_EQ(send_all().saved, 1u);
  EXPECT_EQ(tree().content("/log"), "line\n");
  client().write(handle, 5, "ha");
  EXPECT_THAT(send_all().open, ElementsAre("/log"));
  EXPECT_EQ(tree().content("/log"), "line\n");
  client().close(handle);
}

TEST_F(SendAllTest, OfAConflictBothAreThereWhenItReturns) {
  tree().put_file("/file", "old");
  client().write_file("/file", "ours");
  advance(seconds(30));
  tree().put_file("/file", "theirs, longer");
  send_all();
  EXPECT_EQ(tree().content("/file"), "theirs, longer");
  ASSERT_THAT(tree().names("/"), SizeIs(2));
  EXPECT_EQ(tree().content("/" + tree().names("/")[1]), "ours");
  EXPECT_EQ(fs().unsent().files, 0u);
}

TEST_F(SendAllTest, WhoeverAsksMayGoAway) {
  client().write_file("/a", "content");
  remote_.on(Op::commit).hold();
  std::stop_source stop;
  Pending<vfs::SendReport> sending(io_, fs().send_all(stop.get_token()), stop);
  sending.interrupt();
  EXPECT_EQ(sending.code(), EINTR);
  remote_.on(Op::commit).release();
  settle(io_);
  EXPECT_EQ(tree().content("/a"), "content") << "the upload goes on";
}

// Without writeback: what close() could not send has its next chance now, not in some seconds.
TEST_F(SendAllTest, WhatFailedBeforeIsTriedAgain) {
  config_.writeback = {};
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 1);
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().close(handle); }), ENOSPC);
  EXPECT_EQ(send_all().saved, 1u);
  EXPECT_EQ(tree().content("/file"), "content");
}

}  // namespace
}  // namespace ftpfs::test
