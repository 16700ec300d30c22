// SPDX-License-Identifier: MIT
// Reading: one long stream for who reads on, new streams for who seeks, exact bytes whatever breaks
// meanwhile.
#include <algorithm>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;
using testing::SizeIs;

class ReadingTest : public VfsTest {
 protected:
  // Opens /file with this content.
  vfs::Handle open(std::string content) {
    content_ = std::move(content);
    tree().put_file("/file", content_);
    return client().open("/file");
  }
  std::string expected(std::size_t offset, std::size_t size) const { return content_.substr(offset, size); }

  std::string content_;
};

TEST_F(ReadingTest, ASequentialReaderNeedsOneStream) {
  const vfs::Handle handle = open(pattern(4 * mib));
  for (std::size_t offset = 0; offset < content_.size(); offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), expected(offset, request)) << offset;
  }
  EXPECT_EQ(client().read(handle, content_.size(), request), "");
  client().release(handle);
  EXPECT_THAT(remote_.sources(), SizeIs(1));
  EXPECT_EQ(remote_.sources()[0], (MemoryRemote::OpenedSource{Path("/file"), 0}));
  EXPECT_EQ(remote_.bytes_read(), content_.size());
}

TEST_F(ReadingTest, AColdFileCostsALookAndAStream) {
  tree().put_file("/file", "content");
  EXPECT_EQ(client().read_file("/file"), "content");
  EXPECT_EQ(remote_.calls(), 2u);
}

TEST_F(ReadingTest, PiecesOfAnySizeComeTogether) {
  remote_.set_piece(1000);
  open(pattern(100 * kib + 1));
  EXPECT_EQ(client().read_file("/file", 4096), content_);
  EXPECT_EQ(client().read_file("/file", mib), content_);
}

TEST_F(ReadingTest, ReadsAtTheEndAreShortAndBehindItEmpty) {
  const vfs::Handle handle = open(pattern(1000));
  EXPECT_EQ(client().read(handle, 900, 4096), expected(900, 100));
  EXPECT_EQ(client().read(handle, 1000, 4096), "");
  EXPECT_EQ(client().read(handle, 5 * mib, 4096), "");
  client().release(handle);
}

TEST_F(ReadingTest, AnEmptyFileIsEmpty) {
  const vfs::Handle handle = open("");
  EXPECT_EQ(client().read(handle, 0, request), "");
  client().release(handle);
}

TEST_F(ReadingTest, ASeekFarAwayOpensAStreamThere) {
  config_.readahead_bytes = mib;
  const vfs::Handle handle = open(pattern(16 * mib));
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  EXPECT_EQ(client().read(handle, 12 * mib, request), expected(12 * mib, request));
  ASSERT_THAT(remote_.sources(), SizeIs(2));
  EXPECT_LE(remote_.sources()[1].offset, 12 * mib);
  EXPECT_GT(remote_.sources()[1].offset, 12 * mib - request);
  EXPECT_EQ(client().read(handle, 12 * mib + request, request), expected(12 * mib + request, request));
  EXPECT_THAT(remote_.sources(), SizeIs(2));
  client().release(handle);
}

TEST_F(ReadingTest, TheStreamStopsWhereTheWindowIsFull) {
  config_.readahead_bytes = mib;
  const vfs::Handle handle = open(pattern(16 * mib));
  for (std::size_t offset = 0; offset < 4 * mib; offset += request) client().read(handle, offset, request);
  settle(io_);
  EXPECT_LE(remote_.bytes_read(), 4 * mib + 2 * *config_.readahead_bytes);
  client().release(handle);
}

class ReadAheadTest : public ReadingTest {
 protected:
  // How many bytes beyond those that a program reads, 8 MiB from the front.
  std::uint64_t read_ahead(bool near) {
    remote_.set_capabilities({.cheap_stat = true, .near = near});
    const vfs::Handle handle = open(pattern(32 * mib));
    const std::uint64_t before = remote_.bytes_read();
    for (std::size_t offset = 0; offset < 8 * mib; offset += request) client().read(handle, offset, request);
    settle(io_);
    const std::uint64_t ahead = remote_.bytes_read() - before - 8 * mib;
    client().release(handle);
    unmount();
    return ahead;
  }
};

