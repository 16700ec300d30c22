// SPDX-License-Identifier: MIT
#include "dates.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "../text.hpp"

namespace ftpfs::proto::listing {
namespace {

std::string_view leading_digits(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::optional<int> full_year(std::string_view text) noexcept {
  const auto number = all_digits(text) ? to_number<int>(text) : std::nullopt;
  if (!number) return std::nullopt;
  switch (text.size()) {
    case 4:
      return *number >= 1900 ? number : std::nullopt;
    case 3:
      return 1900 + *number;
    case 2:
      return *number < 70 ? 2000 + *number : 1900 + *number;
    default:
      return std::nullopt;
  }
}

std::optional<int> four_digit_year(std::string_view text) noexcept {
  return text.size() == 4 ? full_year(text) : std::nullopt;
}

// A number of one or two digits; a '.' or ',' behind it is spelling ("13. Feb.", "Oct 08, 2002").
std::optional<int> small_number(std::string_view text) noexcept {
  if (text.ends_with('.') || text.ends_with(',')) text.remove_suffix(1);
  return text.size() <= 2 && all_digits(text) ? to_number<int>(text) : std::nullopt;
}

std::optional<DateTime> checked(const DateTime& date) noexcept {
  return valid(date) ? std::optional(date) : std::nullopt;
}

// Three pieces between two equal separators.
bool split_date(std::string_view text, std::array<std::string_view, 3>& pieces) noexcept {
  const std::size_t at = text.find_first_of("-/.");
  if (at == text.npos) return false;
  const char separator = text[at];
  pieces[0] = cut(text, separator);
  pieces[1] = cut(text, separator);
  pieces[2] = text;
  return pieces[2].find(separator) == text.npos;
}

// The digits of "8" + "month" in Chinese, Japanese or Korean, in whatever encoding: the sign begins with a
// byte
// >= 0x80 and has at most three more (the second byte of Shift-JIS may look like ASCII).
std::optional<std::string_view> signed_number(std::string_view text) noexcept {
  constexpr std::size_t longest_sign = 4;
  const std::string_view digits = leading_digits(text);
  const std::string_view sign = text.substr(digits.size());
  if (digits.empty() || sign.empty() || sign.size() > longest_sign) return std::nullopt;
  return static_cast<unsigned char>(sign[0]) >= 0x80 ? std::optional(digits) : std::nullopt;
}

std::string_view with_or_without_sign(std::string_view text) noexcept {
  return signed_number(text).value_or(text);
}

// The tail of "Mar 2 ...": a clock or a year. False: neither.
bool read_clock_or_year(std::string_view text, DateMatch& match) noexcept {
  ++match.fields;
  if (read_clock(text, *match.date)) return true;
  match.date->year = four_digit_year(with_or_without_sign(text));
  match.year_last = match.date->year.has_value();
  return match.year_last;
}

bool is_weekday(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 7> names = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  if (text.ends_with(',')) text.remove_suffix(1);
  return std::any_of(names.begin(), names.end(),
                     [text](std::string_view name) { return equals_ignoring_case(text, name); });
}

// "Oct 08, 2002 09:47" and BSD's ls -T, "Sep 20 10:11:12 2003": the other of the two follows.
void read_rest(const Fields& fields, std::size_t first, bool comma, DateMatch& match) noexcept {
  DateTime& date = *match.date;
  const std::string_view text = fields[first + match.fields];
  if (comma && match.year_last && read_clock(text, date)) {
    match.year_last = false;
    ++match.fields;
  } else if (!date.year && date.precision == Precision::second && four_digit_year(text)) {
    date.year = four_digit_year(text);
    match.year_last = true;
    ++match.fields;
  }
}

// "Mar  2 15:13", "02 Mar 2005", "13. Feb. 12:00", and with signs or numbers ("3 29 03:26") instead of names.
std::optional<DateMatch> match_month_and_day(const Fields& fields, std::size_t first) {
  DateMatch match{.date = DateTime(), .fields = 2};
  std::string_view day = fields[first + 1];
  // One of the two is a number; most words that are asked about are owners and groups.
  if (!small_number(fields[first]) && !small_number(with_or_without_sign(day))) return std::nullopt;
  match.date->month = month_number(fields[first]);
  if (match.date->month == 0 && small_number(fields[first])) {
    day = fields[first];
    match.date->month = month_number(fields[first + 1]);
  }
  if (match.date->month == 0) {
    match.date->month = small_number(with_or_without_sign(fields[first])).value_or(0);
    day = fields[first + 1];
  }
  match.date->day = small_number(with_or_without_sign(day)).value_or(0);
  if (!read_clock_or_year(fields[first + 2], match)) return std::nullopt;
  read_rest(fields, first, day.ends_with(','), match);
  return valid(*match.date) ? std::optional(match) : std::nullopt;
}

// "2003<year> 3<month> 20<day> [15:13]"
std::optional<DateMatch> match_signs_year_first(const Fields& fields, std::size_t first) noexcept {
  const auto month = signed_number(fields[first + 1]);
  const auto year = four_digit_year(with_or_without_sign(fields[first]));
  if (!month || !year) return std::nullopt;
  DateMatch match{.date = DateTime(), .fields = 3};
  match.date->year = year;
  match.date->month = small_number(*month).value_or(0);
  match.date->day = small_number(with_or_without_sign(fields[first + 2])).value_or(0);
  if (read_clock(fields[first + 3], *match.date)) ++match.fields;
  return valid(*match.date) ? std::optional(match) : std::nullopt;
}

// ls --full-time: a zone follows the clock. The listing's other times have none, so it is applied here.
bool read_zone(std::string_view text, DateTime& date) noexcept {
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-') || !all_digits(text.substr(1))) return false;
  const int minutes = *to_number<int>(text.substr(1, 2)) * 60 + *to_number<int>(text.substr(3));
  const auto local = to_timestamp(date, 0);
  if (!local) return false;
  const std::int64_t offset = text[0] == '-' ? -minutes * 60 : minutes * 60;
  date = to_date_time({local->seconds - offset, local->precision});
  return true;
}

// "2005-06-07 21:22", "1999/10/12 17:12", "24-04-2003 17:12", "2004.07.15", "24-Apr-2003 17:12"
std::optional<DateMatch> match_one_word(const Fields& fields, std::size_t first) {
  const std::string_view text = fields[first];
  if (text.size() < 8) return std::nullopt;
  DateMatch match{
      .date = numeric_date(text, text.find('/') == text.npos ? DateOrder::day_first : DateOrder::month_first),
      .fields = 1};
  if (!match.date) match.date = named_date(text);
  if (!match.date) return std::nullopt;
  match.numeric_day = !read_clock(fields[first + 1], *match.date);
  if (match.numeric_day) return match;
  ++match.fields;
  if (match.date->precision == Precision::second && read_zone(fields[first + 2], *match.date)) ++match.fields;
  return match;
}

// "09-26 13:45", "09-26 2000": GNU ls in its iso style and others.
std::optional<DateMatch> match_month_dash_day(const Fields& fields, std::size_t first) noexcept {
  const std::string_view text = fields[first];
  if (text.size() != 5 || (text[2] != '-' && text[2] != '/')) return std::nullopt;
  DateMatch match{.date = DateTime(), .fields = 1};
  match.date->month = small_number(text.substr(0, 2)).value_or(0);
  match.date->day = small_number(text.substr(3)).value_or(0);
  if (!read_clock_or_year(fields[first + 1], match)) return std::nullopt;
  return valid(*match.date) ? std::optional(match) : std::nullopt;
}

bool all_question_marks(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of('?') == text.npos;
}

// "??? ?? ?????": FileZilla Server does not know the date.
std::optional<DateMatch> match_unknown(const Fields& fields, std::size_t first) noexcept {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!all_question_marks(fields[first + i])) return std::nullopt;
  }
  return DateMatch{.date = std::nullopt, .fields = 3};
}

}  // namespace

