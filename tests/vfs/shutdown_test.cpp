// SPDX-License-Identifier: MIT
// The end of a mount: what is dirty goes to the server, what cannot is kept and told.
#include <new>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ShutdownTest : public VfsTest {
 protected:
  std::vector<std::string> shut_down() {
    const Clock::time_point deadline = clock_.now() + std::chrono::seconds(60);
    return test::run(io_, fs().shutdown(deadline));
  }
  vfs::Handle create_and_write(std::string_view path, std::string_view content) {
    const vfs::Handle handle = client().create(path);
    client().write(handle, 0, content);
    return handle;
  }
};

TEST_F(ShutdownTest, WithNothingDirtyIsQuick) {
  client().write_file("/file", "content");
  const std::size_t calls = remote_.calls();
  EXPECT_THAT(shut_down(), IsEmpty());
  EXPECT_EQ(remote_.calls(), calls);
  EXPECT_THAT(kept_in_spool(), IsEmpty());
}

TEST_F(ShutdownTest, CommitsWhatIsDirty) {
  tree().put_file("/old", "old content");
  create_and_write("/new", "content");
  const vfs::Handle changed = client().open("/old", O_RDWR);
  client().write(changed, 0, "OLD");
  EXPECT_THAT(shut_down(), IsEmpty());
  EXPECT_EQ(tree().content("/new"), "content");
  EXPECT_EQ(tree().content("/old"), "OLD content");
  EXPECT_THAT(kept_in_spool(), IsEmpty());
}

TEST_F(ShutdownTest, WaitsForARunningUpload) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("/file", "content");
  auto flush = client().flush_later(handle);
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)),
                                             unused);
  EXPECT_FALSE(shutdown.done());
  remote_.on(Op::commit).release();
  EXPECT_THAT(shutdown.get(), IsEmpty());
  EXPECT_EQ(flush.code(), 0);
  EXPECT_EQ(tree().content("/file"), "content");
}

// One after another would take too long where there are many: systemd gives 90 s.
TEST_F(ShutdownTest, SeveralGoSideBySideAsFarAsThereAreSessions) {
  remote_.set_spare(3);
  const std::string names[] = {"/a", "/b", "/c", "/d", "/e", "/f", "/g"};
  for (const std::string& name : names) tree().put_file(name, "old");
  for (const std::string& name : names) client().write(client().open(name, O_RDWR), 0, "new");
  remote_.on(Op::commit).hold();
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)),
                                             unused);
  EXPECT_EQ(remote_.live_sinks(), 3u);
  remote_.on(Op::commit).release();
  EXPECT_THAT(shutdown.get(), IsEmpty());
  for (const std::string& name : names) EXPECT_EQ(tree().content(name), "new");
}

TEST_F(ShutdownTest, RefusesNewOpens) {
  tree().put_file("/file", "content");
  const vfs::Ino ino = client().ino("/file");
  shut_down();
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().open(ino, O_RDONLY, {})); }), ESHUTDOWN);
  EXPECT_EQ(errno_of([&] { client().create("/new"); }), ESHUTDOWN);
}

TEST_F(ShutdownTest, WhatCannotBeSavedIsToldAndKept) {
  create_and_write("/dir-less", "saved");
  tree().put_directory("/dir");
  const std::string content = pattern(100'000);
  const vfs::Handle lost = create_and_write("/dir/lost", content);
  client().flush(lost);
  client().write(lost, content.size(), "more");
  remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "552"), 100);
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  const auto unsaved = shut_down();
  EXPECT_THAT(unsaved, testing::Contains("/dir/lost"));
  EXPECT_THAT(kept_in_spool(), testing::Contains(content + "more"));
}

