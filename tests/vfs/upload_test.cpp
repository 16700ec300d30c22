// SPDX-License-Identifier: MIT
// The upload as such: shared by those who wait, not stopped by those who leave, its failure remembered until
// mended.
#include <new>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::SizeIs;

class UploadTest : public VfsTest {
 protected:
  vfs::Handle create_and_write(std::string_view content) {
    const vfs::Handle handle = client().create("/file");
    client().write(handle, 0, content);
    return handle;
  }
};

TEST_F(UploadTest, TwoFlushesShareOne) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("content");
  auto first = client().flush_later(handle);
  auto second = client().flush_later(handle);
  EXPECT_FALSE(first.done());
  EXPECT_FALSE(second.done());
  remote_.on(Op::commit).release();
  first.get();
  second.get();
  client().release(handle);
  EXPECT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_EQ(remote_.calls(Op::commit), 1u);
}

TEST_F(UploadTest, SharingAFailureToo) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("content");
  auto first = client().flush_later(handle);
  auto second = client().flush_later(handle);
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  remote_.on(Op::commit).release();
  EXPECT_EQ(first.code(), ENOSPC);
  EXPECT_EQ(second.code(), ENOSPC);
  remote_.on(Op::commit).fail_no_more();
  client().close(handle);
}

TEST_F(UploadTest, AnInterruptedCloseDoesNotStopIt) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("content");
  auto flush = client().flush_later(handle);
  flush.interrupt();
  ASSERT_TRUE(flush.done());
  EXPECT_EQ(flush.code(), EINTR);
  client().release(handle);
  remote_.on(Op::commit).release();
  settle(io_);
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_EQ(remote_.calls(Op::commit), 1u);
}

// An upload of that name was never answered: the server may begin it, and empty the file, at any time.
TEST_F(UploadTest, WhatIsInDoubtIsNotWrittenToDirectly) {
  remote_.doubt("/file");
  const vfs::Handle handle = create_and_write("content");
  EXPECT_THAT(remote_.sinks(), SizeIs(0));
  client().flush(handle);
  client().release(handle);
  ASSERT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_THAT(remote_.sinks()[0].path.str(), testing::StartsWith("/.file.ftpfs-"));
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_EQ(client().names("/"), std::vector<std::string>{"file"});
}

TEST_F(UploadTest, NorAppendedTo) {
  tree().put_file("/file", "old ");
  remote_.doubt("/file");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_APPEND);
  client().write(handle, 4, "new");
  client().flush(handle);
  client().release(handle);
  for (const auto& sink : remote_.sinks()) EXPECT_NE(sink.path.str(), "/file");
  EXPECT_EQ(tree().content("/file"), "old new");
}

TEST_F(UploadTest, AnUnansweredStorAtCreateIsNoFailure) {
  ConnectionLost lost(EIO, "no answer");
  lost.may_be_late = true;
  remote_.on(Op::open_sink).fail_next(lost);
  remote_.doubt("/file");
  const vfs::Handle handle = create_and_write("content");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content");
}

// Whoever waits for it meanwhile, as the rename of its directory does.
TEST_F(UploadTest, ARefusedStorAtCreateKeepsNobodyWaiting) {
  tree().put_file("/dir/other", "");
  const vfs::Ino directory = client().ino("/dir");
  remote_.on(Op::open_sink).hold();
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"));
  Pending<vfs::Created> creation(
      io_, fs().create(directory, "new", 0644, O_WRONLY | O_CREAT, std::stop_token()), std::stop_source());
  Pending<void> rename = client().rename_later("/dir", "/moved");
  EXPECT_FALSE(creation.done());
  EXPECT_FALSE(rename.done());
  remote_.on(Op::open_sink).release();
  EXPECT_EQ(creation.code(), EACCES);
  rename.get();
  EXPECT_THAT(tree().names("/moved"), ElementsAre("other"));
}

TEST_F(UploadTest, WhatWaitsForTheStorAtCreateIsSentOnceAndNotForEver) {
  const vfs::Ino root = client().ino("/");
  remote_.on(Op::open_sink).hold();
  Pending<vfs::Created> creation(io_, fs().create(root, "new", 0644, O_WRONLY | O_CREAT, std::stop_token()),
                                 std::stop_source());
  Pending<void> rename = client().rename_later("/new", "/other");
  remote_.on(Op::commit).fail_next(Error(EACCES, "553"), 100);
  remote_.on(Op::open_sink).release();
  EXPECT_EQ(rename.code(), EACCES);
  EXPECT_LE(remote_.calls(Op::commit), 2u);
  client().release(creation.get().opened.handle);
}