std::optional<DateTime> numeric_date(std::string_view text, DateOrder order) noexcept {
  std::array<std::string_view, 3> pieces;
  if (!split_date(text, pieces)) return std::nullopt;
  if (pieces[0].size() == 4) order = DateOrder::year_first;
  if (pieces[2].size() == 4 && order == DateOrder::year_first) order = DateOrder::month_first;
  const auto [year, month, day] = order == DateOrder::year_first  ? std::array{0, 1, 2}
                                  : order == DateOrder::day_first ? std::array{2, 1, 0}
                                                                  : std::array{2, 0, 1};
  DateTime date;
  date.year = full_year(pieces[static_cast<std::size_t>(year)]);
  date.month = small_number(pieces[static_cast<std::size_t>(month)]).value_or(0);
  date.day = small_number(pieces[static_cast<std::size_t>(day)]).value_or(0);
  if (!date.year) return std::nullopt;
  if (date.month > 12 && order != DateOrder::year_first) std::swap(date.month, date.day);
  return checked(date);
}

std::optional<DateTime> named_date(std::string_view text) {
  std::array<std::string_view, 3> pieces;
  if (!split_date(text, pieces)) return std::nullopt;
  const std::size_t month = is_digit(pieces[0].empty() ? ' ' : pieces[0][0]) ? 1 : 0;
  DateTime date;
  date.year = full_year(pieces[2]);
  date.month = month_number(pieces[month]);
  date.day = small_number(pieces[1 - month]).value_or(0);
  return date.year ? checked(date) : std::nullopt;
}

