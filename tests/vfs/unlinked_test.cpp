// SPDX-License-Identifier: MIT
// Files that are renamed, replaced or removed while somebody has them open or writes them.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class UnlinkedTest : public VfsTest {};

TEST_F(UnlinkedTest, ANewFileRenamedBeforeItsUploadArrivesUnderItsNewName) {
  const vfs::Handle handle = client().create("/tmp");
  client().write(handle, 0, "content");
  client().rename("/tmp", "/final");
  EXPECT_THAT(client().names("/"), ElementsAre("final"));
  client().close(handle);
  EXPECT_EQ(tree().content("/final"), "content");
  EXPECT_THAT(tree().names("/"), ElementsAre("final"));
}

TEST_F(UnlinkedTest, AChangedFileRenamedBeforeItsUploadArrivesUnderItsNewName) {
  tree().put_file("/a", "old content");
  const vfs::Handle handle = client().open("/a", O_RDWR);
  client().write(handle, 0, "NEW");
  client().rename("/a", "/b");
  EXPECT_EQ(client().read(handle, 0, 100), "NEW content");
  client().close(handle);
  EXPECT_EQ(tree().content("/b"), "NEW content");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
}

TEST_F(UnlinkedTest, AnAppendedFileRenamedBeforeItsUploadIsComplete) {
  tree().put_file("/a", "old");
  const vfs::Handle handle = client().open("/a", O_WRONLY | O_APPEND);
  client().write(handle, 3, "new");
  client().rename("/a", "/b");
  client().close(handle);
  EXPECT_EQ(tree().content("/b"), "oldnew");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
}

TEST_F(UnlinkedTest, WhatCannotBeDeletedWhileTheServerIsAwayIsDeletedLater) {
  tree().put_file("/file", "content");
  const vfs::Handle handle = client().open("/file");
  client().unlink("/file");
  remote_.on(Op::remove_file).fail_next(ConnectionLost(EIO, "away"), 2);
  client().release(handle);
  settle(io_);
  EXPECT_THAT(tree().names("/"), SizeIs(1));
  EXPECT_THAT(client().names("/"), IsEmpty());
  advance(std::chrono::seconds(5));
  EXPECT_THAT(client().names("/"), IsEmpty());
  advance(std::chrono::seconds(5));
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, UntilThenItsDirectoryStays) {
  tree().put_file("/dir/file", "content");
  const vfs::Handle handle = client().open("/dir/file");
  client().unlink("/dir/file");
  remote_.on(Op::remove_file).fail_next(ConnectionLost(EIO, "away"));
  client().release(handle);
  settle(io_);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir"); }), ENOTEMPTY);
  advance(std::chrono::seconds(5));
  client().rmdir("/dir");
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, ARenameDuringTheUploadLosesNothing) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = client().create("/a");
  client().write(handle, 0, "content");
  auto flush = client().flush_later(handle);
  auto rename = client().rename_later("/a", "/b");
  remote_.on(Op::commit).release();
  flush.get();
  rename.get();
  client().release(handle);
  EXPECT_EQ(tree().content("/b"), "content");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
}

// What is written while the server is at a rename belongs to the file, wherever that lies by then.
class MovingTest : public UnlinkedTest, public testing::WithParamInterface<When> {
 protected:
  // The change of the name stops at the server; the file is written and flushed; the change goes on.
  void write_during(Pending<void> change, vfs::Handle handle, std::uint64_t offset, std::string_view bytes) {
    EXPECT_FALSE(change.done());
    client().write(handle, offset, bytes);
    auto flush = client().flush_later(handle);
    remote_.on(Op::rename).release();
    change.get();
    flush.get();
    client().release(handle);
    settle(io_);
  }
  void SetUp() override { remote_.on(Op::rename).hold(GetParam()); }
};

