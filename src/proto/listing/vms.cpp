// SPDX-License-Identifier: MIT
// OpenVMS: "NAME.TYPE;version  used/allocated  date time  [owner]  (protection)" in this or another order.
// Sizes are blocks of 512 bytes. A long name stands on a line of its own. Of several versions the server
// lists the newest first.
#include <algorithm>

#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

constexpr std::uint64_t block = 512;

// "NAME.TYPE" of "NAME.TYPE;12"; "" if there is no version.
std::string_view without_version(std::string_view text) noexcept {
  const std::size_t semicolon = text.rfind(';');
  if (semicolon == text.npos || semicolon == 0 || !all_digits(text.substr(semicolon + 1))) return {};
  return text.substr(0, semicolon);
}

bool starts_with_word(const Fields& fields, std::string_view word) noexcept {
  return equals_ignoring_case(fields[0], word);
}

// "Directory DISK:[DIR]", "Total of 3 files, 12 blocks.", "Grand total of 2 directories"
bool is_frame(const Fields& fields) noexcept {
  if (starts_with_word(fields, "Directory")) return fields.size() == 2 && fields[1].ends_with(']');
  if (starts_with_word(fields, "Grand")) return equals_ignoring_case(fields[1], "total");
  return starts_with_word(fields, "Total") && equals_ignoring_case(fields[1], "of");
}

// "155", "7/9" (the first is what is used), "******" (the column was too narrow)
bool read_blocks(std::string_view text, ListedLine& entry) noexcept {
  if (!text.empty() && text.find_first_not_of('*') == text.npos) return true;
  std::string_view allocated = text;
  const std::string_view used = cut(allocated, '/');
  if (used.size() != text.size() && !all_digits(allocated)) return false;
  const auto blocks = all_digits(used) ? to_number<std::uint64_t>(used) : std::nullopt;
  if (!blocks) return false;
  constexpr std::uint64_t most = UINT64_MAX / block;
  entry.size = std::min(*blocks, most) * block;
  entry.size_in_doubt = true;
  return true;
}

// "2-JUL-2003": the day first, four digits for the year.
bool is_date(std::string_view text) noexcept {
  constexpr std::size_t shortest = 10;
  return text.size() >= shortest && is_digit(text[0]) && text.find('-') < 3;
}

// What stands in parentheses: the letters R, W, E and D of four groups.
bool is_protection(std::string_view text) noexcept {
  return text.find_first_of("0123456789*") == text.npos;
}

// The words behind the name. Owner and protection may hold blanks: they end with their closing bracket. An
// owner may come without its brackets. False: no columns of a VMS listing.
bool read_columns(const Fields& fields, ListedLine& entry) {
  bool sized = false;
  char closing = '\0';
  for (std::size_t i = 1; i < fields.size(); ++i) {
    const std::string_view text = fields[i];
    if (closing == '\0' && text.starts_with('[')) closing = ']';
    if (closing == '\0' && text.starts_with('(')) closing = ')';
    if (closing == ')' && !is_protection(text)) return false;
    if (closing != '\0') {
      if (text.find(closing) != text.npos) closing = '\0';
      continue;
    }
    if (!entry.time && is_date(text)) {
      entry.time = named_date(text);
    } else if (!sized && read_blocks(text, entry)) {
      sized = true;
    } else if (entry.time && entry.time->precision == Precision::day && read_clock(text, *entry.time)) {
      continue;
    } else if (text.find('/') != text.npos || equals_ignoring_case(text, "AM") ||
               equals_ignoring_case(text, "PM")) {
      return false;
    }
  }
  return entry.time.has_value();
}

void set_name(std::string_view name, ListedLine& entry) {
  constexpr std::string_view directory = ".DIR";
  // "[VMSSERV.FILES]ALARM.DIR;1" (MultiNet): the directory that is being listed.
  if (name.starts_with('[') && name.find(']') + 1 < name.size()) name.remove_prefix(name.find(']') + 1);
  entry.kind = ListedKind::file;
  if (name.size() > directory.size() &&
      equals_ignoring_case(name.substr(name.size() - directory.size()), directory)) {
    entry.kind = ListedKind::directory;
    name.remove_suffix(directory.size());
  }
  entry.name = name;
}

// An error message instead of the columns. %RMS-E-PRV is a file whose header may not be read, but that is
// there; others are about the directory ("*.*;0 <%RMS-E-FNF, file not found>" is an empty one).
Reading read_error(std::string_view name, std::string_view message) {
  if (name.find('*') != name.npos || message.find("%RMS-E-PRV") == message.npos) return Nothing();
  ListedLine entry;
  set_name(name, entry);
  if (entry.kind == ListedKind::file) entry.kind = ListedKind::other;
  return entry;
}

}  // namespace

Reading read_vms(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_frame(fields)) return Nothing();
  const std::string_view name = without_version(fields[0]);
  if (name.empty()) return Foreign();
  if (fields.size() == 1) return Unfinished();
  if (fields[1].starts_with('%') || fields[1].starts_with("<%")) return read_error(name, fields.from(1));
  ListedLine entry;
  set_name(name, entry);
  if (!read_columns(fields, entry)) return Foreign();
  return entry;
}

}  // namespace ftpfs::proto::listing
