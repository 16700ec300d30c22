// SPDX-License-Identifier: MIT
// IBM i (OS/400) in its native list format: "OWNER  size date time  *TYPE  name". Members have only owner and
// name.
#include <array>

#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

constexpr std::array orders = {DateOrder::day_first, DateOrder::month_first, DateOrder::year_first};

// Day and month are never exchanged here as numeric_date() does: a field out of range is what tells the
// order.
std::optional<DateTime> date_in(std::string_view text, DateOrder order) noexcept {
  const auto second = to_number<int>(text.substr(text.size() < 5 ? 0 : 3, 2));
  const auto first = to_number<int>(text.substr(0, 2));
  if (!first || !second || (order == DateOrder::day_first && *second > 12) ||
      (order == DateOrder::month_first && *first > 12)) {
    return std::nullopt;
  }
  return numeric_date(text, order);
}

// The job's date format (DATFMT *YMD, *MDY, *DMY) is not in the listing. A line that only one of them fits
// tells it for the rest. Until then an ambiguous date is read as it is most often meant: year first where the
// type has its native column of ten, day first where a gateway has squeezed the columns and where dots
// separate the fields (*DMY of Central Europe).
std::optional<DateTime> read_date(std::string_view text, bool native_columns, Evidence& evidence) noexcept {
  if (text.find_first_not_of("0123456789") == 4) return numeric_date(text, DateOrder::year_first);  // *ISO
  std::size_t fitting = 0;
  DateOrder only{};
  for (const DateOrder order : orders) {
    if (!date_in(text, order)) continue;
    ++fitting;
    only = order;
  }
  if (fitting == 0) return std::nullopt;
  if (fitting == 1) evidence.order = only;
  const bool year_first = native_columns && text.find('.') == text.npos;
  const DateOrder order = evidence.order.value_or(year_first ? DateOrder::year_first : DateOrder::day_first);
  if (const auto date = date_in(text, order)) return date;
  return date_in(text, only);
}

bool is_type(std::string_view text) noexcept {
  if (text.size() < 3 || text[0] != '*') return false;
  for (const char c : text.substr(1)) {
    if (!is_upper(c) && !is_digit(c)) return false;
  }
  return true;
}

ListedKind kind_of(std::string_view type) noexcept {
  if (type == "*SYMLNK") return ListedKind::symlink;
  return type == "*DIR" || type == "*DDIR" || type == "*LIB" || type == "*FLR" ? ListedKind::directory
                                                                               : ListedKind::file;
}

// "dir/" is a directory; "FILE.FILE/MEMBER.MBR" is the member within the file being listed.
void set_name(std::string_view name, ListedLine& entry) {
  if (name.size() > 1 && name.ends_with('/')) {
    entry.kind = ListedKind::directory;
    name.remove_suffix(1);
  }
  entry.name = name.substr(name.rfind('/') + 1);
}

}  // namespace

Reading read_os400(std::string_view line, Evidence& evidence) {
  const Fields fields(line);
  std::size_t type = 0;
  while (type < fields.size() && type < 5 && !is_type(fields[type])) ++type;
  if (type > 4 || type == 2 || type == 3 || type + 1 >= fields.size()) return Foreign();
  ListedLine entry;
  entry.kind = kind_of(fields[type]);
  if (type == 4) {
    const bool native_columns = fields.begin(type + 1) - fields.begin(type) > 10;
    entry.size = to_number<std::uint64_t>(fields[1]);
    entry.time = read_date(fields[2], native_columns, evidence);
    if (!entry.size || !entry.time || !read_clock(fields[3], *entry.time)) return Foreign();
  }
  set_name(fields.from(type + 1), entry);
  if (entry.name.empty()) return Foreign();
  return entry;
}

}  // namespace ftpfs::proto::listing