TEST_P(MovingTest, AFlushDuringARenameReachesTheNewName) {
  tree().put_file("/a", "old");
  const vfs::Handle handle = client().open("/a", O_RDWR);
  write_during(client().rename_later("/a", "/b"), handle, 0, "NEW");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
  EXPECT_EQ(tree().content("/b"), "NEW");
}

TEST_P(MovingTest, AnAppendDuringARenameReachesTheNewName) {
  tree().put_file("/log", "one\n");
  const vfs::Handle handle = client().open("/log", O_WRONLY | O_APPEND);
  write_during(client().rename_later("/log", "/log.1"), handle, 4, "two\n");
  EXPECT_THAT(tree().names("/"), ElementsAre("log.1"));
  EXPECT_EQ(tree().content("/log.1"), "one\ntwo\n");
}

TEST_P(MovingTest, AFlushDuringTheRenameOfItsDirectoryMovesAlong) {
  tree().put_file("/dir/a", "old");
  const vfs::Handle handle = client().open("/dir/a", O_RDWR);
  write_during(client().rename_later("/dir", "/moved"), handle, 0, "NEW");
  EXPECT_THAT(tree().names("/"), ElementsAre("moved"));
  EXPECT_EQ(tree().content("/moved/a"), "NEW");
}

TEST_P(MovingTest, AFlushDuringARemovalDoesNotBringTheFileBack) {
  tree().put_file("/a", "old");
  const vfs::Handle handle = client().open("/a", O_RDWR);
  write_during(client().unlink_later("/a"), handle, 0, "NEW");
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_P(MovingTest, AFlushDuringAReplacementDoesNotUndoIt) {
  tree().put_file("/a", "old");
  tree().put_file("/b", "newer");
  const vfs::Handle handle = client().open("/a", O_RDWR);
  write_during(client().rename_later("/b", "/a"), handle, 0, "NEW");
  EXPECT_THAT(tree().names("/"), ElementsAre("a"));
  EXPECT_EQ(tree().content("/a"), "newer");
}

INSTANTIATE_TEST_SUITE_P(TheServer, MovingTest, testing::Values(When::before_effect, When::after_effect),
                         [](const testing::TestParamInfo<When>& when) {
                           return when.param == When::before_effect ? "HasNotBegun" : "IsDone";
                         });

// Until it is known whether it goes, nobody is told that it is saved.
TEST_F(UnlinkedTest, AFlushDuringARemovalThatFailsSavesTheFile) {
  for (const bool open : {true, false}) {
    SCOPED_TRACE(open);
    tree().put_file("/a", "old");
    tree().put_file("/b", "newer");
    const vfs::Handle handle = client().open("/a", O_RDWR);
    client().write(handle, 0, "NEW");
    remote_.on(Op::rename).hold();
    remote_.on(Op::rename).fail_next(Error(EACCES, "550"), 3);
    Pending<void> removal = open ? client().unlink_later("/a") : client().rename_later("/b", "/a");
    Pending<void> flush = client().flush_later(handle);
    EXPECT_FALSE(removal.done());
    EXPECT_FALSE(flush.done());
    remote_.on(Op::rename).release();
    EXPECT_EQ(removal.code(), EACCES);
    flush.get();
    EXPECT_EQ(tree().content("/a"), "NEW");
    client().release(handle);
    settle(io_);
    remote_.recover();
  }
}

// The answer about its old name comes when it has the new one.
TEST_F(UnlinkedTest, WhoAsksForADirectoryWhileItIsRenamedDoesNotLoseWhatIsInIt) {
  tree().put_file("/dir/a", "old");
  const vfs::Ino directory = client().ino("/dir");
  const vfs::Handle handle = client().open("/dir/a", O_RDWR);
  client().write(handle, 0, "NEW");
  client().flush(handle);
  remote_.on(Op::rename).hold(When::after_effect);
  Pending<void> rename = client().rename_later("/dir", "/moved");
  advance(config_.listing_ttl + std::chrono::seconds(1));
  Pending<vfs::Attr> asked(io_, fs().getattr(directory, std::stop_token()), std::stop_source());
  remote_.on(Op::rename).release();
  rename.get();
  asked.get();
  client().write(handle, 0, "newer");
  client().close(handle);
  EXPECT_EQ(tree().content("/moved/a"), "newer");
  EXPECT_EQ(client().read_file("/moved/a"), "newer");
}

TEST_F(UnlinkedTest, ALookupInADirectoryThatIsRenamedIsAskedAgain) {
  tree().put_file("/dir/a", "content");
  const vfs::Ino directory = client().ino("/dir");
  remote_.on(Op::rename).hold(When::after_effect);
  Pending<void> rename = client().rename_later("/dir", "/moved");
  Pending<vfs::Looked> looked = client().lookup_later(directory, "a");
  EXPECT_FALSE(looked.done());
  remote_.on(Op::rename).release();
  rename.get();
  EXPECT_NE(looked.get().ino, 0u);
}

TEST_F(UnlinkedTest, ADirectoryRenamedAroundAFileBeingWrittenTakesItAlong) {
  tree().put_file("/dir/old", "old");
  const vfs::Handle fresh = client().create("/dir/new");
  client().write(fresh, 0, "content");
  const vfs::Handle changed = client().open("/dir/old", O_RDWR);
  client().write(changed, 0, "OLD!");
  client().rename("/dir", "/moved");
  client().close(fresh);
  client().close(changed);
  EXPECT_EQ(tree().content("/moved/new"), "content");
  EXPECT_EQ(tree().content("/moved/old"), "OLD!");
  EXPECT_THAT(tree().names("/"), ElementsAre("moved"));
  EXPECT_THAT(tree().names("/moved"), ElementsAre("new", "old"));
}

TEST_F(UnlinkedTest, SavingByRenamingOverTheOldFileWorks) {
  tree().put_file("/file", "old");
  const vfs::Handle handle = client().create("/file.tmp");
  client().write(handle, 0, "new content");
  client().flush(handle);
  client().rename("/file.tmp", "/file");
  client().release(handle);
  EXPECT_EQ(tree().content("/file"), "new content");
  EXPECT_EQ(client().read_file("/file"), "new content");
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

TEST_F(UnlinkedTest, AFileRemovedWhileItIsWrittenStaysRemoved) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  client().unlink("/file");
  EXPECT_FALSE(client().exists("/file"));
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  client().write(handle, 7, " more");
  EXPECT_EQ(client().read(handle, 0, 100), "content more");
  client().close(handle);
  EXPECT_THAT(tree().names("/"), IsEmpty());
  EXPECT_THAT(client().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, AChangedFileRemovedBeforeItsUploadStaysRemoved) {
  tree().put_file("/file", "old content");
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "NEW");
  client().unlink("/file");
  EXPECT_EQ(client().read(handle, 0, 3), "NEW");
  client().close(handle);
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, ARemovalDuringTheUploadStopsIt) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  auto flush = client().flush_later(handle);
  auto unlink = client().unlink_later("/file");
  remote_.on(Op::commit).release();
  unlink.get();
  EXPECT_EQ(flush.code(), 0);
  client().release(handle);
  EXPECT_FALSE(client().exists("/file"));
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, AReplacementRemovedDuringItsUploadLeavesNoTemporaryName) {
  tree().put_file("/file", "old");
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "new");
  auto flush = client().flush_later(handle);
  auto unlink = client().unlink_later("/file");
  remote_.on(Op::commit).release();
  unlink.get();
  EXPECT_EQ(flush.code(), 0);
  client().release(handle);
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, ANewFileOfTheSameNameIsNotTouchedByTheOldHandle) {
  const vfs::Handle old_handle = client().create("/file");
  client().write(old_handle, 0, "old");
  client().unlink("/file");
  const vfs::Handle new_handle = client().create("/file");
  client().write(new_handle, 0, "new content");
  client().close(new_handle);
  client().write(old_handle, 3, "er");
  EXPECT_EQ(client().read(old_handle, 0, 100), "older");
  client().close(old_handle);
  EXPECT_EQ(tree().content("/file"), "new content");
  EXPECT_EQ(client().read_file("/file"), "new content");
}

