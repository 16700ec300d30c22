// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <cstdio>

#include <ftpfs/proto/time.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t seconds_of_day = 86400;

year_month_day calendar(int year, const DateTime& date) noexcept {
  return {std::chrono::year(year), std::chrono::month(static_cast<unsigned>(date.month)),
          std::chrono::day(static_cast<unsigned>(date.day))};
}

bool fields_in_range(const DateTime& date) noexcept {
  const bool midnight = date.hour == 24 && date.minute == 0 && date.second == 0;
  return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31 && date.hour >= 0 &&
         (date.hour < 24 || midnight) && date.minute >= 0 && date.minute < 60 && date.second >= 0 &&
         date.second <= 60;  // a leap second
}

std::optional<std::int64_t> seconds_in(int year, const DateTime& date) noexcept {
  if (year < 1 || year > 9999 || !calendar(year, date).ok()) return std::nullopt;
  const std::int64_t days = sys_days(calendar(year, date)).time_since_epoch().count();
  return days * seconds_of_day + date.hour * 3600 + date.minute * 60 + std::min(date.second, 59);
}

int year_of(std::int64_t seconds) noexcept {
  const auto time = std::chrono::sys_seconds(std::chrono::seconds(seconds));
  return static_cast<int>(year_month_day(std::chrono::floor<std::chrono::days>(time)).year());
}

// A clock that is out of the calendar's range must not take the arithmetic with it.
std::int64_t clamp_to_calendar(std::int64_t seconds) noexcept {
  constexpr std::int64_t year_0 = -62167219200;
  constexpr std::int64_t end_of_9999 = 253402300799;
  return std::clamp(seconds, year_0, end_of_9999);
}

int digits_at(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
  return value;
}

std::size_t digit_run(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
}

}  // namespace

bool valid(const DateTime& date) noexcept {
  if (!fields_in_range(date)) return false;
  constexpr int some_leap_year = 2000;
  return seconds_in(date.year.value_or(some_leap_year), date).has_value();
}

std::optional<Timestamp> to_timestamp(const DateTime& date, std::int64_t now) noexcept {
  if (!fields_in_range(date)) return std::nullopt;
  if (date.year) {
    const auto seconds = seconds_in(*date.year, date);
    return seconds ? std::optional(Timestamp{*seconds, date.precision}) : std::nullopt;
  }
  const std::int64_t latest = clamp_to_calendar(now) + seconds_of_day;
  constexpr int between_leap_days = 8;  // 29 February of 1896 and 1904
  for (int year = year_of(latest), last = year - between_leap_days; year >= last; --year) {
    const auto seconds = seconds_in(year, date);
    if (seconds && *seconds <= latest) return Timestamp{*seconds, date.precision};
  }
  return std::nullopt;
}

DateTime to_date_time(Timestamp time) noexcept {
  const auto since_epoch = std::chrono::sys_seconds(std::chrono::seconds(clamp_to_calendar(time.seconds)));
  const auto midnight = std::chrono::floor<std::chrono::days>(since_epoch);
  const year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(since_epoch - midnight);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<int>(static_cast<unsigned>(date.month())),
          .day = static_cast<int>(static_cast<unsigned>(date.day())),
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second = static_cast<int>(clock.seconds().count()),
          .precision = time.precision};
}

std::optional<Timestamp> parse_time_value(std::string_view text) noexcept {
  const std::size_t digits = digit_run(text);
  if (digits < text.size() &&
      (text[digits] != '.' || digit_run(text.substr(digits + 1)) + digits + 1 != text.size())) {
    return std::nullopt;
  }
  DateTime date{.precision = Precision::second};
  if (digits == 15 && text.starts_with("191")) {  // "19" and tm_year printed one after the other
    date.year = 1900 + digits_at(text, 2, 3);
    text.remove_prefix(5);
  } else if (digits == 14 || digits == 12) {
    date.year = digits_at(text, 0, 4);
    text.remove_prefix(4);
  } else {
    return std::nullopt;
  }
  date.month = digits_at(text, 0, 2);
  date.day = digits_at(text, 2, 2);
  date.hour = digits_at(text, 4, 2);
  date.minute = digits_at(text, 6, 2);
  if (digits == 12) {
    date.precision = Precision::minute;
  } else {
    date.second = digits_at(text, 8, 2);
  }
  if (*date.year <= 1) return std::nullopt;  // 00010101000000: "unknown" of .NET servers
  return to_timestamp(date, 0);
}

std::optional<Timestamp> find_time_value(std::string_view text) noexcept {
  while (!text.empty()) {
    if (!is_digit(text.front())) {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t run = digit_run(text);
    if (const auto time = parse_time_value(text.substr(0, run))) return time;
    text.remove_prefix(run);
  }
  return std::nullopt;
}

std::string format_time_value(std::int64_t seconds) {
  const DateTime date = to_date_time({seconds, Precision::second});
  char text[64];
  std::snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02d", *date.year, date.month, date.day, date.hour,
                date.minute, date.second);
  return text;
}

}  // namespace ftpfs::proto
