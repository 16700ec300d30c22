// SPDX-License-Identifier: MIT
// `ls -l` in all its variants: without link count, group or owner, with blanks in them, with ACL marks, with
// the size glued to the group. Only the permissions, the size in front of the date and the date itself are
// relied upon.
#include <algorithm>

#include "../text.hpp"
#include "family.hpp"
#include "unix_tail.hpp"

namespace ftpfs::proto::listing {
namespace {

bool looks_like_clock(std::string_view text) noexcept {
  return text.size() > 3 && is_digit(text[0]) && text.find(':') != text.npos;
}

bool looks_like_day(std::string_view text) noexcept {
  return text.size() <= 2 && all_digits(text);
}

// "drwxr-xr-x 3 owner group 512 name": no date at all, so nothing may be missing and nothing may look like a
// date that was not understood.
bool read_without_date(const Fields& fields, ListedLine& entry) {
  constexpr std::size_t size = 4;
  constexpr std::size_t name = 5;
  if (fields.size() <= name || !all_digits(fields[1]) || !all_digits(fields[size])) return false;
  if (month_number(fields[name]) != 0 || looks_like_day(fields[name + 1])) return false;
  for (std::size_t i = name; i < name + 3; ++i) {
    if (looks_like_clock(fields[i])) return false;
  }
  entry.size = to_number<std::uint64_t>(fields[size]);
  const Link link = entry.kind == ListedKind::symlink ? split_link(fields.from(name), " -> ", entry.size)
                                                      : Link{fields.from(name), {}};
  entry.name = link.name;
  entry.link_target = link.target;
  return true;
}

// "total 12", in blocks; negative and huge ones occur, and words other than "total".
bool is_total(const Fields& fields) noexcept {
  std::string_view number = fields[1];
  if (number.starts_with('-')) number.remove_prefix(1);
  while (!number.empty() && is_alpha(number.back())) number.remove_suffix(1);
  return fields.size() == 2 && all_digits(number.substr(0, number.find('.'))) &&
         (equals_ignoring_case(fields[0], "total") || equals_ignoring_case(fields[0], "insgesamt") ||
          equals_ignoring_case(fields[0], "totale"));
}

// "./lib:" of ls -R, and "." of the directory itself.
bool is_header(std::string_view line) noexcept {
  return line.ends_with(':') && line.find(": ") == line.npos;
}

// "1ftp": what the link count ran into is not known to be the owner's name.
bool glued_link_count(const Fields& fields) noexcept {
  const std::string_view text = fields[1];
  const std::size_t letter = text.find_first_not_of("0123456789");
  return letter == 1 && is_alpha(text[1]) && all_digits(fields[3]);
}

}  // namespace

Reading read_unix(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_total(fields)) return Nothing();
  ListedLine entry;
  const bool permissions = fields.size() > 1 && read_permissions(fields[0], entry);
  if (!permissions) return is_header(line) ? Reading(Nothing()) : Reading(Foreign());
  if (glued_link_count(fields)) return Malformed();
  if (read_unix_tail(fields, 1, NameColumn::one_blank, entry)) return entry;
  if (read_without_date(fields, entry)) return entry;
  return fields.size() > 3 ? Reading(Malformed()) : Reading(Foreign());
}

}  // namespace ftpfs::proto::listing
