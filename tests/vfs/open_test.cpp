// SPDX-License-Identifier: MIT
// Close-to-open: at open() the file is looked at again once the kernel's time is over, and old pages are kept
// only when nothing changed.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;

class OpenTest : public VfsTest {
 protected:
  void read_once() {
    const vfs::Handle handle = client().open("/file");
    client().read(handle, 0, 4096);
    client().release(handle);
  }
  bool pages_are_kept() {
    const vfs::Opened opened = client().open_fully("/file", O_RDONLY);
    client().release(opened.handle);
    return opened.keep_cache;
  }
  void kernel_ttl_passes() { advance(config_.kernel_ttl + std::chrono::milliseconds(1)); }
};

TEST_F(OpenTest, PagesOfAnUnchangedFileAreKept) {
  tree().put_file("/file", "content");
  read_once();
  EXPECT_TRUE(pages_are_kept());
  kernel_ttl_passes();
  EXPECT_TRUE(pages_are_kept());
}

TEST_F(OpenTest, AFileChangedBehindOurBackIsNoticed) {
  tree().put_file("/file", "old");
  read_once();
  kernel_ttl_passes();
  tree().put_file("/file", "new content");
  const vfs::Opened opened = client().open_fully("/file", O_RDONLY);
  EXPECT_FALSE(opened.keep_cache);
  EXPECT_EQ(client().read(opened.handle, 0, 4096), "new content");
  EXPECT_EQ(client().stat("/file").st_size, 11);
  client().release(opened.handle);
  EXPECT_TRUE(pages_are_kept()) << "from now on the new version is known";
}

TEST_F(OpenTest, AChangeOfTheSameSizeIsNoticedByItsTime) {
  tree().put_file("/file", "old");
  read_once();
  kernel_ttl_passes();
  tree().put_file("/file", "new");
  const vfs::Opened opened = client().open_fully("/file", O_RDONLY);
  EXPECT_FALSE(opened.keep_cache);
  EXPECT_EQ(client().read(opened.handle, 0, 4096), "new");
  client().release(opened.handle);
}

TEST_F(OpenTest, AListingInMinutesDoesNotHideAChangeWithinTheMinute) {
  remote_.set_list_precision(Precision::minute);
  tree().put_file("/file", "old");
  client().names("/");
  read_once();
  kernel_ttl_passes();
  read_once();  // now the exact time is known
  kernel_ttl_passes();
  tree().put_file("/file", "new");
  const vfs::Opened opened = client().open_fully("/file", O_RDONLY);
  EXPECT_FALSE(opened.keep_cache);
  EXPECT_EQ(client().read(opened.handle, 0, 4096), "new");
  client().release(opened.handle);
}