TEST_F(UnlinkedTest, AnOpenFileCanBeReadAfterItsRemoval) {
  config_.readahead_bytes = 128 * 1024;
  const std::string content = pattern(2'000'000);
  tree().put_file("/dir/file", content);
  const vfs::Handle handle = client().open("/dir/file");
  EXPECT_EQ(client().read(handle, 0, 4096), content.substr(0, 4096));
  client().unlink("/dir/file");
  EXPECT_FALSE(client().exists("/dir/file"));
  EXPECT_THAT(client().names("/dir"), IsEmpty());
  EXPECT_EQ(client().read(handle, 1'500'000, 4096), content.substr(1'500'000, 4096));
  client().release(handle);
  EXPECT_THAT(tree().names("/dir"), IsEmpty());
}

TEST_F(UnlinkedTest, ARemovedOpenFileMovesWithItsDirectory) {
  config_.readahead_bytes = 128 * 1024;
  const std::string content = pattern(2'000'000);
  tree().put_file("/dir/file", content);
  const vfs::Handle handle = client().open("/dir/file");
  client().unlink("/dir/file");
  client().rename("/dir", "/moved");
  EXPECT_EQ(client().read(handle, 1'500'000, 4096), content.substr(1'500'000, 4096));
  EXPECT_THAT(client().names("/moved"), IsEmpty());
  client().release(handle);
  EXPECT_THAT(tree().names("/moved"), IsEmpty());
}

