// SPDX-License-Identifier: MIT
#include <optional>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <ftpfs/base/wait.hpp>

#include "support/run.hpp"

namespace ftpfs {
namespace {

class TaskSetTest : public testing::Test {
 protected:
  static awaitable<void> wait(TaskSetTest& self, std::stop_token stop) {
    co_await self.list_.wait(stop);
    ++self.finished_;
  }
  static awaitable<void> throw_error(std::string what) {
    co_await asio::post(use_awaitable);
    throw Error(EIO, what);
  }
  static awaitable<void> join(TaskSetTest& self) {
    co_await self.tasks_->join();
    self.joined_ = true;
  }

  std::ostringstream log_;
  Logger logger_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
  WaitList list_;
  asio::io_context io_;
  std::optional<TaskSet> tasks_{std::in_place, io_.get_executor(), logger_};
  int finished_ = 0;
  bool joined_ = false;
};

TEST_F(TaskSetTest, JoinWaitsForTheLastTask) {
  tasks_->spawn(wait(*this, tasks_->stop_token()));
  tasks_->spawn(wait(*this, tasks_->stop_token()));
  EXPECT_EQ(tasks_->size(), 2u);
  asio::co_spawn(io_, join(*this), asio::detached);
  test::settle(io_);
  list_.wake_one();
  test::settle(io_);
  EXPECT_EQ(finished_, 1);
  EXPECT_FALSE(joined_);
  list_.wake_one();
  test::settle(io_);
  EXPECT_EQ(finished_, 2);
  EXPECT_TRUE(joined_);
  EXPECT_EQ(tasks_->size(), 0u);
}

TEST_F(TaskSetTest, JoinOfNothingReturnsAtOnce) {
  test::run(io_, tasks_->join());
  EXPECT_EQ(tasks_->size(), 0u);
}

TEST_F(TaskSetTest, StopReachesTheTasksAndIsNotLogged) {
  tasks_->spawn(wait(*this, tasks_->stop_token()));
  test::settle(io_);
  tasks_->request_stop();
  test::run(io_, tasks_->join());
  EXPECT_EQ(finished_, 0);
  EXPECT_EQ(log_.str(), "");
}

TEST_F(TaskSetTest, WhatATaskThrowsIsLoggedAndHarmsNobodyElse) {
  tasks_->spawn(throw_error("quota exceeded"));
  tasks_->spawn(wait(*this, tasks_->stop_token()));
  test::settle(io_);
  EXPECT_NE(log_.str().find("quota exceeded"), std::string::npos);
  list_.wake_all();
  test::run(io_, tasks_->join());
  EXPECT_EQ(finished_, 1);
}

TEST_F(TaskSetTest, TheDestructorStopsTheTasksWithoutWaiting) {
  tasks_->spawn(wait(*this, tasks_->stop_token()));
  test::settle(io_);
  tasks_.reset();
  EXPECT_FALSE(list_.empty()) << "the task has not run yet";
  test::settle(io_);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(finished_, 0);
}

}  // namespace
}  // namespace ftpfs
