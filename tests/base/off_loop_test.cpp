// SPDX-License-Identifier: MIT
// What blocks is done by a thread of its own; all that belongs to it lives and dies on the loop.
#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include <ftpfs/base/off_loop.hpp>

#include "support/run.hpp"

namespace ftpfs::test {
namespace {

class OffLoopTest : public testing::Test {
 protected:
  asio::io_context io_;
  OffLoop off_loop_{io_.get_executor()};
};

TEST_F(OffLoopTest, WorksOnAnotherThreadOneAfterTheOther) {
  std::atomic<int> done = 0;
  std::atomic<bool> elsewhere = false;
  for (int i = 0; i < 3; ++i) {
    std::function<void()> work = [&, i, loop = std::this_thread::get_id()] {
      if (done == i) ++done;
      elsewhere = std::this_thread::get_id() != loop;
    };
    run(io_, off_loop_.run(std::move(work)));
    EXPECT_EQ(done, i + 1);
    EXPECT_TRUE(elsewhere);
  }
}

TEST_F(OffLoopTest, WhatIsThrownThereIsThrownHere) {
  std::function<void()> work = [] { throw std::runtime_error("the disk is full"); };
  try {
    run(io_, off_loop_.run(std::move(work)));
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the disk is full");
  }
}

// What it refers to may belong to the loop only.
TEST_F(OffLoopTest, WhatTheWorkHoldsDiesOnTheLoop) {
  std::atomic<int> elsewhere = 0;
  for (int i = 0; i < 2'000; ++i) {
    std::shared_ptr<void> mark(nullptr, [&, loop = std::this_thread::get_id()](void*) {
      if (std::this_thread::get_id() != loop) ++elsewhere;
    });
    std::function<void()> work = [held = std::move(mark)] {};
    run(io_, off_loop_.run(std::move(work)));
  }
  EXPECT_EQ(elsewhere, 0);
}

}  // namespace
}  // namespace ftpfs::test