TEST_F(UnlinkedTest, AnOpenFileCanBeReadAfterItWasReplacedByARename) {
  config_.readahead_bytes = 128 * 1024;
  const std::string content = pattern(2'000'000);
  tree().put_file("/file", content);
  tree().put_file("/other", "other");
  const vfs::Handle handle = client().open("/file");
  client().rename("/other", "/file");
  EXPECT_EQ(client().read(handle, 1'500'000, 4096), content.substr(1'500'000, 4096));
  EXPECT_EQ(client().read_file("/file"), "other");
  client().release(handle);
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

// The stream that it waits for is opened by a name that another file has by then.
TEST_F(UnlinkedTest, AReadDuringARenameOverItsFileIsNotOfTheOtherOne) {
  const std::string content = pattern(1'000'000);
  for (const std::size_t size : {content.size(), std::size_t{5}, 2 * content.size()}) {
    SCOPED_TRACE(size);
    tree().put_file("/file", content);
    tree().put_file("/other", pattern(size, 7));
    advance(std::chrono::seconds(60));
    const vfs::Handle handle = client().open("/file");
    remote_.on(Op::open_source).hold();
    Pending<Slices> reading = client().read_later(handle, 0, 4096);
    client().rename("/other", "/file");
    remote_.on(Op::open_source).release();
    EXPECT_EQ(text_of(reading.get()), content.substr(0, 4096));
    client().release(handle);
    settle(io_);
  }
}

TEST_F(UnlinkedTest, ARemovedOpenFileHasNoLinksLeft) {
  tree().put_file("/file", "content");
  const vfs::Handle handle = client().open("/file");
  const vfs::Ino ino = client().ino("/file");
  EXPECT_EQ(client().getattr(ino).st_nlink, 1u);
  client().unlink("/file");
  EXPECT_EQ(client().getattr(ino).st_nlink, 0u) << "the kernel asks without a handle";
  EXPECT_EQ(client().getattr(ino).st_size, 7);
  client().release(handle);
}

TEST_F(UnlinkedTest, AnOpenReaderFollowsItsFileToItsNewName) {
  config_.readahead_bytes = 128 * 1024;
  const std::string content = pattern(2'000'000);
  tree().put_file("/a", content);
  const vfs::Handle handle = client().open("/a");
  EXPECT_EQ(client().read(handle, 0, 4096), content.substr(0, 4096));
  client().rename("/a", "/b");
  EXPECT_EQ(client().read(handle, 1'500'000, 4096), content.substr(1'500'000, 4096));
  client().release(handle);
}

TEST_F(UnlinkedTest, AnOpenFilesDirectoryCanBeEmptiedAndRemoved) {
  tree().put_file("/dir/file", "content");
  const vfs::Handle handle = client().open("/dir/file");
  client().unlink("/dir/file");
  client().release(handle);
  client().rmdir("/dir");
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, ARenameThatFailsLeavesTheOpenTargetItWasToReplace) {
  tree().put_file("/target", "old");
  tree().put_file("/source", "new");
  const vfs::Handle reader = client().open("/target");
  remote_.on(Op::rename).hold();
  auto rename = client().rename_later("/source", "/target");
  tree().remove("/source");  // so that the second step finds nothing
  remote_.on(Op::rename).release();
  EXPECT_EQ(rename.code(), ENOENT);
  EXPECT_EQ(client().read(reader, 0, 100), "old");
  client().release(reader);
  EXPECT_EQ(tree().content("/target"), "old");
  EXPECT_EQ(client().read_file("/target"), "old");
}

TEST_F(UnlinkedTest, ATargetThatCannotBeBroughtBackIsNotRemovedEither) {
  tree().put_file("/target", "old");
  tree().put_file("/source", "new");
  const vfs::Handle reader = client().open("/target");
  remote_.on(Op::rename).hold(When::after_effect);
  auto rename = client().rename_later("/source", "/target");
  remote_.on(Op::rename).fail_next(ConnectionLost(ETIMEDOUT, "silence"), 100);
  remote_.on(Op::rename).release();
  EXPECT_EQ(rename.code(), ETIMEDOUT);
  client().release(reader);
  ASSERT_THAT(tree().names("/"), SizeIs(2));
  EXPECT_EQ(tree().content("/" + tree().names("/").front()), "old") << "under its hidden name";
}

TEST_F(UnlinkedTest, ALostReplyToARenameDoesNotBringTheOldTargetBack) {
  tree().put_file("/target", "old");
  tree().put_file("/source", "new");
  const vfs::Handle reader = client().open("/target");
  remote_.on(Op::rename).hold(When::after_effect);
  auto rename = client().rename_later("/source", "/target");
  tree().rename(Path("/source"), Path("/target"));  // done, though the reply will not come
  remote_.on(Op::rename).fail_next(ConnectionLost(EIO, "reset"));
  remote_.on(Op::rename).release();
  EXPECT_EQ(rename.code(), EIO);
  EXPECT_EQ(client().read(reader, 0, 100), "old");
  client().release(reader);
  EXPECT_EQ(client().read_file("/target"), "new");
  EXPECT_THAT(tree().names("/"), ElementsAre("target"));
}

TEST_F(UnlinkedTest, ARemovalThatFailsDoesNotLoseWhatWasBeingSaved) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  remote_.on(Op::commit).hold();
  auto flush = client().flush_later(handle);
  remote_.on(Op::remove_file).hold();
  auto unlink = client().unlink_later("/file");
  remote_.on(Op::commit).fail_next(ConnectionLost(EIO, "reset"));
  remote_.on(Op::commit).release();
  remote_.on(Op::remove_file).fail_next(Error(EACCES, "550"));
  remote_.on(Op::remove_file).release();
  EXPECT_EQ(unlink.code(), EACCES);
  flush.get();
  EXPECT_EQ(tree().content("/file"), "content");
  client().release(handle);
}