bool read_clock(std::string_view text, DateTime& date) noexcept {
  const auto half = [text](std::string_view word) {  // "06:01AM", "06:01a"
    return (text.size() > 2 && equals_ignoring_case(text.substr(text.size() - 2), word)) ||
           (text.size() > 1 && equals_ignoring_case(text.substr(text.size() - 1), word.substr(0, 1)));
  };
  const bool morning = half("AM");
  const bool evening = half("PM");
  while ((morning || evening) && !text.empty() && is_alpha(text.back())) text.remove_suffix(1);
  const std::size_t colons = static_cast<std::size_t>(std::count(text.begin(), text.end(), ':'));
  auto hour = small_number(cut(text, ':'));
  const auto minute = small_number(cut(text, ':'));
  std::string_view seconds = text;
  if (!hour || !minute || colons > 2) return false;
  if (morning || evening) {  // 12:00AM is midnight, 12:00PM is noon
    if (*hour < 1 || *hour > 12) return false;
    hour = *hour % 12 + (evening ? 12 : 0);
  }
  DateTime result = date;
  result.hour = *hour;
  result.minute = *minute;
  result.precision = Precision::minute;
  if (colons == 2) {
    const std::string_view whole = cut(seconds, '.');
    const auto second = whole.size() == 2 ? small_number(whole) : std::nullopt;
    if (!second || (!seconds.empty() && !all_digits(seconds))) return false;
    result.second = *second;
    result.precision = Precision::second;
  }
  const bool midnight = result.hour == 24 && result.minute == 0 && result.second == 0;
  if ((result.hour > 23 && !midnight) || result.minute > 59 || result.second > 60) return false;
  date = result;
  return true;
}

std::optional<DateMatch> match_date(const Fields& fields, std::size_t first) {
  if (first >= fields.size()) return std::nullopt;
  if (is_weekday(fields[first])) {  // "Thu Jan  2 15:04:05 2015"
    auto match = match_month_and_day(fields, first + 1);
    if (match) ++match->fields;
    return match;
  }
  if (auto match = match_one_word(fields, first)) return match;
  if (auto match = match_month_and_day(fields, first)) return match;
  if (auto match = match_signs_year_first(fields, first)) return match;
  if (auto match = match_month_dash_day(fields, first)) return match;
  return match_unknown(fields, first);
}

}  // namespace ftpfs::proto::listing
