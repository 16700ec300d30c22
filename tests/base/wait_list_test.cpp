// SPDX-License-Identifier: MIT
#include <memory>
#include <stop_token>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/wait.hpp>

#include "support/run.hpp"

namespace ftpfs {
namespace {

class WaitListTest : public testing::Test {
 protected:
  void start(std::string name, std::stop_token stop = {}) {
    asio::co_spawn(io_, wait(*this, std::move(name), std::move(stop)), asio::detached);
    test::settle(io_);
  }

  static awaitable<void> wait(WaitListTest& self, std::string name, std::stop_token stop) {
    try {
      co_await self.list_->wait(stop);
    } catch (const Cancelled& cancelled) {
      self.events_ += "cancelled " + name + (cancelled.code() == EINTR ? "; " : "? ");
      co_return;
    }
    self.events_ += name + "; ";
  }

  asio::io_context io_;
  std::unique_ptr<WaitList> list_ = std::make_unique<WaitList>();
  std::string events_;
};

TEST_F(WaitListTest, WakesInTheOrderOfArrival) {
  start("a");
  start("b");
  start("c");
  EXPECT_TRUE(list_->wake_one());
  test::settle(io_);
  EXPECT_EQ(events_, "a; ");
  list_->wake_all();
  test::settle(io_);
  EXPECT_EQ(events_, "a; b; c; ");
  EXPECT_TRUE(list_->empty());
}

TEST_F(WaitListTest, WakeOneTellsThatNobodyWaits) {
  EXPECT_FALSE(list_->wake_one());
  list_->wake_all();
  start("a");
  EXPECT_EQ(events_, "") << "a wake-up before the wait must not count";
  EXPECT_FALSE(list_->empty());
  list_->wake_all();
  test::settle(io_);
}

TEST_F(WaitListTest, WakingRunsNobodysCode) {
  start("a");
  list_->wake_one();
  EXPECT_EQ(events_, "");
  test::settle(io_);
  EXPECT_EQ(events_, "a; ");
}

TEST_F(WaitListTest, StopEndsOnlyItsOwnWait) {
  std::stop_source stop;
  start("a", stop.get_token());
  start("b");
  stop.request_stop();
  EXPECT_EQ(events_, "") << "a stop must only post";
  test::settle(io_);
  EXPECT_EQ(events_, "cancelled a; ");
  list_->wake_all();
  test::settle(io_);
  EXPECT_EQ(events_, "cancelled a; b; ");
}

TEST_F(WaitListTest, AStopThatCameFirstCancelsAtOnce) {
  std::stop_source stop;
  stop.request_stop();
  start("a", stop.get_token());
  EXPECT_EQ(events_, "cancelled a; ");
  EXPECT_TRUE(list_->empty());
}

TEST_F(WaitListTest, AWakeUpIsNotLostToAStopThatFollows) {
  std::stop_source stop;
  start("a", stop.get_token());
  list_->wake_one();
  stop.request_stop();
  test::settle(io_);
  EXPECT_EQ(events_, "a; ");
}

TEST_F(WaitListTest, AStoppedWaiterTakesNobodysWakeUp) {
  std::stop_source stop;
  start("a", stop.get_token());
  start("b");
  stop.request_stop();
  test::settle(io_);
  EXPECT_TRUE(list_->wake_one());
  test::settle(io_);
  EXPECT_EQ(events_, "cancelled a; b; ");
}

TEST_F(WaitListTest, MayDieBeforeItsWaiters) {
  std::stop_source stop;
  start("a", stop.get_token());
  list_.reset();
  stop.request_stop();
  test::settle(io_);
  EXPECT_EQ(events_, "cancelled a; ");
}

}  // namespace
}  // namespace ftpfs
