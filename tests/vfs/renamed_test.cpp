// SPDX-License-Identifier: MIT
// Files that are renamed, or removed, or lie in a directory that is renamed, while somebody writes them.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RenamedTest : public VfsTest {};

TEST_F(RenamedTest, ANewFileRenamedBeforeItsUploadArrivesUnderItsNewName) {
  const vfs::Handle handle = client().create("/tmp");
  client().write(handle, 0, "content");
  client().rename("/tmp", "/final");
  EXPECT_THAT(client().names("/"), ElementsAre("final"));
  client().close(handle);
  EXPECT_EQ(tree().content("/final"), "content");
  EXPECT_THAT(tree().names("/"), ElementsAre("final"));
}

TEST_F(RenamedTest, AChangedFileRenamedBeforeItsUploadArrivesUnderItsNewName) {
  tree().put_file("/a", "old content");
  const vfs::Handle handle = client().open("/a", O_RDWR);
  client().write(handle, 0, "NEW");
  client().rename("/a", "/b");
  EXPECT_EQ(client().read(handle, 0, 100), "NEW content");
  client().close(handle);
  EXPECT_EQ(tree().content("/b"), "NEW content");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
}

TEST_F(RenamedTest, AnAppendedFileRenamedBeforeItsUploadIsComplete) {
  tree().put_file("/a", "old");
  const vfs::Handle handle = client().open("/a", O_WRONLY | O_APPEND);
  client().write(handle, 3, "new");
  client().rename("/a", "/b");
  client().close(handle);
  EXPECT_EQ(tree().content("/b"), "oldnew");
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
}

TEST_F(RenamedTest, ARenameDuringTheUploadLosesNothing) {
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
class MovingTest : public RenamedTest, public testing::WithParamInterface<When> {
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
TEST_F(RenamedTest, AFlushDuringARemovalThatFailsSavesTheFile) {
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
TEST_F(RenamedTest, WhoAsksForADirectoryWhileItIsRenamedDoesNotLoseWhatIsInIt) {
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

TEST_F(RenamedTest, ALookupInADirectoryThatIsRenamedIsAskedAgain) {
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

TEST_F(RenamedTest, ADirectoryRenamedAroundAFileBeingWrittenTakesItAlong) {
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

TEST_F(RenamedTest, SavingByRenamingOverTheOldFileWorks) {
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

}  // namespace
}  // namespace ftpfs::test
