// SPDX-License-Identifier: MIT
// DOS and IIS: "03-18-98  06:01AM  2109440 name", and the servers that put the name first.
#include <algorithm>
#include <array>

#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

// Reparse points are links for us; only a plain <DIR> is known to be a directory here.
bool read_kind(std::string_view text, ListedLine& entry) noexcept {
  if (equals_ignoring_case(text, "<DIR>")) {
    entry.kind = ListedKind::directory;
  } else if (equals_ignoring_case(text, "<JUNCTION>") || equals_ignoring_case(text, "<SYMLINKD>") ||
             equals_ignoring_case(text, "<SYMLINK>")) {
    entry.kind = ListedKind::symlink;
  } else {
    return false;
  }
  return true;
}

// "2109440", "2,109,440", "2.109.440"
std::optional<std::uint64_t> grouped_number(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_digit(c)) {
      digits += c;
    } else if ((c != ',' && c != '.' && c != '\'') || digits.empty()) {
      return std::nullopt;
    }
  }
  return is_digit(text.empty() ? ' ' : text.back()) ? to_number<std::uint64_t>(digits) : std::nullopt;
}

// Nothing but a number above 12 tells dd-mm from mm-dd; then all of the listing is so. Where dots separate
// the fields the day is first.
std::optional<DateTime> read_date(std::string_view text, Evidence& evidence) noexcept {
  const auto first = to_number<unsigned>(text.substr(0, 2));
  const auto second = to_number<unsigned>(text.substr(std::min(text.size(), std::size_t{3}), 2));
  if (!evidence.order && first && second && (*first > 12) != (*second > 12)) {
    evidence.order = *first > 12 ? DateOrder::day_first : DateOrder::month_first;
  }
  const DateOrder likely = text.find('.') == text.npos ? DateOrder::month_first : DateOrder::day_first;
  return numeric_date(text, evidence.order.value_or(likely));
}

// The clock, with AM or PM glued to it or as the next word. 0: no clock; else how many words it took.
std::size_t read_clock_words(const Fields& fields, std::size_t first, DateTime& date) noexcept {
  const std::string_view next = fields[first + 1];
  if (equals_ignoring_case(next, "AM") || equals_ignoring_case(next, "PM")) {
    std::array<char, 16> glued{};
    const std::string_view clock = fields[first];
    if (clock.size() + 2 > glued.size()) return 0;
    std::copy(next.begin(), next.end(), std::copy(clock.begin(), clock.end(), glued.begin()));
    return read_clock({glued.data(), clock.size() + 2}, date) ? 2 : 0;
  }
  return read_clock(fields[first], date) ? 1 : 0;
}

// Junctions show where they lead: "name -> target", "name => target", "name [target]".
void set_link(std::string_view text, ListedLine& entry) {
  const std::string_view arrow = text.find(" => ") != text.npos ? " => " : " -> ";
  const Link link = split_link(text, arrow, std::nullopt);
  entry.name = link.name;
  entry.link_target = link.target;
  const std::size_t bracket = text.rfind(" [");
  if (link.target.empty() && text.ends_with(']') && bracket != text.npos && bracket > 0) {
    entry.name = text.substr(0, bracket);
    entry.link_target = text.substr(bracket + 2, text.size() - bracket - 3);
  }
}

}  // namespace

Reading read_dos(std::string_view line, Evidence& evidence) {
  const Fields fields(line);
  if (fields.size() < 3 || !is_digit(fields[0][0])) return Foreign();
  auto date = read_date(fields[0], evidence);
  if (!date) return Foreign();
  const std::size_t clock = read_clock_words(fields, 1, *date);
  if (clock == 0) return Foreign();
  const std::size_t what = 1 + clock;
  ListedLine entry;
  entry.time = date;
  const bool special = read_kind(fields[what], entry);
  if (!special) {
    entry.kind = ListedKind::file;
    entry.size = grouped_number(fields[what]);
    if (!entry.size) return Foreign();
  }
  std::string_view name = fields.after(what);
  // <DIR> is padded to the width of the sizes; behind a size exactly one blank is not part of the name.
  if (special) name = skip_blanks(name);
  if (!special && !name.empty()) name.remove_prefix(1);
  if (skip_blanks(name).empty()) return Malformed();
  if (entry.kind == ListedKind::symlink) {
    set_link(name, entry);
  } else {
    entry.name = name;
  }
  return entry;
}

// "DESIGN1.DOC   11264   05-11-95  14:20" and "README.TXT  4096  Oct 30 1995 14:32"
Reading read_name_first(std::string_view line, Evidence& evidence) {
  const Fields fields(line);
  if (fields.size() < 4) return Foreign();
  ListedLine entry;
  entry.name = fields[0];
  if (!read_kind(fields[1], entry)) {
    entry.kind = ListedKind::file;
    entry.size = grouped_number(fields[1]);
    if (!entry.size) return Foreign();
  }
  std::size_t next = 3;
  entry.time = is_digit(fields[2][0]) ? read_date(fields[2], evidence) : std::nullopt;
  if (!entry.time) {
    const auto match = match_date(fields, 2);
    if (!match || !match->date) return Foreign();
    entry.time = match->date;
    next = 2 + match->fields;
  }
  if (next < fields.size()) next += read_clock_words(fields, next, *entry.time);
  if (next != fields.size()) return Foreign();
  return entry;
}

}  // namespace ftpfs::proto::listing
