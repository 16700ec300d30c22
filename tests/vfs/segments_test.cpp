// SPDX-License-Identifier: MIT
// Several streams for one reader: only for who waits, of one version, and never in anybody's way.
#include <algorithm>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::SizeIs;

constexpr std::size_t large = 48 * mib;

class SegmentsTest : public VfsTest {
 protected:
  vfs::Handle open(std::size_t size = large) {
    content_ = pattern(size);
    remote_.set_piece(512 * kib);
    tree().put_file("/file", content_);
    return client().open("/file");
  }
  void read_to(vfs::Handle handle, std::size_t end) {
    for (; at_ < end; at_ += mib) {
      ASSERT_TRUE(client().read(handle, at_, mib) == content_.substr(at_, mib)) << at_;
    }
  }
  // Reads on to where the network has to be waited for, so long.
  void read_slowly(vfs::Handle handle, Clock::duration time) {
    remote_.on(Op::read).hold();
    for (bool here = true; here; at_ += mib) {
      auto read = client().read_later(handle, at_, mib);
      here = read.done();
      if (!here) {
        advance(time);
        remote_.on(Op::read).release();
      }
      EXPECT_TRUE(text_of(read.get()) == content_.substr(at_, mib)) << at_;
    }
    settle(io_);
  }
  // Far enough, and with so much waiting that the stream is up to speed.
  vfs::Handle open_and_read(std::size_t size = large) {
    config_.readahead_bytes = mib;
    const vfs::Handle handle = open(size);
    read_to(handle, 6 * mib);
    read_slowly(handle, std::chrono::milliseconds(300));
    return handle;
  }
  vfs::Handle read_so_slowly_that_more_help(std::size_t size = large) {
    const vfs::Handle handle = open_and_read(size);
    read_slowly(handle, std::chrono::milliseconds(500));
    return handle;
  }

  std::string content_;
  std::size_t at_ = 0;
};

TEST_F(SegmentsTest, WhoWaitsForTheNetworkGetsMoreStreams) {
  const vfs::Handle handle = open_and_read();
  remote_.on(Op::open_source).hold();
  read_slowly(handle, std::chrono::milliseconds(500));
  EXPECT_EQ(remote_.on(Op::open_source).held(), 2u);  // one of the four sessions stays free
  remote_.on(Op::open_source).release();
  settle(io_);
  ASSERT_GE(remote_.sources().size(), 3u);
  const std::uint64_t length = remote_.sources()[2].offset - remote_.sources()[1].offset;
  EXPECT_GE(length, 8 * mib);
  EXPECT_GE(remote_.sources()[1].offset, 8 * mib + length);
  read_to(handle, large);
  EXPECT_EQ(client().read(handle, large, mib), "");
  client().release(handle);
  settle(io_);
  EXPECT_LE(remote_.bytes_read(), large + 2 * mib);  // none of it twice
  EXPECT_EQ(remote_.live_sources(), 0u);
  EXPECT_EQ(open_stages(), 0u);
  EXPECT_EQ(fs().fetched_ahead().segments.wasted, 0u);
  EXPECT_GE(fs().fetched_ahead().segments.won, 2u);
}

TEST_F(SegmentsTest, WhileItsReaderIsInASegmentTheOwnStreamsSessionBringsOneMore) {
  config_.read_only = true;  // without a spool segments are short, so that there are many
  const vfs::Handle handle = open_and_read();
  remote_.on(Op::open_source).hold();
  read_slowly(handle, std::chrono::milliseconds(500));
  EXPECT_EQ(remote_.on(Op::open_source).held(), 2u);
  while (client().read_later(handle, at_, mib).done()) at_ += mib;
  settle(io_);
  EXPECT_EQ(remote_.on(Op::open_source).held(), 3u);
  remote_.on(Op::open_source).release();
  read_to(handle, large);
  client().release(handle);
}

TEST_F(SegmentsTest, SessionsAreGotReadyWhileItIsNotClearYet) {
  const vfs::Handle handle = open_and_read();
  EXPECT_THAT(remote_.sources(), SizeIs(1));
  EXPECT_EQ(remote_.expected(), 2u);
  client().release(handle);
}

TEST_F(SegmentsTest, WhoDoesNotWaitGetsOneStream) {
  config_.readahead_bytes = mib;
  const vfs::Handle handle = open();
  read_to(handle, large);
  client().release(handle);
  EXPECT_THAT(remote_.sources(), SizeIs(1));
}

TEST_F(SegmentsTest, ASmallFileGetsOneStream) {
  const vfs::Handle handle = read_so_slowly_that_more_help(32 * mib);
  read_to(handle, 32 * mib);
  client().release(handle);
  EXPECT_THAT(remote_.sources(), SizeIs(1));
}

TEST_F(SegmentsTest, TheLastFreeSessionIsForOthers) {
  remote_.set_spare(2);
  const vfs::Handle handle = read_so_slowly_that_more_help();
  read_to(handle, large);
  client().release(handle);
  EXPECT_THAT(remote_.sources(), SizeIs(1));
}

TEST_F(SegmentsTest, OneStreamOnRequest) {
  config_.read_streams = 1;
  const vfs::Handle handle = read_so_slowly_that_more_help();
  read_to(handle, large);
  client().release(handle);
  EXPECT_THAT(remote_.sources(), SizeIs(1));
}