TEST_F(ShutdownTest, TheDeadlineEndsAHangingUploadAndKeepsItsData) {
  remote_.on(Op::commit).hold();
  create_and_write("/file", "content");
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)),
                                             unused);
  EXPECT_FALSE(shutdown.done());
  advance(std::chrono::seconds(59));
  EXPECT_FALSE(shutdown.done());
  advance(std::chrono::seconds(2));
  EXPECT_THAT(shutdown.get(), ElementsAre("/file"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
  remote_.on(Op::commit).release();
}

TEST_F(ShutdownTest, SeveralUnsavedFilesAreKeptApart) {
  tree().put_directory("/a");
  tree().put_directory("/b");
  remote_.on(Op::commit).fail_next(Error(EDQUOT, "552"), 100);
  create_and_write("/a/same", "one");
  create_and_write("/b/same", "two");
  EXPECT_THAT(shut_down(), UnorderedElementsAre("/a/same", "/b/same"));
  EXPECT_THAT(kept_in_spool(), UnorderedElementsAre("one", "two"));
}

TEST_F(ShutdownTest, WantOfMemoryForOneFileDoesNotLoseTheOthers) {
  create_and_write("/a", "one");
  create_and_write("/b", "two");
  create_and_write("/c", "three");
  remote_.on(Op::commit).fail_next(std::bad_alloc());
  EXPECT_EQ(shut_down().size(), 1u);
  EXPECT_EQ(kept_in_spool().size(), 1u);
  EXPECT_EQ(remote_.calls(Op::commit), 3u);
}

TEST_F(ShutdownTest, ARemovedFileNeedsNoSaving) {
  create_and_write("/file", "content");
  client().unlink("/file");
  EXPECT_THAT(shut_down(), IsEmpty());
  EXPECT_THAT(tree().names("/"), IsEmpty());
  EXPECT_THAT(kept_in_spool(), IsEmpty());
}

// A program that heard EACCES from close() knows: neither is it tried again at unmount nor is the mount's end
// a failure, whether the last close() was long ago or a moment.
TEST_F(ShutdownTest, ARefusalThatCloseReportedIsNoFailureOfTheUnmount) {
  remote_.on(Op::commit).fail_next(Error(EACCES, "553"), 100);
  const vfs::Handle handle = create_and_write("/file", "content");
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EACCES);
  EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
  const std::size_t calls = remote_.calls();
  EXPECT_THAT(shut_down(), IsEmpty());
  EXPECT_EQ(remote_.calls(), calls);
}

TEST_F(ShutdownTest, WhatFailedBeforeIsTriedOnceMore) {
  const vfs::Handle handle = create_and_write("/file", "content");
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  EXPECT_EQ(errno_of([&] { client().close(handle); }), ENOSPC);
  remote_.on(Op::commit).fail_no_more();
  EXPECT_THAT(shut_down(), IsEmpty());
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(ShutdownTest, TheSpoolMustBeUsable) {
  config_.spool_directory = "/dev/null/spool";
  EXPECT_NE(errno_of([&] { fs(); }), 0);
  config_.spool_directory = "";
  EXPECT_NE(errno_of([&] { fs(); }), 0);
}

TEST_F(ShutdownTest, NoWriteIsTakenThatNobodyWouldSave) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("/file", "content");
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)),
                                             unused);
  ASSERT_FALSE(shutdown.done());
  EXPECT_EQ(errno_of([&] { client().write(handle, 7, "more"); }), ESHUTDOWN);
  EXPECT_EQ(errno_of([&] { client().truncate("/file", 0); }), ESHUTDOWN);
  remote_.on(Op::commit).release();
  EXPECT_THAT(shutdown.get(), IsEmpty());
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(ShutdownTest, ACloseThatWaitsForWhatIsGivenUpHearsOfIt) {
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = create_and_write("/file", "content");
  auto flush = client().flush_later(handle);
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)),
                                             unused);
  advance(std::chrono::seconds(61));
  EXPECT_THAT(shutdown.get(), ElementsAre("/file"));
  EXPECT_NE(flush.code(), 0);
  remote_.on(Op::commit).release();
}

}  // namespace
}  // namespace ftpfs::test