// What is longer on its way has left the processor's cache when it is copied; far away it is needed.
TEST_F(ReadAheadTest, IsLessFromAServerNearBy) {
  for (const bool near : {true, false}) {
    const std::uint64_t ahead = read_ahead(near);
    if (near)
      EXPECT_LE(ahead, 3 * mib);
    else
      EXPECT_GE(ahead, 8 * mib);
  }
}

TEST_F(ReadAheadTest, IsWhatTheUserSaysEverywhere) {
  config_.readahead_bytes = 4 * mib;
  for (const bool near : {true, false}) {
    const std::uint64_t ahead = read_ahead(near);
    EXPECT_GE(ahead, 4 * mib);
    EXPECT_LE(ahead, 5 * mib);
  }
}

TEST_F(ReadingTest, RandomSmallReadsFetchLittle) {
  const vfs::Handle handle = open(pattern(64 * mib));
  constexpr std::size_t count = 32;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = (i * 29 % 64) * mib + 4096 * i;
    ASSERT_EQ(client().read(handle, offset, 4096), expected(offset, 4096)) << offset;
    settle(io_);
  }
  EXPECT_LE(remote_.bytes_read(), count * 512 * kib);
  client().release(handle);
}

// A stream is slow when it has just begun: what lies before the wanted bytes would cost round trips.
TEST_F(ReadingTest, ALoneReadBeginsAtItsOwnPage) {
  const vfs::Handle handle = open(pattern(8 * mib));
  constexpr std::size_t offset = 3 * mib + 100 * kib;
  EXPECT_EQ(client().read(handle, offset + 5, 4096), expected(offset + 5, 4096));
  settle(io_);
  ASSERT_THAT(remote_.sources(), SizeIs(1));
  EXPECT_EQ(remote_.sources()[0].offset, offset);
  // The rest of its block is at hand, what lies before is fetched with all of it.
  client().read(handle, 6 * mib, 4096);
  settle(io_);
  EXPECT_EQ(client().read(handle, offset + 8 * kib, 20 * kib), expected(offset + 8 * kib, 20 * kib));
  EXPECT_THAT(remote_.sources(), SizeIs(2));
  EXPECT_EQ(client().read(handle, offset - kib, 2 * kib), expected(offset - kib, 2 * kib));
  settle(io_);
  EXPECT_THAT(remote_.sources(), SizeIs(3));
  EXPECT_EQ(client().read(handle, offset, 4096), expected(offset, 4096));
  EXPECT_THAT(remote_.sources(), SizeIs(3));
  client().release(handle);
}

TEST_F(ReadingTest, WhoReadsBackwardsGetsWholeBlocks) {
  const vfs::Handle handle = open(pattern(8 * mib));
  constexpr std::size_t page = 4 * kib;
  for (std::size_t offset = 7 * mib; offset > 6 * mib; offset -= page) {
    ASSERT_EQ(client().read(handle, offset - page, page), expected(offset - page, page)) << offset;
    settle(io_);
  }
  EXPECT_LE(remote_.sources().size(), 9u);  // one for each block, and one to notice
  client().release(handle);
}

TEST_F(ReadingTest, WhatWasReadLatelyIsNotFetchedAgain) {
  const vfs::Handle handle = open(pattern(32 * mib));
  for (const std::size_t offset : {20 * mib, 3 * mib, 11 * mib}) client().read(handle, offset, 4096);
  settle(io_);
  const std::size_t streams = remote_.sources().size();
  for (const std::size_t offset : {20 * mib, 3 * mib, 11 * mib}) {
    EXPECT_EQ(client().read(handle, offset, 4096), expected(offset, 4096));
  }
  EXPECT_THAT(remote_.sources(), SizeIs(streams));
  client().release(handle);
}

TEST_F(ReadingTest, RequestsOutOfOrderStayInOneStream) {
  const vfs::Handle handle = open(pattern(2 * mib));
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  remote_.on(Op::read).hold();
  auto third = client().read_later(handle, 3 * request, request);
  auto second = client().read_later(handle, 2 * request, request);
  auto first = client().read_later(handle, request, request);
  remote_.on(Op::read).release();
  EXPECT_EQ(text_of(first.get()), expected(request, request));
  EXPECT_EQ(text_of(second.get()), expected(2 * request, request));
  EXPECT_EQ(text_of(third.get()), expected(3 * request, request));
  EXPECT_THAT(remote_.sources(), SizeIs(1));
  client().release(handle);
}

