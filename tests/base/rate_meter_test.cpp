// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/base/rate_meter.hpp>

#include "support/manual_clock.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;

class RateMeterTest : public testing::Test {
 protected:
  ManualClock clock_;
  RateMeter meter_{clock_};
};

TEST_F(RateMeterTest, NothingMovesAtFirst) {
  EXPECT_EQ(meter_.total(), 0u);
  EXPECT_EQ(meter_.per_second(), 0);
}

TEST_F(RateMeterTest, WhatHasJustBegunIsNotDividedByTimeBefore) {
  meter_.add(1000);
  EXPECT_EQ(meter_.per_second(), 1000);
  clock_.advance(seconds(1));
  meter_.add(1000);
  EXPECT_EQ(meter_.per_second(), 1000);
}

TEST_F(RateMeterTest, OnlyTheLastSecondsCount) {
  for (int second = 0; second < 20; ++second) {
    meter_.add(second < 10 ? 9'000'000 : 500);
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(meter_.per_second(), 500.0 * 4 / 5);  // the second that has just begun is one of the five
  EXPECT_EQ(meter_.total(), 10u * 9'000'000 + 10 * 500);
}

TEST_F(RateMeterTest, ItComesToRestAndBeginsAgain) {
  meter_.add(5000);
  clock_.advance(seconds(2));
  EXPECT_GT(meter_.per_second(), 0);
  clock_.advance(seconds(3));
  EXPECT_EQ(meter_.per_second(), 0);
  clock_.advance(seconds(100));
  meter_.add(300);
  EXPECT_EQ(meter_.per_second(), 300);
  EXPECT_EQ(meter_.total(), 5300u);
}

}  // namespace
}  // namespace ftpfs::test
