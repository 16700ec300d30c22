// SPDX-License-Identifier: MIT
// Dates as servers print them <-> Timestamp (UTC seconds). All arithmetic is range-checked: a date that does
// not exist is "no date", never another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/remote/types.hpp>

namespace ftpfs::proto {

// A date taken apart. LIST leaves the year out for recent files.
struct DateTime {
  std::optional<int> year = std::nullopt;
  int month = 0;  // 1..12
  int day = 0;    // 1..31
  int hour = 0;   // 24:00 is the next midnight
  int minute = 0;
  int second = 0;
  Precision precision = Precision::day;

  friend bool operator==(const DateTime&, const DateTime&) = default;
};

// A missing year is the latest one that puts the date not later than one day after `now` (clocks and zones
// differ by that much). nullopt: no such date.
std::optional<Timestamp> to_timestamp(const DateTime& date, std::int64_t now) noexcept;
DateTime to_date_time(Timestamp time) noexcept;

bool valid(const DateTime& date) noexcept;  // with a missing year: in some year

// YYYYMMDDhhmmss[.f] of MDTM and MLSD (RFC 3659 2.3), with the fraction dropped; also YYYYMMDDhhmm, and the
// 19YYYMMDDhhmmss of servers that print "19" and then the years since 1900. nullopt: no time, or the zero
// date.
std::optional<Timestamp> parse_time_value(std::string_view text) noexcept;

// The first time value in the text of a 213 reply: "20260102030405", "Modify=20260102030405; path".
std::optional<Timestamp> find_time_value(std::string_view text) noexcept;

// YYYYMMDDhhmmss for MFMT, MFF and MDTM; years 0000..9999, anything else is clamped to them.
std::string format_time_value(std::int64_t seconds);

}  // namespace ftpfs::proto
