// SPDX-License-Identifier: MIT
// The dates of LIST, in all their spellings. A date that does not exist is not matched.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <ftpfs/proto/time.hpp>

#include "fields.hpp"

namespace ftpfs::proto::listing {

// 1..12 for the name of a month in one of some fifteen languages, abbreviated or not; 0: none. The spelling
// may be UTF-8, Latin-1, Latin-2, Windows-1251 or KOI8-R.
int month_number(std::string_view text);

enum class DateOrder : std::uint8_t { month_first, day_first, year_first };

// Three numbers and what they are in one order, the year made four digits: 70..99 are 19xx, 3 digits count
// from 1900 (OS/2). A four-digit number is the year whatever the order says.
std::optional<DateTime> numeric_date(std::string_view text, DateOrder order) noexcept;

// "13-FEB-2002", "Feb-28-1998", "6-Apr-07".
std::optional<DateTime> named_date(std::string_view text);

// "9:05", "09:05:07.25", "24:00", "5:03PM": sets the clock of `date`. False: no clock, `date` is as it was.
bool read_clock(std::string_view text, DateTime& date) noexcept;

struct DateMatch {
  std::optional<DateTime> date;  // nullopt: a place-holder for "unknown"
  std::size_t fields = 0;        // how many it took
  bool year_last = false;        // ended with a four-digit year
  bool numeric_day = false;      // ended with a numeric day ("2004.07.15")
};

// A date as Unix-like servers print it, beginning at the given field.
std::optional<DateMatch> match_date(const Fields& fields, std::size_t first);

}  // namespace ftpfs::proto::listing