TEST_F(ReadingTest, TwoReadersFarApartBothGetTheirBytes) {
  config_.readahead_bytes = 512 * kib;
  const vfs::Handle front = open(pattern(16 * mib));
  const vfs::Handle back = client().open("/file");
  for (std::size_t i = 0; i < 32; ++i) {
    ASSERT_EQ(client().read(front, i * request, request), expected(i * request, request));
    ASSERT_EQ(client().read(back, 8 * mib + i * request, request), expected(8 * mib + i * request, request));
  }
  client().release(front);
  client().release(back);
}

// As two requests of the kernel's read-ahead, of which one always waits.
awaitable<void> read_through(vfs::Vfs* fs, ManualClock* clock, vfs::Handle handle, std::size_t offset,
                             std::size_t* read) {
  for (; offset < 16 * mib; offset += 2 * request) {
    const Slices slices = co_await fs->read(handle, offset, request, std::stop_token());
    *read += total_size(slices);
    clock->advance(std::chrono::milliseconds(100));
  }
}

TEST_F(ReadingTest, WhoReadsThroughDoesNotKeepOthersOfTheHandleWaitingForEver) {
  const vfs::Handle handle = open(pattern(32 * mib));
  remote_.on(Op::read).hold();
  std::size_t read = 0;
  Pending<void> even(io_, read_through(&fs(), &clock_, handle, 0, &read), std::stop_source());
  Pending<void> odd(io_, read_through(&fs(), &clock_, handle, request, &read), std::stop_source());
  auto far = client().read_later(handle, 31 * mib, request);
  remote_.on(Op::read).release();
  EXPECT_EQ(text_of(far.get()), expected(31 * mib, request));
  EXPECT_GT(read, 0u);
  EXPECT_LT(read, 8 * mib);
  even.get();
  odd.get();
  EXPECT_EQ(read, 16 * mib);
  client().release(handle);
}

TEST_F(ReadingTest, WhoGivesUpHisTurnKeepsNobodyWaiting) {
  const vfs::Handle handle = open(pattern(32 * mib));
  remote_.on(Op::read).hold();
  auto near = client().read_later(handle, 0, request);
  std::stop_source stop;
  Pending<Slices> far(io_, fs().read(handle, 31 * mib, request, stop.get_token()), stop);
  advance(std::chrono::seconds(2));
  auto next = client().read_later(handle, request, request);  // lets it go first
  stop.request_stop();
  EXPECT_THROW(far.get(), Cancelled);
  remote_.on(Op::read).release();
  EXPECT_EQ(text_of(near.get()), expected(0, request));
  EXPECT_EQ(text_of(next.get()), expected(request, request));
  advance(std::chrono::seconds(2));
  EXPECT_EQ(client().read(handle, 2 * request, request), expected(2 * request, request));
  client().release(handle);
}