// Or vim, which looks before and after it has opened the file, warns of a change by somebody else.
TEST_F(OpenTest, ATimeThatWasShownInMinutesStaysWhenOpeningTellsTheSecond) {
  remote_.set_list_precision(Precision::minute);
  tree().put_file("/file", "content");
  tree().find(Path("/file"))->mtime = 1'234'567'899;
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'860);
  kernel_ttl_passes();
  const vfs::Opened opened = client().open_fully("/file", O_RDWR);
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'860);
  client().write(opened.handle, 0, "C");
  EXPECT_GT(client().stat("/file").st_mtime, 1'234'567'899);
  client().release(opened.handle);
  EXPECT_GT(client().stat("/file").st_mtime, 1'234'567'899);
  vfs::Changes changes;
  changes.mtime = 1'234'567'999;
  client().setattr("/file", changes);
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'999);
}

TEST_F(OpenTest, ATimeThatWasShownInMinutesGivesWayToAChange) {
  remote_.set_list_precision(Precision::minute);
  tree().put_file("/file", "old");
  tree().find(Path("/file"))->mtime = 1'234'567'890;
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'860);
  read_once();
  kernel_ttl_passes();
  read_once();  // now the second is known
  tree().find(Path("/file"))->mtime = 1'234'567'899;
  kernel_ttl_passes();
  read_once();
  EXPECT_EQ(client().stat("/file").st_mtime, 1'234'567'899);
}

TEST_F(OpenTest, ReopeningWithinTheKernelsTimeCostsNothing) {
  tree().put_file("/file", "content");
  read_once();
  const std::size_t stats = remote_.calls(Op::stat) + remote_.calls(Op::list);
  read_once();
  EXPECT_EQ(remote_.calls(Op::stat) + remote_.calls(Op::list), stats);
}

TEST_F(OpenTest, LookingAgainCostsOneCallAndNoListing) {
  tree().put_file("/file", "content");
  client().names("/");
  read_once();
  kernel_ttl_passes();
  const std::size_t calls = remote_.calls();
  client().release(client().open("/file"));
  EXPECT_EQ(remote_.calls(), calls + 1);
  EXPECT_EQ(remote_.calls(Op::list), 1u);
}

TEST_F(OpenTest, AFileRemovedBehindOurBackIsMissing) {
  tree().put_file("/file", "content");
  read_once();
  kernel_ttl_passes();
  tree().remove("/file");
  EXPECT_THAT(errno_of([&] { client().open("/file"); }), AnyOf(ENOENT, ESTALE));
  EXPECT_FALSE(client().exists("/file"));
}

TEST_F(OpenTest, ALostConnectionIsNotAMissingFile) {
  tree().put_file("/file", "content");
  read_once();
  kernel_ttl_passes();
  remote_.on(Op::stat).fail_next(ConnectionLost(ETIMEDOUT, "silence"));
  EXPECT_EQ(errno_of([&] { client().open("/file"); }), ETIMEDOUT);
  EXPECT_TRUE(client().exists("/file"));
}

TEST_F(OpenTest, AChangeSeenInAListingSpoilsThePagesToo) {
  tree().put_file("/file", "old");
  read_once();
  advance(config_.listing_ttl);
  tree().put_file("/file", "new content");
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_size, 11);
  EXPECT_FALSE(pages_are_kept());
}

TEST_F(OpenTest, OurOwnUploadDoesNotSpoilThePages) {
  client().write_file("/file", "content");
  read_once();
  kernel_ttl_passes();
  EXPECT_TRUE(pages_are_kept());
}

TEST_F(OpenTest, CloseOfAReaderNeedNotAskUs) {
  tree().put_file("/file", "content");
  const vfs::Opened reader = client().open_fully("/file", O_RDONLY);
  EXPECT_TRUE(reader.no_flush);
  const vfs::Opened writer = client().open_fully("/file", O_RDWR);
  EXPECT_FALSE(writer.no_flush);
  EXPECT_NE(reader.handle, writer.handle);
  client().release(reader.handle);
  client().release(writer.handle);
}

TEST_F(OpenTest, OpeningAnExistingFileForWritingDownloadsNothing) {
  tree().put_file("/file", std::string(1'000'000, 'x'));
  const vfs::Handle handle = client().open("/file", O_RDWR);
  settle(io_);
  EXPECT_EQ(remote_.bytes_read(), 0u);
  client().close(handle);
  EXPECT_TRUE(remote_.sinks().empty()) << "nothing was written";
}

TEST_F(OpenTest, AnInterruptedOpenIsAbandoned) {
  tree().put_file("/file", "content");
  const vfs::Ino ino = client().ino("/file");
  kernel_ttl_passes();
  remote_.on(Op::stat).hold();
  std::stop_source stop;
  Pending<vfs::Opened> pending(io_, fs().open(ino, O_RDONLY, stop.get_token()), stop);
  ASSERT_FALSE(pending.done());
  pending.interrupt();
  EXPECT_EQ(pending.code(), EINTR);
}

// The kernel asks for the name again after ESTALE: open(O_CREAT) then makes the file instead of failing.
TEST_F(OpenTest, AFileRemovedBehindOurBackIsStaleNotMissing) {
  tree().put_file("/file", "content");
  read_once();
  const vfs::Ino ino = client().ino("/file");
  kernel_ttl_passes();
  tree().remove("/file");
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().open(ino, O_WRONLY | O_TRUNC, {})); }), ESTALE);
}

TEST_F(OpenTest, PagesOfAChangeThatWasGivenUpAreNotKept) {
  tree().put_file("/file", "old");
  read_once();
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "new");
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EACCES);
  ASSERT_EQ(kept_in_spool().size(), 1u);
  const vfs::Opened opened = client().open_fully("/file", O_RDONLY);
  EXPECT_FALSE(opened.keep_cache);
  EXPECT_EQ(client().read(opened.handle, 0, 100), "old");
  client().release(opened.handle);
}

TEST_F(OpenTest, ASavedFileStillOpenForWritingShowsANewerVersionOfTheServer) {
  tree().put_file("/file", "mine and more");
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "MINE");
  client().flush(handle);
  advance(config_.listing_ttl);
  tree().find(Path("/file"))->content = "THEIRS and more";
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_size, 15);
  EXPECT_EQ(client().read(handle, 0, 100), "THEIRS and more");
  client().write(handle, 7, "AND");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "THEIRS AND more");
}

}  // namespace
}  // namespace ftpfs::test
