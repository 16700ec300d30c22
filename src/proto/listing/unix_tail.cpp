// SPDX-License-Identifier: MIT
#include "unix_tail.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "../text.hpp"
#include "dates.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

// "33.5k"
std::optional<std::uint64_t> abbreviated_size(std::string_view text) noexcept {
  if (text.ends_with('B') || text.ends_with('b')) text.remove_suffix(1);
  constexpr std::string_view units = "kmgtp";
  const std::size_t unit = text.empty() ? units.npos : units.find(to_lower(text.back()));
  if (unit == units.npos) return std::nullopt;
  text.remove_suffix(1);
  std::string_view fraction = text;
  const auto whole = to_number<std::uint32_t>(cut(fraction, '.'));
  const bool with_fraction = fraction.size() > 0;
  const auto tenths =
      with_fraction && fraction.size() <= 3 ? to_number<std::uint32_t>(fraction) : std::nullopt;
  if (!whole || (with_fraction && !tenths)) return std::nullopt;
  const double value = *whole + tenths.value_or(0) / std::pow(10.0, static_cast<double>(fraction.size()));
  const double bytes = value * std::pow(1024.0, static_cast<double>(unit + 1));
  constexpr double most = 9.2e18;  // no file is larger than 2^63 - 1
  if (bytes > most) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

// The digits at the end of a group name that left no room for the blank: "ftpadmin125435904".
std::string_view glued_digits(std::string_view text) noexcept {
  std::size_t begin = text.size();
  while (begin > 0 && is_digit(text[begin - 1])) --begin;
  const std::string_view group = text.substr(0, begin);
  const bool is_group = std::any_of(group.begin(), group.end(), is_alpha) || group.ends_with(')');
  return is_group ? text.substr(begin) : std::string_view();
}

// "1,234,567" for a file; for a device "13,12" or "13, 12" are its numbers and no size.
bool read_size_with_commas(std::string_view text, ListedLine& entry) {
  std::string digits;
  for (const char c : text) {
    if (c != ',') digits += c;
  }
  if (!all_digits(digits) || !is_digit(text.back())) return false;
  if (entry.kind != ListedKind::other) entry.size = to_number<std::uint64_t>(digits);
  return true;
}

// The size column in front of a date. False: that is none, so what follows is no date either. `first` is the
// first field behind the permissions: a column in front of the size must exist for the size to be glued to
// it.
bool read_size(const Fields& fields, std::size_t index, std::size_t first, ListedLine& entry) {
  const std::string_view text = fields[index];
  entry.size = std::nullopt;
  if (all_digits(text)) {
    const bool device = index > first && fields[index - 1].ends_with(',');
    if (!device) entry.size = to_number<std::uint64_t>(text);
    return true;
  }
  if (text.starts_with('-') && all_digits(text.substr(1)))
    return true;  // 32 bits were not enough for the server
  if ((entry.size = abbreviated_size(text))) {
    entry.size_in_doubt = true;
    return true;
  }
  if (text.find(',') != text.npos) return read_size_with_commas(text, entry);
  const std::string_view digits = glued_digits(text);
  entry.size = to_number<std::uint64_t>(digits);
  return !digits.empty() && index > first;
}

// One blank ends the date. A year in a column of five, written left-justified, has one more ("Feb 17 2000
// name"); right-justified it has it in front ("Feb 17  2000 name"), and then the second blank is the name's.
std::string_view name_after_date(const Fields& fields, std::size_t last, NameColumn column,
                                 const DateMatch& match) {
  std::string_view rest = fields.after(last);
  if (rest.empty()) return rest;
  if (column == NameColumn::padded || match.numeric_day) return skip_blanks(rest);
  rest.remove_prefix(1);
  const bool left_justified = match.year_last && last > 0 && fields.begin(last) - fields.end(last - 1) == 1;
  if (left_justified && rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

void set_name(std::string_view name, ListedLine& entry) {
  if (entry.kind == ListedKind::symlink) {
    const Link link = split_link(name, " -> ", entry.size);
    entry.name = link.name;
    entry.link_target = link.target;
    return;
  }
  if (entry.kind == ListedKind::directory && name.size() > 1 && name.ends_with('/')) name.remove_suffix(1);
  entry.name = name;
}

}  // namespace

Link split_link(std::string_view text, std::string_view arrow, std::optional<std::uint64_t> size) noexcept {
  if (size && *size > 0 && *size < text.size() && *size + arrow.size() < text.size()) {
    const std::size_t at = text.size() - *size - arrow.size();
    if (text.substr(at, arrow.size()) == arrow) return {text.substr(0, at), text.substr(at + arrow.size())};
  }
  const std::size_t at = text.find(arrow, 1);
  if (at == text.npos || at + arrow.size() == text.size()) return {text, {}};
  return {text.substr(0, at), text.substr(at + arrow.size())};
}

// The date is the first one with a size in front of it. Only if that "size" is the very first column it may
// be a link count, followed by an owner called "jan" and a numeric group; then a later date is the better
// one.
bool read_unix_tail(const Fields& fields, std::size_t first, NameColumn column, ListedLine& entry) {
  bool found = false;
  for (std::size_t i = first + 1; i < fields.size(); ++i) {
    ListedLine candidate;
    candidate.kind = entry.kind;
    candidate.mode = entry.mode;
    if (!read_size(fields, i - 1, first, candidate)) continue;
    const auto match = match_date(fields, i);
    if (!match) continue;
    const std::string_view name = name_after_date(fields, i + match->fields - 1, column, *match);
    if (name.empty()) return found;  // one of blanks only is a name
    candidate.time = match->date;
    set_name(name, candidate);
    entry = std::move(candidate);
    if (i > first + 1) return true;
    found = true;
  }
  return found;
}

}  // namespace ftpfs::proto::listing