TEST_F(ReadingTest, AFileThatIsShorterThanTheServerSaidIsAnErrorNotTheEnd) {
  const vfs::Handle handle = open(pattern(10'000));
  tree().find(Path("/file"))->content.resize(4'000);
  EXPECT_EQ(client().read_later(handle, 0, 10'000).code(), EIO);
  EXPECT_EQ(client().read_later(handle, 4'096, 4'096).code(), EIO);
  client().release(handle);
}

TEST_F(ReadingTest, AStreamThatEndsTooSoonIsNeverTheEnd) {
  const vfs::Handle handle = open(pattern(10'000));
  remote_.end_sources_after(4'000);
  auto pending = client().read_later(handle, 0, 10'000);
  const int code = pending.code();
  EXPECT_THAT(code, AnyOf(0, EIO));
  EXPECT_TRUE(code != 0 || client().read(handle, 0, 10'000) == content_);
  client().release(handle);
}

TEST_F(ReadingTest, ALostConnectionIsMendedOnceAtTheRightPlace) {
  remote_.set_piece(10'000);
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(100'000, ConnectionLost(EIO, "reset"));
  for (std::size_t offset = 0; offset < content_.size(); offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), expected(offset, request)) << offset;
  }
  client().release(handle);
  ASSERT_THAT(remote_.sources(), SizeIs(2));
  EXPECT_LE(remote_.sources()[1].offset, 100'000u);
  EXPECT_GT(remote_.sources()[1].offset, 0u);
}

TEST_F(ReadingTest, ALineThatKeepsBreakingIsReportedAndForgottenOnceItIsWell) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(0, ConnectionLost(ETIMEDOUT, "silence"), 2);
  EXPECT_THAT(client().read_later(handle, 0, request).code(), AnyOf(ETIMEDOUT, EIO));
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  client().release(handle);
}

// hard: a program that waits is not told that the line keeps dying, it goes on when one lives.
class HardReadingTest : public ReadingTest {
 protected:
  HardReadingTest() {
    config_.line_may_die = 4;
    config_.hard = true;
  }
};

TEST_F(HardReadingTest, AReaderOutlivesAnyNumberOfLines) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(0, ConnectionLost(ETIMEDOUT, "silence"), 20);
  auto waiting = client().read_later(handle, 0, request);
  for (int minutes = 0; minutes < 20 && !waiting.done(); ++minutes) advance(std::chrono::minutes(1));
  EXPECT_GE(remote_.sources().size(), 20u);
  EXPECT_EQ(text_of(waiting.get()), expected(0, request));
  client().release(handle);
}

TEST_F(HardReadingTest, LinesThatDieAreNotAskedForWithoutAPause) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(0, ConnectionLost(ETIMEDOUT, "silence"), 1000);
  auto waiting = client().read_later(handle, 0, request);
  settle(io_);
  EXPECT_EQ(remote_.sources().size(), 5u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(remote_.sources().size(), 6u);
  advance(std::chrono::seconds(1));
  EXPECT_EQ(remote_.sources().size(), 6u);
  EXPECT_FALSE(waiting.done());
  waiting.interrupt();
  EXPECT_EQ(waiting.code(), EINTR);
  client().release(handle);
}

TEST_F(HardReadingTest, NobodyWaitsNothingIsTriedAndTheNextReaderBeginsAnew) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(0, ConnectionLost(ETIMEDOUT, "silence"), 1000);
  auto bored = client().read_later(handle, 0, request);
  bored.interrupt();
  EXPECT_EQ(bored.code(), EINTR);
  for (int minutes = 0; minutes < 10; ++minutes) advance(std::chrono::minutes(1));
  EXPECT_LE(remote_.sources().size(), 6u);
  remote_.recover();
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  client().release(handle);
}

TEST_F(HardReadingTest, ALookThatProvesTheVersionIsWaitedForToo) {
  const vfs::Handle handle = open(pattern(4 * mib));
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  remote_.on(Op::stat).fail_next(ConnectionLost(ETIMEDOUT, "silence"), 3);
  auto waiting = client().read_later(handle, 3 * mib, request);  // another stream: proven before it is shown
  for (int seconds = 0; seconds < 20 && !waiting.done(); ++seconds) advance(std::chrono::seconds(1));
  EXPECT_EQ(text_of(waiting.get()), expected(3 * mib, request));
  client().release(handle);
}

TEST_F(HardReadingTest, AServerThatSaysThatThisWasAllIsBelievedToHaveNoMore) {
  const vfs::Handle handle = open(pattern(10'000));
  tree().find(Path("/file"))->content.resize(4'000);
  EXPECT_EQ(client().read_later(handle, 0, 10'000).code(), EIO);
  client().release(handle);
}

TEST_F(ReadingTest, ARevokedStreamIsReopenedAsOftenAsItTakes) {
  config_.readahead_bytes = 256 * kib;
  const vfs::Handle handle = open(pattern(4 * mib));
  std::size_t revoked = 0;
  for (std::size_t offset = 0; offset < content_.size(); offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), expected(offset, request)) << offset;
    settle(io_);
    revoked += remote_.revoke_streams();
  }
  EXPECT_GE(revoked, 3u);
  client().release(handle);
}

TEST_F(ReadingTest, ARefusalKeepsItsErrno) {
  tree().put_file("/file", "content");
  remote_.on(Op::open_source).fail_next(Error(EACCES, "550"), 2);
  EXPECT_EQ(errno_of([&] { client().read_file("/file"); }), EACCES);
}

TEST_F(ReadingTest, AServerErrorWithinTheFileKeepsItsErrno) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.fail_sources_after(1'000, Error(EBUSY, "451"), 10);
  EXPECT_EQ(client().read_later(handle, 0, request).code(), EBUSY);
  client().release(handle);
}

TEST_F(ReadingTest, AnInterruptedReadLeavesTheStreamForTheNext) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.on(Op::read).hold();
  auto bored = client().read_later(handle, 0, request);
  auto patient = client().read_later(handle, 0, request);
  bored.interrupt();
  ASSERT_TRUE(bored.done());
  EXPECT_EQ(bored.code(), EINTR);
  remote_.on(Op::read).release();
  EXPECT_EQ(text_of(patient.get()), expected(0, request));
  EXPECT_EQ(client().read(handle, request, request), expected(request, request));
  EXPECT_THAT(remote_.sources(), SizeIs(1));
  client().release(handle);
}

TEST_F(ReadingTest, AnInterruptWhileTheStreamOpensIsObeyed) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.on(Op::open_source).hold();
  auto bored = client().read_later(handle, 0, request);
  bored.interrupt();
  ASSERT_TRUE(bored.done());
  EXPECT_EQ(bored.code(), EINTR);
  remote_.on(Op::open_source).release();
  EXPECT_EQ(client().read(handle, 0, request), expected(0, request));
  client().release(handle);
}

TEST_F(ReadingTest, ReleaseGivesTheStreamBack) {
  config_.readahead_bytes = mib;
  const vfs::Handle handle = open(pattern(16 * mib));
  client().read(handle, 0, request);
  EXPECT_EQ(remote_.live_sources(), 1u);
  client().release(handle);
  EXPECT_EQ(remote_.live_sources(), 0u);
}

TEST_F(ReadingTest, ReleaseEndsAReadThatHangs) {
  const vfs::Handle handle = open(pattern(16 * mib));
  remote_.on(Op::read).hold();
  auto pending = client().read_later(handle, 0, request);
  pending.interrupt();
  EXPECT_TRUE(pending.done());
  client().release(handle);
  EXPECT_EQ(remote_.live_sources(), 0u);
  EXPECT_EQ(remote_.on(Op::read).held(), 0u);
}

TEST_F(ReadingTest, AStreamNobodyUsesIsGivenBackAndReopenedLater) {
  config_.readahead_bytes = mib;
  const vfs::Handle handle = open(pattern(16 * mib));
  client().read(handle, 0, request);
  settle(io_);
  advance(config_.stream_idle / 2);
  EXPECT_EQ(remote_.live_sources(), 1u);
  advance(config_.stream_idle / 2);
  advance(config_.stream_idle / 2);
  EXPECT_EQ(remote_.live_sources(), 0u);
  EXPECT_EQ(client().read(handle, 4 * mib, request), expected(4 * mib, request));
  client().release(handle);
}

TEST_F(ReadingTest, OneSessionIsEnoughForReadersAndListings) {
  config_.readahead_bytes = 256 * kib;
  remote_.set_sessions(1);
  tree().put_file("/dir/other", pattern(mib, 2));
  const vfs::Handle handle = open(pattern(4 * mib));
  const vfs::Handle other = client().open("/dir/other");
  for (std::size_t offset = 0; offset < mib; offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), expected(offset, request));
    ASSERT_EQ(client().read(other, offset, request), pattern(mib, 2).substr(offset, request));
    fs().drop_caches();
    ASSERT_THAT(client().names("/dir"), SizeIs(1));
  }
  client().release(handle);
  client().release(other);
}

TEST_F(ReadingTest, DropCachesDoesNotDisturbAReader) {
  const vfs::Handle handle = open(pattern(4 * mib));
  for (std::size_t offset = 0; offset < content_.size(); offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), expected(offset, request)) << offset;
    fs().drop_caches();
  }
  client().release(handle);
}

TEST_F(ReadingTest, AReadThatWaitsEndsThoughTheFileIsFoundChanged) {
  const vfs::Handle handle = open(pattern(mib));
  remote_.on(Op::read).hold();
  auto waiting = client().read_later(handle, 0, request);
  advance(config_.listing_ttl);
  tree().find(Path("/file"))->mtime += 100;
  client().stat("/file");
  auto next = client().read_later(handle, 0, request);
  remote_.on(Op::read).release();
  settle(io_);
  ASSERT_TRUE(waiting.done()) << "nobody woke it";
  EXPECT_EQ(text_of(next.get()), expected(0, request));
  client().release(handle);
}

}  // namespace
}  // namespace ftpfs::test
