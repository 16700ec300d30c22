// SPDX-License-Identifier: MIT
// bwlimit=: so many bytes a second each way, over all transfers together, and never a stop.
#include <gmock/gmock.h>

#include <ftpfs/ftp/bandwidth.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t mib = 1u << 20;

TEST(Bandwidth, BookingsFollowOneAnother) {
  const Clock::time_point now{};
  ftp::Bandwidth bandwidth(1000);
  EXPECT_EQ(bandwidth.book(now, 500), now);
  EXPECT_EQ(bandwidth.book(now, 1000), now + milliseconds(500));
  EXPECT_EQ(bandwidth.book(now, 1), now + milliseconds(1500));
}

TEST(Bandwidth, WhatWasNotMovedIsGivenBack) {
  const Clock::time_point now{};
  ftp::Bandwidth bandwidth(1000);
  bandwidth.book(now, 1000);
  bandwidth.give_back(900);
  EXPECT_EQ(bandwidth.book(now, 1), now + milliseconds(100));
}

// Nothing is saved up: after a pause the line is not filled at once.
TEST(Bandwidth, APauseEarnsNothing) {
  const Clock::time_point now{};
  ftp::Bandwidth bandwidth(1000);
  bandwidth.book(now, 1000);
  EXPECT_EQ(bandwidth.book(now + seconds(60), 500), now + seconds(60));
  EXPECT_EQ(bandwidth.book(now + seconds(60), 500), now + milliseconds(60'500));
}

TEST(Bandwidth, TransfersTakeTurns) {
  EXPECT_EQ(ftp::Bandwidth(mib).piece(mib), mib / 10);
  EXPECT_EQ(ftp::Bandwidth(10).piece(mib), 1460u);
  EXPECT_EQ(ftp::Bandwidth(mib).piece(7), 7u);
  EXPECT_EQ(ftp::Bandwidth().piece(mib), mib);
}

class BandwidthTest : public RemoteFixture {
 protected:
  void mount(std::uint64_t up, std::uint64_t down) {
    ftp::FtpConfig limited = config();
    limited.upload_rate = up;
    limited.download_rate = down;
    RemoteFixture::mount(limited);
  }
  // Seconds of the clock that `task` takes; it moves when nothing else does.
  template <class T>
  double seconds_of(awaitable<T> task, std::optional<T>& result) {
    const Clock::time_point begin = clock_.now();
    bool done = false;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
      done = true;
      EXPECT_FALSE(error);
      result.emplace(std::move(value));
    });
    while (!done) {
      io_.restart();
      if (io_.run_one_for(milliseconds(5)) == 0) clock_.advance(milliseconds(10));
    }
    return std::chrono::duration<double>(clock_.now() - begin).count();
  }
};

TEST_F(BandwidthTest, ADownloadTakesItsTime) {
  tree().file("/a", std::string(3 * mib, 'a'));
  mount(0, mib);
  std::optional<std::string> content;
  const double took = seconds_of(read_file(*remote_, Path("/a"), 0), content);
  EXPECT_GT(took, 2.8);
  EXPECT_EQ(content, std::string(3 * mib, 'a'));
}

TEST_F(BandwidthTest, AnUploadTakesItsTime) {
  mount(mib, 0);
  std::optional<Attributes> stored;
  const std::string content(3 * mib, 'b');
  const double took = seconds_of(write_file(*remote_, Path("/b"), content, {}), stored);
  EXPECT_GT(took, 2.8);
  EXPECT_EQ(read("/b"), content);
}

TEST_F(BandwidthTest, TheOtherWayIsFree) {
  mount(1000, 0);
  tree().file("/a", std::string(3 * mib, 'a'));
  std::optional<std::string> content;
  EXPECT_LT(seconds_of(read_file(*remote_, Path("/a"), 0), content), 1);
}

TEST_F(BandwidthTest, WhoGivesUpDoesNotWaitForItsTurn) {
  tree().file("/a", std::string(3 * mib, 'a'));
  mount(0, 1);  // the second piece would come after 24 minutes
  auto source = run(io_, remote_->open_source(Path("/a"), 0, {}));
  std::byte chunk[4096];
  EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
  bool over = false;
  asio::co_spawn(io_, source->read_some(chunk), [&](std::exception_ptr, std::size_t) { over = true; });
  settle(io_);
  EXPECT_FALSE(over);
  source.reset();
  run_until(io_, [&] { return over; });
}

}  // namespace
}  // namespace ftpfs::test
