// SPDX-License-Identifier: MIT
// Appending to a file that exists sends only the new bytes, and never twice.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::SizeIs;

class AppendTest : public VfsTest {
 protected:
  AppendTest() { tree().put_file("/log", base_); }

  vfs::Handle open() { return client().open("/log", O_WRONLY | O_APPEND); }

  const std::string base_ = pattern(1'000'000);
};

TEST_F(AppendTest, SendsOnlyTheNewBytes) {
  const vfs::Handle handle = open();
  client().write(handle, base_.size(), "one line\n");
  client().close(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + "one line\n");
  ASSERT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_EQ(remote_.sinks()[0].path, Path("/log"));
  EXPECT_EQ(remote_.sinks()[0].request.mode, SinkRequest::Mode::append);
  EXPECT_EQ(remote_.bytes_written(), 9u);
  EXPECT_EQ(remote_.bytes_read(), 0u);
}

TEST_F(AppendTest, EachFlushSendsWhatIsNewSinceTheLast) {
  const vfs::Handle handle = open();
  std::string expected = base_;
  for (int i = 0; i < 20; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    client().write(handle, expected.size(), line);
    expected += line;
    client().flush(handle);
    ASSERT_TRUE(tree().content("/log") == expected) << i;
  }
  client().release(handle);
  EXPECT_EQ(remote_.bytes_written(), expected.size() - base_.size());
  EXPECT_EQ(remote_.bytes_read(), 0u);
}

TEST_F(AppendTest, SeveralOpensAppendOneAfterTheOther) {
  std::string expected = base_;
  for (int i = 0; i < 5; ++i) {
    const vfs::Handle handle = open();
    client().write(handle, expected.size(), "x\n");
    expected += "x\n";
    client().close(handle);
    advance(config_.kernel_ttl * 2);
  }
  EXPECT_TRUE(tree().content("/log") == expected);
  EXPECT_EQ(remote_.bytes_written(), 10u);
}

TEST_F(AppendTest, ALostReplyNeverDoublesTheBytes) {
  const vfs::Handle handle = open();
  client().write(handle, base_.size(), "one line\n");
  remote_.on(Op::commit).fail_next(ConnectionLost(EIO, "reset"), 1, When::after_effect);
  if (client().flush_later(handle).code() != 0) client().flush(handle);
  client().release(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + "one line\n");
}

TEST_F(AppendTest, AnAppendThatBreaksInTheMiddleIsMended) {
  const std::string addition = pattern(300'000, 2);
  const vfs::Handle handle = open();
  client().write(handle, base_.size(), addition);
  remote_.fail_sinks_after(100'000, ConnectionLost(EIO, "reset"));
  if (client().flush_later(handle).code() != 0) client().flush(handle);
  client().release(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + addition);
}

TEST_F(AppendTest, AHoleBehindTheEndIsFilled) {
  const vfs::Handle handle = client().open("/log", O_WRONLY);
  client().write(handle, base_.size() + 1000, "end");
  client().close(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + std::string(1000, '\0') + "end");
}

TEST_F(AppendTest, TheOldPartCanBeReadMeanwhile) {
  const vfs::Handle handle = client().open("/log", O_RDWR | O_APPEND);
  client().write(handle, base_.size(), "tail");
  EXPECT_EQ(client().read(handle, base_.size() - 10, 100), base_.substr(base_.size() - 10) + "tail");
  EXPECT_EQ(client().read(handle, 500, 100), base_.substr(500, 100));
  client().close(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + "tail");
  EXPECT_EQ(remote_.bytes_written(), 4u);
}

TEST_F(AppendTest, ARefusedAppendKeepsItsErrnoAndItsBytes) {
  const vfs::Handle handle = open();
  client().write(handle, base_.size(), "line\n");
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "550"), 100);
  EXPECT_EQ(client().flush_later(handle).code(), EACCES);
  EXPECT_TRUE(tree().content("/log") == base_);
  remote_.on(Op::open_sink).fail_no_more();
  client().close(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + "line\n");
}

TEST_F(AppendTest, AWriteIntoWhatIsBeingAppendedDoesNotAppendItTwice) {
  const vfs::Handle handle = client().open("/log", O_RDWR);
  client().write(handle, base_.size(), "one line\n");
  remote_.on(Op::commit).hold();
  auto flush = client().flush_later(handle);
  client().write(handle, base_.size(), "ONE");
  remote_.on(Op::commit).release();
  flush.get();
  client().close(handle);
  EXPECT_TRUE(tree().content("/log") == base_ + "ONE line\n");
}

}  // namespace
}  // namespace ftpfs::test