TEST_F(UploadTest, WantOfMemoryBehindTheWriterDoesNotHangItsClose) {
  const std::string content(8u << 20, 'x');
  const vfs::Handle handle = client().create("/file");
  remote_.on(Op::write).fail_next(std::bad_alloc());
  client().write(handle, 0, content);
  settle(io_);
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
}

TEST_F(UploadTest, WantOfMemoryIsTriedAgainLater) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  remote_.on(Op::commit).fail_next(std::bad_alloc());
  EXPECT_THROW(client().flush(handle), std::bad_alloc);
  client().release(handle);
  advance(std::chrono::seconds(10));
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(UploadTest, AFailureIsReportedUntilItIsMended) {
  for (const Op op : {Op::open_sink, Op::commit}) {
    const vfs::Handle handle = create_and_write("content");
    client().flush(handle);
    client().write(handle, 0, "CONTENT");
    remote_.on(op).fail_next(Error(ENOSPC, "552"), 100);
    EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
    EXPECT_EQ(client().flush_later(handle).code(), ENOSPC) << "a second close() must not claim success";
    remote_.on(op).fail_no_more();
    client().flush(handle);
    client().release(handle);
    EXPECT_EQ(tree().content("/file"), "CONTENT");
    client().unlink("/file");
  }
}

// What is small goes out before the server has said yes: the end tells. What is large waits to be heard, and
// so does whoever tries again.
TEST_F(UploadTest, OnlyWhatIsSmallDoesNotWaitForTheServersYes) {
  for (const bool is_small : {true, false}) {
    tree().put_file("/file", "old");
    const std::string content(is_small ? 1000 : 100'000, 'x');
    remote_.on(Op::commit).fail_next(ConnectionLost(EIO, "reset"));
    client().write_file("/file", content);
    EXPECT_EQ(tree().content("/file"), content);
    const auto& sinks = remote_.sinks();
    ASSERT_GE(sinks.size(), 2u);
    EXPECT_EQ(sinks[sinks.size() - 2].request.unheard, is_small);
    EXPECT_FALSE(sinks.back().request.unheard);
    EXPECT_FALSE(sinks.back().request.brief) << "somebody waits";
  }
}

// vsftpd, where no file may be made in the directory: the temporary name is refused when its data have gone
// out.
TEST_F(UploadTest, ATemporaryNameThatIsRefusedLateIsLeftAndNotRemoved) {
  tree().put_file("/file", "old");
  remote_.refuse_uploads(Error(EACCES, "553"), 1);
  client().write_file("/file", "new");
  EXPECT_EQ(tree().content("/file"), "new");
  EXPECT_EQ(remote_.calls(Op::remove_file), 0u);
  EXPECT_FALSE(remote_.sinks().back().request.unheard) << "the old content may have to be put back";
  EXPECT_EQ(client().names("/"), std::vector<std::string>{"file"});
}

TEST_F(UploadTest, ARefusedAppendMayBeTriedAgainAsOne) {
  tree().put_file("/log", "one\n");
  const vfs::Handle handle = client().open("/log", O_WRONLY | O_APPEND);
  client().write(handle, 0, "two\n");
  remote_.refuse_uploads(Error(ENOSPC, "553"), 1);
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  client().flush(handle);
  EXPECT_EQ(remote_.sinks().back().request.mode, SinkRequest::Mode::append);
  EXPECT_EQ(tree().content("/log"), "one\ntwo\n");
  client().release(handle);
}

TEST_F(UploadTest, WhatFailedIsStillSeenByReaders) {
  const vfs::Handle handle = create_and_write("content");
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  EXPECT_EQ(client().stat("/file").st_size, 7);
  remote_.on(Op::commit).fail_no_more();
  client().close(handle);
}

TEST_F(UploadTest, ALostConnectionIsEitherMendedOrReportedNeverIgnored) {
  const std::string content = pattern(300'000);
  const vfs::Handle handle = create_and_write(content);
  remote_.fail_sinks_after(100'000, ConnectionLost(EIO, "reset"));
  const int code = client().flush_later(handle).code();
  EXPECT_THAT(code, AnyOf(0, EIO));
  EXPECT_TRUE(code != 0 || tree().content("/file") == content);
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
}

TEST_F(UploadTest, ALineThatStaysDeadIsReported) {
  const vfs::Handle handle = create_and_write("content");
  remote_.on(Op::open_sink).fail_next(ConnectionLost(ETIMEDOUT, "silence"), 100);
  remote_.on(Op::commit).fail_next(ConnectionLost(ETIMEDOUT, "silence"), 100);
  EXPECT_EQ(client().flush_later(handle).code(), ETIMEDOUT);
  remote_.on(Op::open_sink).fail_no_more();
  remote_.on(Op::commit).fail_no_more();
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(UploadTest, AWriteDuringItIsNotLost) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("content");
  auto flush = client().flush_later(handle);
  client().write(handle, 0, "CHANGED");
  EXPECT_EQ(client().read(handle, 0, 100), "CHANGED");
  remote_.on(Op::commit).release();
  flush.get();
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "CHANGED");
}

TEST_F(UploadTest, ATruncationDuringItIsNotLost) {
  remote_.on(Op::write).hold();
  const std::string content = pattern(1'000'000);
  const vfs::Handle handle = create_and_write(content);
  auto flush = client().flush_later(handle);
  client().truncate(handle, client().ino("/file"), 10);
  remote_.on(Op::write).release();
  flush.get();
  EXPECT_EQ(client().read(handle, 0, 100), content.substr(0, 10));
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), content.substr(0, 10));
}

