// SPDX-License-Identifier: MIT
// Files that are replaced or removed while somebody has them open.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class UnlinkedTest : public VfsTest {};

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
