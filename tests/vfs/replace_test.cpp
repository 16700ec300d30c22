// SPDX-License-Identifier: MIT
// Replacing a file that exists: by a temporary name, so that the old content stays until the new one is
// complete.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class ReplaceTest : public VfsTest {
 protected:
  ReplaceTest() { tree().put_file("/dir/file", "old content"); }

  vfs::Handle open_and_write(std::string_view content) {
    const vfs::Handle handle = client().open("/dir/file", O_WRONLY | O_TRUNC);
    client().write(handle, 0, content);
    return handle;
  }
};

TEST_F(ReplaceTest, GoesByATemporaryNameInTheSameDirectory) {
  client().write_file("/dir/file", "new content!");
  EXPECT_EQ(tree().content("/dir/file"), "new content!");
  EXPECT_THAT(tree().names("/dir"), ElementsAre("file"));
  ASSERT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_NE(remote_.sinks()[0].path, Path("/dir/file"));
  EXPECT_EQ(remote_.sinks()[0].path.parent(), Path("/dir"));
  EXPECT_EQ(remote_.calls(Op::rename), 1u);
}

TEST_F(ReplaceTest, TheServerHasTheOldContentUntilTheNewIsComplete) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = open_and_write("new");
  auto flush = client().flush_later(handle);
  EXPECT_EQ(tree().content("/dir/file"), "old content");
  remote_.on(Op::commit).release();
  remote_.on(Op::rename).hold();
  settle(io_);
  EXPECT_EQ(tree().content("/dir/file"), "old content");
  EXPECT_FALSE(flush.done());
  remote_.on(Op::rename).release();
  flush.get();
  EXPECT_EQ(tree().content("/dir/file"), "new");
  client().release(handle);
}

// vsftpd has the same bare 553 for a directory where nothing may be created and for a full disk.
TEST_F(ReplaceTest, AFullServerThatRefusesTheTemporaryNameKeepsTheOldContent) {
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553 Could not create file."));
  remote_.fail_sinks_after(3, Error(ENOSPC, "451 Failure writing to local file."));
  const vfs::Handle handle = open_and_write("new content, longer");
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  EXPECT_EQ(tree().content("/dir/file"), "old content");
  EXPECT_EQ(client().read(handle, 0, 100), "new content, longer") << "and is tried again";
  client().flush(handle);
  EXPECT_EQ(tree().content("/dir/file"), "new content, longer");
  client().release(handle);
}

// The old content of then is not put over what was saved, or written by others, since.
TEST_F(ReplaceTest, WhatIsPutBackIsTheLatest) {
  const vfs::Handle handle = open_and_write("second, longer than the first");
  for (const std::string there : {"old content", "second, longer than the first"}) {
    remote_.on(Op::open_sink).fail_next(Error(EACCES, "553 Could not create file."));
    remote_.fail_sinks_after(3, Error(ENOSPC, "451 Failure writing to local file."));
    EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
    EXPECT_EQ(tree().content("/dir/file"), there);
    client().flush(handle);
    client().write(handle, 0, "third");
  }
  client().close(handle);
  EXPECT_EQ(tree().content("/dir/file"), "third" + std::string("second, longer than the first").substr(5));
}

TEST_F(ReplaceTest, OldContentThatCannotBePutBackIsKept) {
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553 Could not create file."));
  remote_.fail_sinks_after(3, Error(ENOSPC, "451 Failure writing to local file."), 2);
  const vfs::Handle handle = open_and_write("new content");
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  remote_.on(Op::open_sink).fail_next(Error(EROFS, "550"), 10);
  EXPECT_NE(client().flush_later(handle).code(), 0);
  client().release(handle);
  settle(io_);
  EXPECT_THAT(kept_in_spool(), testing::UnorderedElementsAre("new content", "old content"));
}

TEST_F(ReplaceTest, WhatCannotBeFetchedFirstIsNotOverwrittenInPlace) {
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553 Could not create file."));
  remote_.on(Op::open_source).fail_next(Error(EIO, "451"), 5);
  const vfs::Handle handle = open_and_write("new content");
  EXPECT_NE(client().flush_later(handle).code(), 0);
  EXPECT_EQ(tree().content("/dir/file"), "old content");
  remote_.recover();
  client().flush(handle);
  client().release(handle);
}

