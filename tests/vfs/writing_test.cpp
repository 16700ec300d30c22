// SPDX-License-Identifier: MIT
// Writing new files: what the server gets, in how many uploads, and what is seen of them before.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <ftpfs/base/close_aside.hpp>
#include <ftpfs/vfs/stage.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using vfs::root_ino;

class WritingTest : public VfsTest {};

TEST_F(WritingTest, ANewFileIsOneUploadStraightToItsName) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "hello ");
  client().write(handle, 6, "world");
  client().flush(handle);
  EXPECT_EQ(tree().content("/file"), "hello world");
  client().flush(handle);
  client().release(handle);
  ASSERT_THAT(remote_.sinks(), SizeIs(1));
  EXPECT_EQ(remote_.sinks()[0].path, Path("/file"));
  EXPECT_EQ(remote_.sinks()[0].request.mode, SinkRequest::Mode::replace);
  EXPECT_EQ(remote_.calls(Op::rename), 0u);
  EXPECT_EQ(remote_.calls(Op::commit), 1u);
}

TEST_F(WritingTest, FsyncBringsItToTheServerToo) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "hello");
  test::run(io_, fs().fsync(handle, {}));
  EXPECT_EQ(tree().content("/file"), "hello");
  client().close(handle);
  EXPECT_THAT(remote_.sinks(), SizeIs(1));
}

TEST_F(WritingTest, AnEmptyNewFileIsOneUploadToo) {
  const vfs::Handle handle = client().create("/file");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "");
  EXPECT_THAT(remote_.sinks(), SizeIs(1));
}

TEST_F(WritingTest, ALargeFileIsOneUploadHoweverItIsCut) {
  const std::string content = pattern(8 * mib + 12'345);
  client().write_file("/large", content);
  EXPECT_TRUE(tree().content("/large") == content);
  const vfs::Handle handle = client().create("/small-pieces");
  for (std::size_t offset = 0; offset < mib; offset += 4096) {
    client().write(handle, offset, std::string_view(content).substr(offset, 4096));
  }
  client().close(handle);
  EXPECT_TRUE(tree().content("/small-pieces") == content.substr(0, mib));
  EXPECT_THAT(remote_.sinks(), SizeIs(2));
  EXPECT_EQ(remote_.bytes_written(), content.size() + mib);
}

TEST_F(WritingTest, AWriteBehindWhatWasSentIsNotLost) {
  const std::string content = pattern(4 * mib);
  const vfs::Handle handle = client().create("/file");
  for (std::size_t offset = 0; offset < content.size(); offset += mib) {
    client().write(handle, offset, std::string_view(content).substr(offset, mib));
    settle(io_);
  }
  client().write(handle, 10, "REWRITTEN");
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content.substr(0, 10) + "REWRITTEN" + content.substr(19));
  EXPECT_LE(remote_.sinks().size(), 2u);
}

TEST_F(WritingTest, AHoleIsFullOfZeros) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 100'000, "end");
  client().write(handle, 0, "start");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "start" + std::string(99'995, '\0') + "end");
}