TEST_F(SegmentsTest, AnotherVersionIsNotMixedIn) {
  const vfs::Handle handle = open_and_read();
  clock_.advance(std::chrono::seconds(2));
  tree().put_file("/file", pattern(large, 2));
  read_slowly(handle, std::chrono::milliseconds(500));
  EXPECT_GE(remote_.sources().size(), 2u);
  read_to(handle, large);  // the first stream has the old one still
  client().release(handle);
}

TEST_F(SegmentsTest, NothingIsShownBeforeTheServerShowsTheVersionOnceMore) {
  const vfs::Handle handle = open_and_read();
  remote_.on(Op::stat).hold();
  read_slowly(handle, std::chrono::milliseconds(500));
  const std::size_t first = remote_.sources()[1].offset / mib * mib;
  read_to(handle, first - *config_.readahead_bytes);
  at_ = first + mib;
  auto read = client().read_later(handle, at_, mib);
  EXPECT_FALSE(read.done());
  remote_.on(Op::stat).release();
  EXPECT_TRUE(text_of(read.get()) == content_.substr(at_, mib));
  read_to(handle, large);
  client().release(handle);
}

TEST_F(SegmentsTest, WhatComesWithALookNeedsNoOther) {
  remote_.show_with_streams();
  const vfs::Handle handle = open_and_read();
  const std::size_t before = remote_.calls(Op::stat);
  read_slowly(handle, std::chrono::milliseconds(500));
  EXPECT_GE(remote_.sources().size(), 3u);
  read_to(handle, large);
  EXPECT_EQ(remote_.calls(Op::stat), before);
  client().release(handle);
}

TEST_F(SegmentsTest, ALookThatShowsAnotherVersionEndsIt) {
  remote_.show_with_streams();
  const vfs::Handle handle = open_and_read();
  clock_.advance(std::chrono::seconds(2));
  tree().put_file("/file", pattern(large, 2));
  read_slowly(handle, std::chrono::milliseconds(500));
  EXPECT_GE(remote_.sources().size(), 2u);
  read_to(handle, large);  // the first stream has the old one still
  client().release(handle);
}

TEST_F(SegmentsTest, WithoutAnAnswerTheReadersOwnStreamBringsIt) {
  const vfs::Handle handle = open_and_read();
  remote_.on(Op::stat).fail_next(ConnectionLost(EIO, "cut"), 100);
  read_slowly(handle, std::chrono::milliseconds(500));
  const std::size_t segments = remote_.sources().size() - 1;
  EXPECT_GE(segments, 2u);
  remote_.on(Op::stat).fail_next(ConnectionLost(EIO, "cut"), 100);
  at_ -= at_ % mib;
  EXPECT_EQ(errno_of([&] { read_to(handle, large); }),
            EIO);  // its second stream would have to be proven, too
  remote_.recover();
  client().release(handle);
}

TEST_F(SegmentsTest, SessionsThatAreNeededElsewhereAreGivenAway) {
  const vfs::Handle handle = read_so_slowly_that_more_help();
  EXPECT_GT(remote_.revoke_streams(), 0u);
  settle(io_);
  read_to(handle, large);
  client().release(handle);
}

TEST_F(SegmentsTest, WhatASegmentLacksTheReadersOwnStreamBrings) {
  const vfs::Handle handle = open_and_read();
  remote_.fail_sources_after(3 * mib, ConnectionLost(EIO, "cut"), 1);
  remote_.end_sources_after(5 * mib, 1);
  read_slowly(handle, std::chrono::milliseconds(500));
  read_to(handle, large);
  client().release(handle);
}

TEST_F(SegmentsTest, NobodyCanHaveASegment) {
  const vfs::Handle handle = open_and_read();
  remote_.on(Op::open_source).fail_next(Error(EACCES, "no"), 2);
  read_slowly(handle, std::chrono::milliseconds(500));
  read_to(handle, large);
  client().release(handle);
  EXPECT_EQ(remote_.calls(Op::open_source), 3u);  // and nobody has tried again
}

TEST_F(SegmentsTest, WhereTheyAreNoFasterOneStreamIsEnough) {
  const vfs::Handle first = open_and_read();
  remote_.on(Op::open_source).hold();
  read_slowly(first, std::chrono::milliseconds(500));
  advance(std::chrono::seconds(15));
  remote_.on(Op::open_source).release();
  read_to(first, large);
  client().release(first);
  const std::size_t before = remote_.sources().size();
  at_ = 0;
  const vfs::Handle second = read_so_slowly_that_more_help();
  read_to(second, large);
  client().release(second);
  EXPECT_EQ(remote_.sources().size(), before + 1);
}

TEST_F(SegmentsTest, AreGivenUpWithTheirReader) {
  const vfs::Handle handle = open_and_read();
  remote_.set_piece(kib);
  read_slowly(handle, std::chrono::milliseconds(500));
  client().read(handle, 0, kib);  // a seek
  settle(io_);
  EXPECT_LE(remote_.live_sources(), 1u);
  client().release(handle);
  settle(io_);
  EXPECT_EQ(remote_.live_sources(), 0u);
  EXPECT_EQ(open_stages(), 0u);
}

}  // namespace
}  // namespace ftpfs::test