TEST_F(ReplaceTest, TheTemporaryNameIsNeverShown) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = open_and_write("new");
  auto flush = client().flush_later(handle);
  EXPECT_THAT(tree().names("/dir"), SizeIs(2));
  fs().drop_caches();
  EXPECT_THAT(client().names("/dir"), ElementsAre("file"));
  EXPECT_EQ(client().stat("/dir/file").st_size, 3);
  remote_.on(Op::commit).release();
  flush.get();
  client().release(handle);
}

TEST_F(ReplaceTest, AFailedUploadLeavesTheOldContentAndNothingElse) {
  for (const Op op : {Op::open_sink, Op::write, Op::commit, Op::rename}) {
    remote_.on(op).fail_next(Error(ENOSPC, "552"), 100);
    const vfs::Handle handle = open_and_write("new");
    EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
    settle(io_);
    EXPECT_EQ(tree().content("/dir/file"), "old content");
    EXPECT_THAT(tree().names("/dir"), ElementsAre("file"));
    remote_.on(op).fail_no_more();
    client().close(handle);
    EXPECT_EQ(tree().content("/dir/file"), "new")
        << "the data was kept and goes up when the server can take it";
    tree().put_file("/dir/file", "old content");
    fs().drop_caches();
    advance(config_.listing_ttl);
  }
}

TEST_F(ReplaceTest, AnUploadThatBreaksInTheMiddleLeavesTheOldContent) {
  remote_.fail_sinks_after(50'000, Error(EDQUOT, "552"), 100);
  const vfs::Handle handle = open_and_write(pattern(100'000));
  EXPECT_EQ(client().flush_later(handle).code(), EDQUOT);
  settle(io_);
  EXPECT_EQ(tree().content("/dir/file"), "old content");
  EXPECT_THAT(tree().names("/dir"), ElementsAre("file"));
  client().release(handle);
}

TEST_F(ReplaceTest, InplaceWritesStraightOverTheOldContent) {
  config_.upload = vfs::UploadMode::inplace;
  client().write_file("/dir/file", "new content!");
  EXPECT_EQ(tree().content("/dir/file"), "new content!");
  ASSERT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_EQ(remote_.sinks()[0].path, Path("/dir/file"));
  EXPECT_EQ(remote_.calls(Op::rename), 0u);
}

TEST_F(ReplaceTest, AtomicSendsNewFilesByATemporaryNameToo) {
  config_.upload = vfs::UploadMode::atomic;
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = client().create("/dir/new");
  client().write(handle, 0, "content");
  auto flush = client().flush_later(handle);
  EXPECT_FALSE(tree().exists("/dir/new"));
  EXPECT_THAT(client().names("/dir"), ElementsAre("file", "new"));
  remote_.on(Op::commit).release();
  flush.get();
  client().release(handle);
  EXPECT_EQ(tree().content("/dir/new"), "content");
  EXPECT_THAT(tree().names("/dir"), ElementsAre("file", "new"));
  for (const auto& sink : remote_.sinks()) EXPECT_NE(sink.path, Path("/dir/new"));
}

TEST_F(ReplaceTest, OurOwnNewFileNeedsNoProtectionWhileItIsOpen) {
  const vfs::Handle handle = client().create("/dir/new");
  client().write(handle, 0, "one");
  client().flush(handle);
  client().write(handle, 0, "two");
  client().close(handle);
  EXPECT_EQ(tree().content("/dir/new"), "two");
  EXPECT_THAT(tree().names("/dir"), ElementsAre("file", "new"));
}

TEST_F(ReplaceTest, TruncatingWithoutWritingEmptiesTheFile) {
  const vfs::Handle handle = client().open("/dir/file", O_WRONLY | O_TRUNC);
  EXPECT_EQ(client().stat("/dir/file").st_size, 0);
  client().close(handle);
  EXPECT_EQ(tree().content("/dir/file"), "");
  EXPECT_EQ(remote_.bytes_read(), 0u);
}

TEST_F(ReplaceTest, TheModeOfTheOldFileStays) {
  tree().find(Path("/dir/file"))->mode = 0600;
  client().write_file("/dir/file", "new");
  EXPECT_EQ(tree().find(Path("/dir/file"))->mode, 0600);
}

}  // namespace
}  // namespace ftpfs::test
