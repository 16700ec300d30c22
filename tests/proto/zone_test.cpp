// SPDX-License-Identifier: MIT
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/time.hpp>
#include <ftpfs/proto/zone.hpp>

namespace ftpfs::proto {
namespace {

std::int64_t at(std::string_view text) {
  return parse_time_value(text).value().seconds;
}

constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr const char* new_york = "EST5EDT,M3.2.0,M11.1.0";
constexpr const char* sydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";

struct OffsetCase {
  const char* rule;
  const char* utc;
  int hours;
};

TEST(Zone, RulesKnowSummerTime) {
  const std::vector<OffsetCase> table = {
      {berlin, "20260328235959", 1},    {berlin, "20260329005959", 1},    {berlin, "20260329010000", 2},
      {berlin, "20261025005959", 2},    {berlin, "20261025010000", 1},    {berlin, "20240229120000", 1},
      {new_york, "20260308065959", -5}, {new_york, "20260308070000", -4}, {new_york, "20261101055959", -4},
      {new_york, "20261101060000", -5}, {sydney, "20260101000000", 11},   {sydney, "20260404155959", 11},
      {sydney, "20260404160000", 10},   {sydney, "20261003155959", 10},   {sydney, "20261003160000", 11},
  };
  for (const OffsetCase& test : table)
    EXPECT_EQ(Zone::from_rule(test.rule)->offset_at(at(test.utc)), test.hours * 3600)
        << test.rule << test.utc;
}

TEST(Zone, RulesMayNameDaysOfTheYear) {
  const Zone julian =
      *Zone::from_rule("AAA0BBB,J60/0,J365/0");  // 1 March whether or not there is a 29 February
  EXPECT_EQ(julian.offset_at(at("20240229235959")), 0);
  EXPECT_EQ(julian.offset_at(at("20240301000000")), 3600);
  EXPECT_EQ(julian.offset_at(at("20250301000000")), 3600);
  const Zone counted = *Zone::from_rule("AAA0BBB,59/0,364/0");
  EXPECT_EQ(counted.offset_at(at("20240229000000")), 3600);
  EXPECT_EQ(counted.offset_at(at("20250228235959")), 0);
}

TEST(Zone, RulesWithoutSummerTimeAndWithQuotedNames) {
  EXPECT_EQ(Zone::from_rule("EST5")->offset_at(0), -5 * 3600);
  EXPECT_EQ(Zone::from_rule("<+0545>-5:45")->offset_at(0), 20'700);
  EXPECT_EQ(Zone::from_rule("<-03>3<-02>,M3.5.0/-2,M10.5.0/-1")->offset_at(at("20260701000000")), -7200);
}

TEST(Zone, WhatIsNoRuleIsRefused) {
  for (const char* text :
       {"", "X", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.1.0,M1.1.0",
        "CET-1CEST,M3.6.0,M1.1.0", "CET-1CEST,M3.5.7,M1.1.0", "CET-1CEST,M3.5.0,M10.5.0/3,x", "CET-1000",
        "<CET-1", "Europe/Berlin", "CET-1CEST,Mx,M1.1.0"})
    EXPECT_FALSE(Zone::from_rule(text)) << text;
}

TEST(Zone, Offsets) {
  EXPECT_EQ(Zone::from_offset("UTC")->offset_at(0), 0);
  EXPECT_EQ(Zone::from_offset("Z")->offset_at(0), 0);
  EXPECT_EQ(Zone::from_offset("+0530")->offset_at(0), 19'800);
  EXPECT_EQ(Zone::from_offset("+05:30")->offset_at(0), 19'800);
  EXPECT_EQ(Zone::from_offset("-3")->offset_at(0), -10'800);
  EXPECT_EQ(Zone::from_offset("-0930")->offset_at(0), -34'200);
  for (const char* text : {"", "+", "0530", "+15", "+0560", "+05300", "+5:3", "+ab", "utc+1"})
    EXPECT_FALSE(Zone::from_offset(text)) << text;
}

TEST(Zone, LocalTimesComeBackAsTheyWere) {
  for (const char* rule : {berlin, new_york, sydney, "UTC0", "<+0545>-5:45"}) {
    const Zone zone = *Zone::from_rule(rule);
    for (std::int64_t utc = at("20260101000000"); utc < at("20280101000000"); utc += 1800) {
      const std::int64_t back = zone.to_utc(zone.to_local(utc));
      const bool shown_twice = zone.to_local(back) == zone.to_local(utc);
      ASSERT_TRUE(back == utc || shown_twice) << rule << " " << utc;
    }
  }
}

TEST(Zone, AReadingThatTheClockNeverShowsIsTakenForOneNearIt) {
  const Zone zone = *Zone::from_rule(berlin);
  const std::int64_t utc = zone.to_utc(at("20260329023000"));
  EXPECT_TRUE(utc == at("20260329003000") || utc == at("20260329013000")) << utc;
}

// A file of the tz database with two changes and a rule, in the second, 64-bit block.
std::string tzif() {
  std::string bytes;
  const auto number = [&](std::int64_t value, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
      bytes += static_cast<char>(value >> shift & 0xFF);
  };
  for (const int time_size : {4, 8}) {
    bytes += "TZif2" + std::string(15, '\0');
    for (const int count : {0, 0, 0, 2, 2, 4}) number(count, 4);
    number(at("20000101000000"), time_size);
    number(at("20010101000000"), time_size);
    bytes += std::string("\1\0", 2);
    number(-3600, 4), bytes += std::string("\0\0", 2);
    number(7200, 4), bytes += std::string("\1\0", 2);
    bytes += std::string("ABC\0", 4);
  }
  return bytes + "\nEST5\n";
}

TEST(Zone, FilesOfTheTzDatabase) {
  const auto zone = Zone::from_tzif(tzif());
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->offset_at(at("19990101000000")), -3600);
  EXPECT_EQ(zone->offset_at(at("20000101000000")), 7200);
  EXPECT_EQ(zone->offset_at(at("20000701000000")), 7200);
  EXPECT_EQ(zone->offset_at(at("20260701000000")), -5 * 3600);  // the rule
}

TEST(Zone, CutOffFilesAreRefused) {
  const std::string whole = tzif();
  const std::size_t end_of_data = whole.size() - 6;
  for (std::size_t size = 0; size < end_of_data; ++size)
    EXPECT_FALSE(Zone::from_tzif(whole.substr(0, size))) << size;
  std::string wrong = whole;
  wrong[44 + 8] = 7;  // a type that is not there, in the block that is not read
  EXPECT_TRUE(Zone::from_tzif(wrong));
  wrong[end_of_data - 4 - 12 - 2] = 7;
  EXPECT_FALSE(Zone::from_tzif(wrong));
}

TEST(Zone, TheRealDatabase) {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  if (!file) GTEST_SKIP() << "no tz database here";
  const auto zone = Zone::from_tzif(std::string(std::istreambuf_iterator<char>(file), {}));
  ASSERT_TRUE(zone);
  EXPECT_EQ(zone->offset_at(at("19700701000000")), 3600);  // there was no summer time
  EXPECT_EQ(zone->offset_at(at("20260701000000")), 7200);
  EXPECT_EQ(zone->offset_at(at("20260101000000")), 3600);
  EXPECT_EQ(zone->offset_at(at("20990701000000")), 7200);
}

}  // namespace
}  // namespace ftpfs::proto
