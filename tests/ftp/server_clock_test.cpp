// SPDX-License-Identifier: MIT
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/ftp/server_clock.hpp>

namespace ftpfs::ftp {
namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 86'400;
constexpr std::int64_t november = 1'795'500'000;  // 2026-11-24
constexpr std::int64_t july = november - 130 * day;

const proto::Zone& berlin() {
  static const proto::Zone zone = *proto::Zone::from_rule("CET-1CEST,M3.5.0,M10.5.0/3");
  return zone;
}

TEST(ServerClock, TakesEverythingForUtcAtFirst) {
  const ServerClock clock;
  EXPECT_EQ(clock.from_mdtm(1000), 1000);
  EXPECT_EQ(clock.to_mdtm(1000), 1000);
  EXPECT_EQ(clock.from_list(1000), 1000);
}

TEST(ServerClock, TheUsersZoneIsForListings) {
  const ServerClock clock(berlin());
  EXPECT_EQ(clock.from_list(november + hour), november);
  EXPECT_EQ(clock.from_list(july + 2 * hour), july);
  EXPECT_EQ(clock.from_mdtm(july), july);
  const std::vector<std::int64_t> times{july, november};
  EXPECT_EQ(clock.doubtful(times), std::nullopt);
}

TEST(ServerClock, AnUploadTellsWhetherMdtmIsLocal) {
  ServerClock clock;
  EXPECT_FALSE(clock.calibrated());
  clock.calibrate(november - 5 * hour - 2, november);
  EXPECT_TRUE(clock.calibrated());
  EXPECT_EQ(clock.from_mdtm(november - 5 * hour), november);
  EXPECT_EQ(clock.to_mdtm(november), november - 5 * hour);
  clock.calibrate(november + day + 1, november + day);  // its administrator has mended it
  EXPECT_EQ(clock.from_mdtm(november), november);
}

TEST(ServerClock, AClockThatIsWrongIsNoZone) {
  for (const std::int64_t wrong : {7 * 60L, 20 * 60L, 30 * hour, -400 * day}) {
    ServerClock clock;
    clock.calibrate(november + wrong, november);
    EXPECT_EQ(clock.from_mdtm(november), november) << wrong;
    EXPECT_TRUE(clock.calibrated());
  }
  ServerClock clock;
  clock.calibrate(std::nullopt, november);
  EXPECT_TRUE(clock.calibrated());
}

TEST(ServerClock, QuartersOfAnHourAreZones) {
  ServerClock clock;
  clock.calibrate(november + 20'700, november);  // Kathmandu, +05:45
  EXPECT_EQ(clock.from_mdtm(november + 20'700), november);
}

// One file tells for all times near it; the oldest tells whether the clocks were changed in between.
TEST(ServerClock, ListingsAreComparedAtBothEnds) {
  ServerClock clock;
  const std::vector<std::int64_t> times{november - 3 * day, november - 2 * day, november};
  EXPECT_EQ(clock.doubtful(times), 2u);
  clock.learn(november, november - hour + 30);
  EXPECT_EQ(clock.doubtful(times), std::nullopt);
  EXPECT_EQ(clock.from_list(november - 2 * day), november - 2 * day - hour);
}

// Each day of half a year, as a server in Berlin lists it.
TEST(ServerClock, SummerTimeIsFoundInAFewSteps) {
  std::vector<std::int64_t> told;
  std::vector<std::int64_t> truth;
  for (int days = 175; days >= 0; --days) {
    truth.push_back(november - days * day + days * 60);
    told.push_back(berlin().to_local(truth.back()) / 60 * 60);
  }
  ServerClock clock;
  unsigned questions = 0;
  while (const auto next = clock.doubtful(told)) {
    clock.learn(told[*next], truth[*next]);
    ++questions;
  }
  EXPECT_LE(questions, 10u);
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(clock.from_list(told[i]), truth[i] / 60 * 60) << i;
}

TEST(ServerClock, AnAnswerThatFitsNoZoneIsLeftAside) {
  ServerClock clock;
  const std::vector<std::int64_t> times{november};
  clock.learn(november, november - 700);  // written to meanwhile
  EXPECT_EQ(clock.from_list(november), november);
  EXPECT_EQ(clock.doubtful(times), 0u);
  clock.learn(november, november - 365 * day);  // a year misjudged
  clock.learn(november, std::nullopt);
  EXPECT_EQ(clock.doubtful(times), std::nullopt) << "asks for ever";
}

TEST(ServerClock, ListAndMdtmMayBothBeLocal) {
  ServerClock clock;
  clock.learn(november + hour, november + hour + 12);
  EXPECT_EQ(clock.from_list(november + hour), november + hour);
  clock.calibrate(november + hour, november);
  EXPECT_EQ(clock.from_list(november + hour), november);
}

}  // namespace
}  // namespace ftpfs::ftp
