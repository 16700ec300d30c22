// SPDX-License-Identifier: MIT
// A time zone: local seconds (a clock's reading taken for UTC) <-> UTC seconds. From a fixed offset, from a
// rule as in the variable TZ (POSIX.1, 8.3), or from a file of the tz database (RFC 8536), whose text the
// caller has read. Values only; never the process's own zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpfs::proto {

class Zone {
 public:
  Zone() = default;  // UTC

  // "UTC", "Z", "+0530", "-3", "+05:30". nullopt: none of these.
  static std::optional<Zone> from_offset(std::string_view text);
  // "CET-1CEST,M3.5.0,M10.5.0/3", "EST5". nullopt: no such rule.
  static std::optional<Zone> from_rule(std::string_view text);
  // nullopt: no TZif file, or a broken one.
  static std::optional<Zone> from_tzif(std::string_view bytes);

  std::int32_t offset_at(std::int64_t utc) const noexcept;  // seconds east of Greenwich
  // A reading that the clock shows twice, or never, is taken by one of the offsets around it.
  std::int64_t to_utc(std::int64_t local) const noexcept;
  std::int64_t to_local(std::int64_t utc) const noexcept { return utc + offset_at(utc); }

  friend bool operator==(const Zone&, const Zone&) = default;

 private:
  struct Change {  // from `at` (UTC) on
    std::int64_t at = 0;
    std::int32_t offset = 0;
    friend bool operator==(const Change&, const Change&) = default;
  };
  struct Day {  // of a year, and the local time at which the clock is changed
    enum class Kind : std::uint8_t { julian, zero_based, weekday_of_month } kind = Kind::julian;
    int month = 0, week = 0, day = 0;  // `day`: of the year, or of the week (0: Sunday)
    std::int32_t seconds = 7200;
    std::int64_t in(int year) const noexcept;
    friend bool operator==(const Day&, const Day&) = default;
  };
  struct Rule {
    std::int32_t standard = 0;
    std::int32_t summer = 0;
    bool changes = false;
    Day begin, end;  // of summer time, in the time that ends then
    std::int32_t offset_at(std::int64_t utc) const noexcept;
    friend bool operator==(const Rule&, const Rule&) = default;
  };
  class RuleReader;

  std::int32_t before_ = 0;  // the offset before the first change
  std::vector<Change> changes_;
  std::optional<Rule> rule_;  // after the last change
};

}  // namespace ftpfs::proto
