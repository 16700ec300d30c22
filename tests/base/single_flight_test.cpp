// SPDX-License-Identifier: MIT
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/base/wait.hpp>

#include "support/run.hpp"

namespace ftpfs {
namespace {

using testing::ElementsAre;

class SingleFlightTest : public testing::Test {
 protected:
  // The shared work: waits to be woken, then yields its number or fails.
  static awaitable<int> work(SingleFlightTest& self, std::stop_token stop) {
    const int number = ++self.started_;
    try {
      co_await self.list_.wait(stop);
    } catch (const Cancelled&) {
      ++self.stopped_;
      throw;
    }
    if (self.fails_) throw Error(EACCES, "refused");
    co_return number;
  }

  void join(std::string name, std::stop_token stop = {}) {
    asio::co_spawn(io_, caller(*this, std::move(name), std::move(stop)), asio::detached);
    test::settle(io_);
  }

  static awaitable<void> caller(SingleFlightTest& self, std::string name, std::stop_token stop) {
    SingleFlight<int>::Work work_of_mine = [&self](std::stop_token token) {
      return work(self, std::move(token));
    };
    std::string outcome;
    try {
      const int number = co_await self.flight_->get(std::move(work_of_mine), stop);
      outcome = std::to_string(number);
    } catch (const Error& error) {
      outcome = error.code() == EINTR ? "cancelled" : std::to_string(-error.code());
    }
    self.events_.push_back(name + "=" + outcome);
  }

  void finish_work() {
    list_.wake_all();
    test::settle(io_);
  }

  WaitList list_;
  asio::io_context io_;
  TaskSet tasks_{io_.get_executor(), make_logger(LogSink::none, spdlog::level::off)};
  std::optional<SingleFlight<int>> flight_{std::in_place, tasks_};
  std::vector<std::string> events_;
  int started_ = 0;
  int stopped_ = 0;
  bool fails_ = false;
};

TEST_F(SingleFlightTest, ManyCallersShareOneRun) {
  join("a");
  join("b");
  join("c");
  EXPECT_TRUE(flight_->running());
  finish_work();
  EXPECT_THAT(events_, ElementsAre("a=1", "b=1", "c=1"));
  EXPECT_EQ(started_, 1);
  EXPECT_FALSE(flight_->running());
}

TEST_F(SingleFlightTest, TheNextCallerStartsAfresh) {
  join("a");
  finish_work();
  join("b");
  finish_work();
  EXPECT_THAT(events_, ElementsAre("a=1", "b=2"));
}

TEST_F(SingleFlightTest, AFailureGoesToEverybodyAndIsNotKept) {
  fails_ = true;
  join("a");
  join("b");
  finish_work();
  fails_ = false;
  join("c");
  finish_work();
  EXPECT_THAT(events_, ElementsAre("a=" + std::to_string(-EACCES), "b=" + std::to_string(-EACCES), "c=2"));
}

TEST_F(SingleFlightTest, OneWhoLeavesDoesNotDisturbTheOthers) {
  std::stop_source bored;
  join("a", bored.get_token());
  join("b");
  bored.request_stop();
  test::settle(io_);
  EXPECT_THAT(events_, ElementsAre("a=cancelled"));
  EXPECT_EQ(stopped_, 0);
  finish_work();
  EXPECT_THAT(events_, ElementsAre("a=cancelled", "b=1"));
}

TEST_F(SingleFlightTest, TheLastToLeaveStopsTheWork) {
  std::stop_source first;
  std::stop_source second;
  join("a", first.get_token());
  join("b", second.get_token());
  first.request_stop();
  test::settle(io_);
  second.request_stop();
  test::settle(io_);
  EXPECT_EQ(stopped_, 1);
  EXPECT_FALSE(flight_->running());
  EXPECT_EQ(tasks_.size(), 0u);
}

TEST_F(SingleFlightTest, WhoComesWhileStoppedWorkEndsGetsARunOfHisOwn) {
  std::stop_source bored;
  join("a", bored.get_token());
  bored.request_stop();
  asio::co_spawn(io_, caller(*this, "b", {}), asio::detached);
  test::settle(io_);
  finish_work();
  EXPECT_THAT(events_, ElementsAre("a=cancelled", "b=2"));
  EXPECT_EQ(stopped_, 1);
}

TEST_F(SingleFlightTest, MayDieWhileItsWorkRuns) {
  std::stop_source bored;
  join("a", bored.get_token());
  flight_.reset();
  bored.request_stop();
  test::settle(io_);
  EXPECT_THAT(events_, ElementsAre("a=cancelled"));
  EXPECT_EQ(stopped_, 1);
}

}  // namespace
}  // namespace ftpfs
