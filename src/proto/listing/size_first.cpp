// SPDX-License-Identifier: MIT
// The formats that begin with the size:
//   OS/2      "36611      A    04-23-103  10:57  name",  "0  DIR  12-30-97  12:32  name"
//   VxWorks   "2048    Feb-28-1998  05:23:30   name <DIR>"
//   VShell    "206876  Apr 04, 2000 21:06 name",  "0  Dec 12, 2002 02:13 name/"
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

// OS/2: archived, hidden, read-only, system. False: something else.
bool is_attributes(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 4 && text.find_first_not_of("AHRS") == text.npos;
}

// The column titles of VxWorks and the ruler below them.
bool is_heading(const Fields& fields) noexcept {
  return (fields[0] == "size" && fields[1] == "date" && fields[2] == "time") ||
         (fields.size() >= 4 && fields[0].starts_with("----") && fields[1].starts_with("----") &&
          fields[2].starts_with("----") && fields[3].starts_with("----"));
}

// "04-23-103 10:57" and "Feb-28-1998 05:23:30". The index of the field after it, 0 for no such date.
std::size_t read_dashed_date(const Fields& fields, std::size_t first, ListedLine& entry) {
  const std::string_view text = fields[first];
  if (text.find('-') > 3) return 0;
  auto date = text.starts_with('-') || !is_digit(text[0]) ? named_date(text)
                                                          : numeric_date(text, DateOrder::month_first);
  if (!date || !read_clock(fields[first + 1], *date)) return 0;
  entry.time = date;
  return first + 2;
}

// "Apr 04, 2000 21:06"
std::size_t read_spelt_date(const Fields& fields, std::size_t first, ListedLine& entry) {
  const auto match = match_date(fields, first);
  if (!match || !match->date || match->date->precision == Precision::day) return 0;
  entry.time = match->date;
  return first + match->fields;
}

}  // namespace

Reading read_size_first(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_heading(fields)) return Nothing();
  if (fields.size() < 4 || !all_digits(fields[0])) return Foreign();
  ListedLine entry;
  entry.kind = ListedKind::file;
  entry.size = to_number<std::uint64_t>(fields[0]);
  std::size_t next = 1;
  for (; is_attributes(fields[next]) || fields[next] == "DIR"; ++next) {
    if (fields[next] == "DIR") entry.kind = ListedKind::directory;
  }
  const bool os2 = next > 1;
  if (os2 && !is_digit(fields[next].empty() ? ' ' : fields[next][0])) return Foreign();
  std::size_t name_at = read_dashed_date(fields, next, entry);
  if (name_at == 0 && !os2) name_at = read_spelt_date(fields, next, entry);
  if (name_at == 0 || name_at >= fields.size()) return Foreign();
  std::string_view name = fields.from(name_at);
  constexpr std::string_view mark = " <DIR>";
  const std::string_view trimmed = trim(name);
  if (trimmed.ends_with(mark)) {
    entry.kind = ListedKind::directory;
    name = trim(trimmed.substr(0, trimmed.size() - mark.size()));
  } else if (name.size() > 1 && name.ends_with('/')) {
    entry.kind = ListedKind::directory;
    name.remove_suffix(1);
  }
  if (name.empty()) return Malformed();
  entry.name = name;
  return entry;
}

}  // namespace ftpfs::proto::listing