TEST_F(UnlinkedTest, AWriteToAFileThatVanishedOnTheServerFails) {
  tree().put_file("/file", "content");
  const vfs::Handle handle = client().open("/file", O_RDWR);
  const vfs::Ino ino = client().ino("/file");
  tree().remove("/file");
  advance(config_.listing_ttl);
  EXPECT_EQ(errno_of([&] { client().getattr(ino); }), ENOENT);
  EXPECT_EQ(errno_of([&] { client().write(handle, 0, "CONTENT"); }), ESTALE) << "it would go nowhere";
  client().release(handle);
}

TEST_F(UnlinkedTest, AtTheEndOfTheMountNoHiddenNameIsLeft) {
  tree().put_file("/dir/file", "content");
  client().open("/dir/file");
  client().unlink("/dir/file");
  test::run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)));
  EXPECT_THAT(tree().names("/dir"), IsEmpty());
}

// A local file system removes a directory whose last file is held open: so do we, though the file must lie
// somewhere.
TEST_F(UnlinkedTest, ADirectoryIsRemovedAroundAnUnlinkedFileThatIsHeldOpen) {
  tree().put_file("/dir/sub/file", "content");
  const vfs::Handle handle = client().open("/dir/sub/file", O_RDONLY);
  client().unlink("/dir/sub/file");
  client().rmdir("/dir/sub");
  client().rmdir("/dir");
  EXPECT_THAT(client().names("/"), IsEmpty());
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  client().release(handle);
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, ADirectoryIsReplacedAroundAnUnlinkedFileThatIsHeldOpen) {
  tree().put_file("/dir/file", "content");
  tree().put_directory("/new");
  const vfs::Handle handle = client().open("/dir/file", O_RDONLY);
  client().unlink("/dir/file");
  client().rename("/new", "/dir");
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  client().release(handle);
  EXPECT_THAT(tree().names("/"), ElementsAre("dir"));
}