TEST_F(UploadTest, FlushOfAnotherHandleWaitsForTheSameData) {
  const vfs::Handle writer = create_and_write("content");
  const vfs::Handle other = client().open("/file", O_RDWR);
  client().flush(other);
  EXPECT_EQ(tree().content("/file"), "content");
  client().close(writer);
  client().close(other);
}

TEST_F(UploadTest, ManyRevocationsDoNotFailIt) {
  const std::string content = pattern(1'000'000);
  const vfs::Handle handle = create_and_write(content);
  remote_.fail_sinks_after(100'000, Revoked(), 5);
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

TEST_F(UploadTest, AServerThatShowsAnotherSizeHasNotGotIt) {
  const vfs::Handle handle = create_and_write("content");
  remote_.on(Op::commit).fail_next(Error(EIO, "the server shows another size"), 100);
  EXPECT_EQ(client().flush_later(handle).code(), EIO);
  remote_.on(Op::commit).fail_no_more();
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content");
}

// With every session busy create() opens no STOR: the file's first upload begins at flush.
class LateUploadTest : public UploadTest {
 protected:
  vfs::Handle create_without_session(std::string_view content) {
    tree().put_file("/busy", "busy");
    client().names("/");
    const vfs::Handle busy = client().open("/busy");
    remote_.set_sessions(1);
    remote_.on(Op::read).hold();
    auto read = client().read_later(busy, 0, 4);
    const vfs::Handle handle = create_and_write(content);
    remote_.on(Op::read).release();
    read.get();
    client().release(busy);
    remote_.set_sessions(0);
    EXPECT_TRUE(remote_.sinks().empty());
    return handle;
  }
};

TEST_F(LateUploadTest, ACutUploadOfANewFileBeginsAnewInsteadOfAppending) {
  const std::string content = pattern(300'000);
  const vfs::Handle handle = create_without_session(content);
  remote_.fail_sinks_after(100'000, ConnectionLost(EIO, "reset"));
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
}

TEST_F(LateUploadTest, AWriteDuringTheUploadOfANewFileIsNotAppended) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_without_session("content");
  auto flush = client().flush_later(handle);
  client().write(handle, 0, "CHANGED");
  remote_.on(Op::commit).release();
  flush.get();
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "CHANGED");
}

TEST_F(LateUploadTest, AWriteBehindTheUploadDoesNotCutItShort) {
  const std::string content = pattern(2'000'000);
  const vfs::Handle handle = create_without_session(content);
  remote_.on(Op::write).hold();
  auto flush = client().flush_later(handle);
  client().write(handle, 0, "AGAIN");
  remote_.on(Op::write).release();
  flush.get();
  ASSERT_TRUE(tree().content("/file").has_value());
  EXPECT_TRUE(tree().content("/file")->substr(5) == content.substr(5))
      << "what flush() promised is not there";
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == "AGAIN" + content.substr(5));
}

TEST_F(UploadTest, ARefusedModeOrTimeDoesNotFailACloseWhoseContentIsSaved) {
  remote_.on(Op::set_mode).fail_next(Error(EACCES, "550"), 100);
  remote_.on(Op::set_mtime).fail_next(Error(EACCES, "550"), 100);
  const vfs::Handle handle = create_and_write("content");
  vfs::Changes changes;
  changes.mode = 0755;
  changes.mtime = 1'234'567'890;
  client().setattr("/file", changes);
  client().flush(handle);
  client().release(handle);
  EXPECT_EQ(tree().content("/file"), "content");
}

}  // namespace
}  // namespace ftpfs::test
