// SPDX-License-Identifier: MIT
// A listing that does not tell how long its files are: none of them may seem to be empty to who reads it.
#include <cerrno>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

class UnknownSize : public VfsTest {
 protected:
  UnknownSize() { remote_.set_sizes(MemoryRemote::Sizes::by_stat); }

  void nobody_tells() { remote_.set_sizes(MemoryRemote::Sizes::never); }
  void kernel_ttl_passes() { advance(config_.kernel_ttl + std::chrono::milliseconds(1)); }
  void listing_expires() { advance(config_.listing_ttl + std::chrono::milliseconds(1)); }

  // As the kernel reads: not beyond the size that it is told after open().
  std::string read_by_size(std::string_view path) {
    const vfs::Ino ino = client().ino(path);
    const vfs::Handle handle = client().open(path);
    const std::string content = client().read(handle, 0, client().getattr(ino).st_size);
    client().close(handle);
    return content;
  }
  // What the file is by then is asked for, and not answered.
  Pending<vfs::Opened> open_whose_count_is_cut(vfs::Ino ino) {
    remote_.fail_sources_after(200'000, ConnectionLost(EIO, "cut"));
    remote_.on(Op::read).hold();
    Pending<vfs::Opened> opening(io_, fs().open(ino, O_RDONLY, {}), std::stop_source());
    EXPECT_EQ(remote_.on(Op::read).held(), 1u);
    remote_.on(Op::stat).hold();
    remote_.on(Op::read).release();
    settle(io_);
    EXPECT_EQ(remote_.on(Op::stat).held(), 1u);
    return opening;
  }
  // The last one asked for.
  vfs::Attr attr(std::string_view path) {
    const vfs::Ino ino = client().ino(path);
    if (const auto now = fs().getattr_now(ino)) return *now;
    return run(io_, fs().getattr(ino, {}));
  }
};

TEST_F(UnknownSize, StatAsksForIt) {
  tree().put_file("/file", "content");
  client().names("/");
  EXPECT_EQ(attr("/file").stat.st_size, 7);
  EXPECT_EQ(remote_.calls(Op::stat), 1u);
  EXPECT_EQ(attr("/file").stat.st_size, 7);
  EXPECT_EQ(remote_.calls(Op::stat), 1u) << "now it is known";
}

TEST_F(UnknownSize, TheKernelKeepsNothingOfIt) {
  tree().put_file("/file", "content");
  const vfs::DirHandle directory = client().opendir("/");
  Filler filler;
  fs().readdir(directory, 0, true, filler);
  fs().releasedir(directory);
  ASSERT_EQ(filler.taken.size(), 3u) << "with . and ..";
  EXPECT_EQ(filler.taken[2].entry.attr.ttl.count(), 0);
  fs().forget(filler.taken[2].entry.ino, 1);
  EXPECT_GT(attr("/file").ttl.count(), 0) << "as soon as it is known";
}

TEST_F(UnknownSize, OpenAsksForItWithoutAStatBefore) {
  tree().put_file("/file", "content");
  client().names("/");
  EXPECT_EQ(client().read_file("/file"), "content");
  EXPECT_EQ(read_by_size("/file"), "content");
  EXPECT_EQ(remote_.sources().size(), 1u) << "the second reads what the first has left in memory";
}

TEST_F(UnknownSize, WhatTheListingToldBesidesItStays) {
  tree().put_file("/file", "content")->mode = 0640;
  client().names("/");
  remote_.set_tells_mode(false);
  EXPECT_EQ(client().stat("/file").st_mode & 0777u, 0640u);
  EXPECT_EQ(client().stat("/file").st_size, 7);
}

TEST_F(UnknownSize, StatAsksAboutSoManyOfADirectoryAndOpenAboutEach) {
  constexpr unsigned most = 100;
  for (int i = 0; i < 300; ++i) tree().put_file("/file" + std::to_string(i), "content");
  client().names("/");
  for (int i = 0; i < 300; ++i) attr("/file" + std::to_string(i));
  EXPECT_EQ(remote_.calls(Op::stat), most);
  EXPECT_EQ(attr("/file299").stat.st_size, 0);
  EXPECT_EQ(attr("/file299").ttl.count(), 0);
  EXPECT_EQ(read_by_size("/file299"), "content");
  listing_expires();
  client().names("/");
  EXPECT_EQ(attr("/file298").stat.st_size, 7) << "a new listing, new questions";
}

TEST_F(UnknownSize, WhereNobodyTellsItIsCountedByOpen) {
  nobody_tells();
  tree().put_file("/file", "content");
  client().names("/");
  EXPECT_EQ(read_by_size("/file"), "content");
  EXPECT_EQ(remote_.sources().size(), 1u) << "counted and read in one";
  EXPECT_EQ(client().stat("/file").st_size, 7);
}

TEST_F(UnknownSize, WhereOneAnswerHasNoSizeTheOthersAreNotAskedFor) {
  nobody_tells();
  for (int i = 0; i < 10; ++i) tree().put_file("/file" + std::to_string(i), "content");
  client().names("/");
  for (int i = 0; i < 10; ++i) attr("/file" + std::to_string(i));
  EXPECT_EQ(remote_.calls(Op::stat), 1u);
}

TEST_F(UnknownSize, AFileLargerThanMemoryIsCounted) {
  nobody_tells();
  config_.block_bytes = 300'000;
  for (const std::size_t size : {0u, 1u, 131'071u, 131'072u, 131'073u, 262'144u, 262'145u, 1'000'000u}) {
    tree().put_file("/file", pattern(size));
    listing_expires();
    EXPECT_EQ(read_by_size("/file"), pattern(size)) << size;
  }
}

TEST_F(UnknownSize, ItIsCountedAnewAtEachOpen) {
  nobody_tells();
  tree().put_file("/file", "content");
  EXPECT_EQ(read_by_size("/file"), "content");
  tree().put_file("/file", "more content");
  kernel_ttl_passes();
  EXPECT_EQ(read_by_size("/file"), "more content");
}

TEST_F(UnknownSize, AListingDoesNotCutWhatIsOpen) {
  nobody_tells();
  tree().put_file("/file", pattern(300'000));
  const vfs::Handle handle = client().open("/file");
  listing_expires();
  client().names("/");
  EXPECT_EQ(client().stat("/file").st_size, 300'000);
  EXPECT_EQ(client().read(handle, 0, 300'000), pattern(300'000));
  client().close(handle);
}

TEST_F(UnknownSize, AFileReplacedWhileItIsOpenIsNotEmpty) {
  nobody_tells();
  tree().put_file("/file", "content");
  const vfs::Handle handle = client().open("/file");
  listing_expires();
  tree().put_file("/file", "other content");
  client().names("/");
  client().stat("/file");
  EXPECT_NE(client().read(handle, 0, 4096), "");
  client().close(handle);
}

TEST_F(UnknownSize, ACountThatIsCutGoesOn) {
  nobody_tells();
  tree().put_file("/file", pattern(400'000));
  remote_.fail_sources_after(200'000, ConnectionLost(EIO, "cut"));
  EXPECT_EQ(read_by_size("/file"), pattern(400'000));
}

TEST_F(UnknownSize, ACountThatIsCutIsNotJoinedWithAnotherVersion) {
  nobody_tells();
  for (const bool at_once : {true, false}) {
    SCOPED_TRACE(at_once);
    tree().put_file("/file", pattern(400'000, 1));
    client().names("/");
    remote_.fail_sources_after(200'000, ConnectionLost(EIO, "cut"));
    remote_.on(Op::read).hold();
    Pending<vfs::Opened> opening(io_, fs().open(client().ino("/file"), O_RDONLY, {}), std::stop_source());
    advance(std::chrono::seconds(2));
    tree().put_file("/file", pattern(300'000, 2));  // the stream reads what it has opened
    if (!at_once) remote_.fail_sources_after(250'000, ConnectionLost(EIO, "cut"));
    remote_.on(Op::read).release();
    const vfs::Handle handle = opening.get().handle;
    EXPECT_EQ(client().stat("/file").st_size, 300'000);
    EXPECT_EQ(client().read(handle, 0, 400'000), pattern(300'000, 2));
    client().close(handle);
    listing_expires();
  }
}

TEST_F(UnknownSize, AChangeIsOneThoughTheCountOfTheNewVersionIsCutToo) {
  nobody_tells();
  tree().put_file("/file", pattern(400'000, 1));
  const vfs::Ino ino = client().ino("/file");
  Pending<vfs::Opened> opening = open_whose_count_is_cut(ino);
  advance(std::chrono::seconds(2));
  tree().put_file("/file", pattern(300'000, 2));
  remote_.fail_sources_after(100'000, ConnectionLost(EIO, "cut"));
  remote_.on(Op::stat).release();
  const vfs::Handle handle = opening.get().handle;
  EXPECT_EQ(client().stat("/file").st_size, 300'000);
  EXPECT_EQ(client().read(handle, 0, 400'000), pattern(300'000, 2));
  client().close(handle);
}

TEST_F(UnknownSize, AFileThatIsRemovedWhileACutCountGoesOnIsStale) {
  nobody_tells();
  tree().put_file("/file", pattern(400'000));
  const vfs::Ino ino = client().ino("/file");
  Pending<vfs::Opened> opening = open_whose_count_is_cut(ino);
  tree().remove("/file");
  remote_.on(Op::stat).release();
  EXPECT_EQ(opening.code(), ESTALE);
}

TEST_F(UnknownSize, ACountThatFailsIsAnErrorAndNoEmptyFile) {
  nobody_tells();
  tree().put_file("/file", pattern(400'000));
  remote_.on(Op::open_source).fail_next(ConnectionLost(EIO, "cut"), 2);
  EXPECT_THROW(client().open("/file"), ConnectionLost);
  remote_.on(Op::open_source).fail_next(Error(EACCES, "no"));
  EXPECT_THROW(client().open("/file"), Error);
  EXPECT_EQ(read_by_size("/file"), pattern(400'000));
}

TEST_F(UnknownSize, ACountCanBeInterrupted) {
  nobody_tells();
  tree().put_file("/file", pattern(400'000));
  const vfs::Ino ino = client().ino("/file");
  remote_.on(Op::read).hold();
  std::stop_source stop;
  Pending<vfs::Opened> opening(io_, fs().open(ino, O_RDONLY, stop.get_token()), stop);
  stop.request_stop();
  EXPECT_THROW(opening.get(), Cancelled);
  EXPECT_EQ(remote_.live_sources(), 0u);
  remote_.recover();
  EXPECT_EQ(read_by_size("/file"), pattern(400'000));
}

TEST_F(UnknownSize, ItIsAppendedTo) {
  nobody_tells();
  tree().put_file("/file", "content");
  client().names("/");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_APPEND);
  client().write(handle, 0, " and more");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content and more");
}

TEST_F(UnknownSize, ItIsChangedInTheMiddle) {
  nobody_tells();
  tree().put_file("/file", pattern(300'000));
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 3, "new");
  client().close(handle);
  std::string expected = pattern(300'000);
  expected.replace(3, 3, "new");
  EXPECT_EQ(tree().content("/file"), expected);
}

TEST_F(UnknownSize, WhatIsEmptiedNeedsNoCount) {
  nobody_tells();
  tree().put_file("/file", "content");
  tree().put_file("/other", "content");
  client().names("/");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "new");
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "new");
  client().truncate("/other", 0);
  EXPECT_EQ(tree().content("/other"), "");
  EXPECT_EQ(remote_.sources().size(), 0u);
}

TEST_F(UnknownSize, ItIsCutInTheMiddle) {
  nobody_tells();
  tree().put_file("/file", "content");
  client().names("/");
  client().truncate("/file", 3);
  EXPECT_EQ(tree().content("/file"), "con");
}

TEST_F(UnknownSize, ALinkTakenForAFileTurnsOutToBeADirectory) {
  tree().put_file("/name", "a listing that does not look where links lead");
  client().names("/");
  const vfs::Ino ino = client().ino("/name");
  tree().put_directory("/name");
  tree().put_file("/name/file", "content");
  EXPECT_THROW(client().getattr(ino), Error);
  EXPECT_TRUE(S_ISDIR(client().stat("/name").st_mode));
  EXPECT_EQ(client().read_file("/name/file"), "content");
}

TEST_F(UnknownSize, WhatIsGoneIsGone) {
  tree().put_file("/file", "content");
  client().names("/");
  const vfs::Ino ino = client().ino("/file");
  tree().remove("/file");
  EXPECT_THROW(client().getattr(ino), Error);
  EXPECT_FALSE(client().exists("/file"));
}

}  // namespace
}  // namespace ftpfs::test