TEST_F(UnlinkedTest, ADirectoryIsRemovedOnceWhatWasHeldOpenInItIsGone) {
  tree().put_file("/dir/file", "content");
  const vfs::Handle handle = client().open("/dir/file", O_RDONLY);
  client().unlink("/dir/file");
  remote_.on(Op::remove_file).hold();
  client().release(handle);
  auto removal = client().rmdir_later("/dir");
  EXPECT_FALSE(removal.done());
  remote_.on(Op::remove_file).release();
  removal.get();
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, WhatIsClosedWhileItMovesUpIsDeletedThere) {
  tree().put_file("/dir/file", "content");
  const vfs::Handle handle = client().open("/dir/file", O_RDONLY);
  client().unlink("/dir/file");
  remote_.on(Op::rename).hold();
  auto removal = client().rmdir_later("/dir");
  client().release(handle);
  remote_.on(Op::rename).release();
  removal.get();
  settle(io_);
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(UnlinkedTest, AChangedFileThatWasUnlinkedLeavesNoStageBehind) {
  tree().put_file("/file", "old content");
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 3, "!");
  EXPECT_EQ(client().read(handle, 0, 100), "old!content");
  EXPECT_EQ(open_stages(), 1u);
  client().unlink("/file");
  client().close(handle);
  EXPECT_EQ(open_stages(), 0u);
}

// The server refuses to remove what was held open: nobody waits for it for ever, and it shows.
TEST_F(UnlinkedTest, WhatCannotBeRemovedShowsAndKeepsItsDirectory) {
  tree().put_file("/dir/file", "content");
  const vfs::Handle handle = client().open("/dir/file", O_RDONLY);
  client().unlink("/dir/file");
  remote_.on(Op::remove_file).fail_next(Error(EACCES, "550"));
  client().release(handle);
  settle(io_);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir"); }), ENOTEMPTY);
  ASSERT_THAT(client().names("/dir"), SizeIs(1));
  client().unlink("/dir/" + client().names("/dir").front());
  client().rmdir("/dir");
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