TEST_F(WritingTest, AWriteThatFailsHalfWayLeavesNothingInAHole) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "start");
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto signal_before = ::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{1'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);  // stands for a spool that is full
  const int failure = errno_of([&] { client().write(handle, 500, std::string(1'000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, signal_before);
  EXPECT_EQ(failure, EFBIG);
  client().write(handle, 2'000, "end");
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == "start" + std::string(1'995, '\0') + "end");
}

TEST_F(WritingTest, ANewFileShowsBeforeItsUploadIsDone) {
  client().names("/");
  remote_.on(Op::write).hold();
  remote_.on(Op::commit).hold();
  const vfs::Handle handle = client().create("/file");
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  client().write(handle, 0, "12345");
  EXPECT_EQ(client().stat("/file").st_size, 5);
  EXPECT_EQ(client().read(handle, 0, 100), "12345");
  auto flush = client().flush_later(handle);
  EXPECT_FALSE(flush.done());
  EXPECT_EQ(client().stat("/file").st_size, 5);
  fs().drop_caches();
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  EXPECT_EQ(client().stat("/file").st_size, 5) << "not what the server has so far";
  remote_.on(Op::write).release();
  remote_.on(Op::commit).release();
  flush.get();
  client().release(handle);
  EXPECT_EQ(client().stat("/file").st_size, 5);
}

TEST_F(WritingTest, AnInterruptedCreationShowsTheServersTruth) {
  client().names("/");
  remote_.on(Op::open_sink).hold(When::after_effect);
  std::stop_source stop;
  const int flags = O_WRONLY | O_CREAT | O_EXCL;
  Pending<vfs::Created> creation(io_, fs().create(root_ino, "file", 0644, flags, stop.get_token()), stop);
  creation.interrupt();
  EXPECT_EQ(creation.code(), EINTR);
  remote_.on(Op::open_sink).release();
  ASSERT_EQ(tree().content("/file"), "");
  EXPECT_TRUE(client().exists("/file"));
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
}

TEST_F(WritingTest, AfterTheUploadNothingNeedsToBeAsked) {
  client().names("/");
  client().write_file("/file", "12345");
  const std::size_t calls = remote_.calls();
  EXPECT_EQ(client().stat("/file").st_size, 5);
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  EXPECT_EQ(remote_.calls(), calls);
}

TEST_F(WritingTest, ANewFilesTimesAreNowAndThenTheServers) {
  client().names("/");
  advance(std::chrono::seconds(100));
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "x");
  EXPECT_EQ(client().stat("/file").st_mtime, tree().now());
  advance(std::chrono::seconds(5));
  client().close(handle);
  EXPECT_EQ(client().stat("/file").st_mtime, tree().find(Path("/file"))->mtime);
}

TEST_F(WritingTest, WhatWasWrittenCanBeReadThroughEveryHandle) {
  const vfs::Handle writer = client().create("/file");
  client().write(writer, 0, "hello");
  const vfs::Handle reader = client().open("/file");
  EXPECT_EQ(client().read(reader, 1, 3), "ell");
  client().write(writer, 5, " world");
  EXPECT_EQ(client().read(reader, 0, 100), "hello world");
  client().close(writer);
  EXPECT_EQ(client().read(reader, 0, 100), "hello world");
  client().release(reader);
}

// Its file system takes a while to free what it holds: not on the loop.
TEST_F(WritingTest, ALargeFilesStageIsClosedAside) {
  wait_for_closing();
  client().write_file("/small", pattern(mib));
  EXPECT_FALSE(wait_for_closing());
  client().write_file("/large", pattern(16 * mib));
  EXPECT_TRUE(wait_for_closing());
  EXPECT_EQ(open_stages(), 0u);
}

TEST_F(WritingTest, AFullSpoolWaitsForWhatIsBeingClosed) {
  vfs::Stage stage(UniqueFd(::open("/dev/full", O_RDWR | O_CLOEXEC)), 0);
  close_aside(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_EQ(errno_of([&] { stage.write(0, as_bytes("too much")); }), ENOSPC);
  EXPECT_FALSE(wait_for_closing()) << "it was not waited for";
}

TEST_F(WritingTest, WritingMayGoOnAfterAFlush) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "one");
  client().flush(handle);
  EXPECT_EQ(tree().content("/file"), "one");
  client().write(handle, 3, "two");
  client().flush(handle);
  EXPECT_EQ(tree().content("/file"), "onetwo");
  client().write(handle, 0, "ONE");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "ONEtwo");
}

TEST_F(WritingTest, ReleaseWithoutFlushStillUploads) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "hello");
  client().release(handle);
  EXPECT_EQ(tree().content("/file"), "hello");
  EXPECT_EQ(remote_.live_sinks(), 0u);
}

TEST_F(WritingTest, ARefusalShowsWhenTheFileIsCreated) {
  client().names("/");
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 2);
  EXPECT_EQ(errno_of([&] { client().create("/file"); }), EACCES);
  EXPECT_THAT(client().names("/"), IsEmpty());
  EXPECT_FALSE(client().exists("/file"));
}

TEST_F(WritingTest, CreatingWhatExistsExclusivelyFails) {
  tree().put_file("/file", "old");
  client().names("/");
  EXPECT_EQ(errno_of([&] { client().create("/file", O_RDWR | O_EXCL); }), EEXIST);
  EXPECT_EQ(tree().content("/file"), "old");
}

TEST_F(WritingTest, CreatingWhatExistsOpensIt) {
  tree().put_file("/file", "old");
  client().names("/");
  const vfs::Handle handle = client().create("/file", O_RDWR);
  EXPECT_EQ(client().read(handle, 0, 100), "old");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "old");
}

TEST_F(WritingTest, AStreamTakenAwayBetweenTwoWritesCostsNothingButTime) {
  const std::string content = pattern(4 * mib);
  const vfs::Handle handle = client().create("/file");
  for (std::size_t offset = 0; offset < content.size(); offset += mib) {
    remote_.revoke_streams();
    client().write(handle, offset, std::string_view(content).substr(offset, mib));
    settle(io_);
  }
  remote_.revoke_streams();
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

TEST_F(WritingTest, OneSessionIsEnoughForWritersReadersAndListings) {
  remote_.set_sessions(1);
  config_.readahead_bytes = 256 * 1024;
  const std::string content = pattern(2 * mib);
  tree().put_file("/source", content);
  const vfs::Handle source = client().open("/source");
  const vfs::Handle first = client().create("/first");
  const vfs::Handle second = client().create("/second");
  for (std::size_t offset = 0; offset < content.size(); offset += 131'072) {
    const std::string piece = client().read(source, offset, 131'072);
    client().write(first, offset, piece);
    client().write(second, offset, piece);
    fs().drop_caches();
    EXPECT_THAT(client().names("/"), Contains("second"));
  }
  client().close(first);
  client().close(second);
  client().release(source);
  EXPECT_TRUE(tree().content("/first") == content);
  EXPECT_TRUE(tree().content("/second") == content);
}

TEST_F(WritingTest, ManyNewFilesAtOnce) {
  std::vector<vfs::Handle> handles;
  for (int i = 0; i < 50; ++i) handles.push_back(client().create("/" + std::to_string(i)));
  for (int i = 0; i < 50; ++i) client().write(handles[i], 0, std::to_string(i));
  std::vector<Pending<void>> flushes;
  for (const vfs::Handle handle : handles) flushes.push_back(client().flush_later(handle));
  for (auto& flush : flushes) flush.get();
  for (const vfs::Handle handle : handles) client().release(handle);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(tree().content("/" + std::to_string(i)), std::to_string(i));
}

TEST_F(WritingTest, ADirectoryIsNotOpenedForWriting) {
  tree().put_directory("/dir");
  EXPECT_EQ(errno_of([&] { client().open("/dir", O_WRONLY); }), EISDIR);
}

}  // namespace
}  // namespace ftpfs::test
