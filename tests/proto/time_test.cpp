// SPDX-License-Identifier: MIT
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/time.hpp>

namespace ftpfs::proto {
namespace {

constexpr std::int64_t day = 86400;
constexpr std::int64_t new_year_2026 = 1767225600;  // 2026-01-01 00:00:00

std::optional<std::int64_t> seconds(std::optional<Timestamp> time) {
  return time ? std::optional(time->seconds) : std::nullopt;
}

struct ValueCase {
  const char* text;
  std::optional<std::int64_t> seconds;
};

TEST(TimeValue, Table) {
  const std::vector<ValueCase> table = {
      {"19700101000000", 0},
      {"20260101000000", new_year_2026},
      {"20260101000000.123", new_year_2026},
      {"20260101000000.", new_year_2026},
      {"20260101000001", new_year_2026 + 1},
      {"20251231235959", new_year_2026 - 1},
      {"20251231235960", new_year_2026 - 1},
      {"20240229120000", 1709208000},
      {"19691231235959", -1},
      {"202601010000", new_year_2026},
      {"191260101000000", new_year_2026},
      {"191000101000000", 946684800},
      {"00010101000000", {}},
      {"00000000000000", {}},
      {"20260229120000", {}},
      {"20261301000000", {}},
      {"20260132000000", {}},
      {"20260101250000", {}},
      {"20260101006000", {}},
      {"20260101000061", {}},
      {"2026010100000", {}},
      {"2014", {}},
      {"", {}},
      {"20260101000000Z", {}},
      {"2026010100000x", {}},
      {"-20260101000000", {}},
      {"99999999999999", {}},
      {"202601010000000000000000000000000", {}},
      {"20260101000000.1.2", {}},
  };
  for (const ValueCase& test : table)
    EXPECT_EQ(seconds(parse_time_value(test.text)), test.seconds) << test.text;
}

TEST(TimeValue, Precision) {
  EXPECT_EQ(parse_time_value("20260101000000")->precision, Precision::second);
  EXPECT_EQ(parse_time_value("202601010000")->precision, Precision::minute);
}

TEST(TimeValue, FoundInAReply) {
  EXPECT_EQ(seconds(find_time_value("20260101000000")), new_year_2026);
  EXPECT_EQ(seconds(find_time_value("Modify=20260101000000; /path/20250101000000")), new_year_2026);
  EXPECT_EQ(seconds(find_time_value("213 20260101000000")), new_year_2026);
  EXPECT_EQ(seconds(find_time_value("no time at all 42")), std::nullopt);
  EXPECT_EQ(seconds(find_time_value("")), std::nullopt);
}

TEST(TimeValue, Formatted) {
  EXPECT_EQ(format_time_value(0), "19700101000000");
  EXPECT_EQ(format_time_value(new_year_2026 + 3723), "20260101010203");
  EXPECT_EQ(format_time_value(-1), "19691231235959");
  EXPECT_EQ(format_time_value(INT64_MAX), "99991231235959");
  EXPECT_EQ(format_time_value(INT64_MIN), "00000101000000");
}

TEST(TimeValue, RoundTrip) {
  for (std::int64_t time = -70 * 365 * day; time < 200 * 365 * day; time += 12345678) {
    EXPECT_EQ(seconds(parse_time_value(format_time_value(time))), time);
  }
}

DateTime date(int month, int day_of_month, int hour = 0, int minute = 0) {
  DateTime result;
  result.month = month;
  result.day = day_of_month;
  result.hour = hour;
  result.minute = minute;
  result.precision = Precision::minute;
  return result;
}

TEST(YearGuess, LatestThatIsNotInTheFuture) {
  const std::int64_t now = new_year_2026 + 100 * day;  // 11 April
  EXPECT_EQ(seconds(to_timestamp(date(1, 1), now)), new_year_2026);
  EXPECT_EQ(seconds(to_timestamp(date(12, 31), now)), new_year_2026 - day);
  EXPECT_EQ(seconds(to_timestamp(date(4, 11), now)), now);
}

TEST(YearGuess, TomorrowIsStillThisYear) {
  const std::int64_t now = new_year_2026 - 3600;  // 31 December 2025, 23:00
  EXPECT_EQ(seconds(to_timestamp(date(1, 1, 10, 0), now)), new_year_2026 + 10 * 3600);
  EXPECT_EQ(seconds(to_timestamp(date(1, 1, 23, 0), now)), new_year_2026 + 23 * 3600);
  EXPECT_EQ(seconds(to_timestamp(date(1, 1, 23, 1), now)), new_year_2026 - 365 * day + 23 * 3600 + 60);
}

TEST(YearGuess, LeapDayIsInALeapYear) {
  EXPECT_EQ(seconds(to_timestamp(date(2, 29), new_year_2026)), 1709164800);  // 2024
}

TEST(YearGuess, SurvivesAnyClock) {
  EXPECT_TRUE(to_timestamp(date(6, 1), 0));
  EXPECT_FALSE(to_timestamp(date(6, 1), INT64_MIN));
  EXPECT_TRUE(to_timestamp(date(6, 1), INT64_MAX));
}

TEST(DateTime, ImpossibleDatesAreNoDates) {
  for (const DateTime& wrong : {date(0, 1), date(13, 1), date(1, 0), date(1, 32), date(2, 30), date(4, 31),
                                date(1, 1, 25), date(1, 1, 24, 1), date(1, 1, 0, 60), date(1, 1, -1)}) {
    EXPECT_FALSE(valid(wrong)) << wrong.month << '/' << wrong.day << ' ' << wrong.hour << ':' << wrong.minute;
    EXPECT_FALSE(to_timestamp(wrong, new_year_2026));
  }
}

TEST(DateTime, MidnightAtTheEndOfTheDay) {
  DateTime end = date(12, 31, 24, 0);
  end.year = 2025;
  EXPECT_EQ(seconds(to_timestamp(end, 0)), new_year_2026);
}

TEST(DateTime, PrecisionIsKept) {
  DateTime some = date(1, 1);
  some.precision = Precision::day;
  EXPECT_EQ(to_timestamp(some, new_year_2026)->precision, Precision::day);
  EXPECT_EQ(to_date_time({0, Precision::minute}).precision, Precision::minute);
}

TEST(DateTime, RoundTrip) {
  for (std::int64_t time = -100 * 365 * day; time < 300 * 365 * day; time += 98765432) {
    EXPECT_EQ(to_timestamp(to_date_time({time}), 0), Timestamp{time});
  }
}

}  // namespace
}  // namespace ftpfs::proto
