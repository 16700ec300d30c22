// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/remote/types.hpp>

namespace ftpfs {
namespace {

constexpr std::int64_t midnight = 1'700'006'400;  // 2023-11-15 00:00:00 UTC

TEST(Timestamp, SecondsMustAgreeWhenBothTellThem) {
  EXPECT_TRUE(consistent({midnight, Precision::second}, {midnight, Precision::second}));
  EXPECT_FALSE(consistent({midnight, Precision::second}, {midnight + 1, Precision::second}));
}

TEST(Timestamp, TheCoarserPrecisionDecides) {
  const Timestamp minute{midnight, Precision::minute};
  EXPECT_TRUE(consistent(minute, {midnight + 59, Precision::second}));
  EXPECT_FALSE(consistent(minute, {midnight + 60, Precision::second}));
  EXPECT_FALSE(consistent({midnight - 1, Precision::second}, minute));
  const Timestamp day{midnight, Precision::day};
  EXPECT_TRUE(consistent(day, {midnight + 86'399, Precision::second}));
  EXPECT_TRUE(consistent({midnight + 3'600, Precision::minute}, day));
  EXPECT_FALSE(consistent(day, {midnight + 90'000, Precision::minute}));
  EXPECT_FALSE(consistent(day, {midnight - 3'660, Precision::minute}));
}

// The same day as told by a server in summer and in winter.
TEST(Timestamp, ADayMayBeginAnHourEarlierOrLater) {
  const Timestamp day{midnight, Precision::day};
  EXPECT_TRUE(consistent(day, {midnight - 3'600, Precision::second}));
  EXPECT_TRUE(consistent(day, {midnight + 89'999, Precision::second}));
  EXPECT_TRUE(consistent(day, {midnight + 3'600, Precision::day}));
  EXPECT_FALSE(consistent(day, {midnight + 86'400, Precision::day}));
}

TEST(Timestamp, TimesBefore1970RoundDownToo) {
  EXPECT_TRUE(consistent({-60, Precision::minute}, {-1, Precision::second}));
  EXPECT_FALSE(consistent({0, Precision::minute}, {-1, Precision::second}));
}

}  // namespace
}  // namespace ftpfs
