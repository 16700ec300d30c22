// SPDX-License-Identifier: MIT
// Microware OS-9: "20.20 07/03/29 1026 d-ewrewr 2650 85920 name": owner, date, hhmm, attributes, sector,
// size, name.
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

bool is_attributes(std::string_view text) noexcept {
  return text.size() == 8 && (text[0] == 'd' || text[0] == '-') &&
         text.substr(1).find_first_not_of("-sewr") == text.npos;
}

// "Owner  Last modified  Attributes Sector Bytecount Name" and the ruler below it.
bool is_heading(const Fields& fields) noexcept {
  return (fields[0] == "Owner" && fields[1] == "Last" && fields[2] == "modified") ||
         (fields.size() == 6 && fields[0] == "-------" && fields[3].starts_with("---"));
}

}  // namespace

Reading read_os9(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (is_heading(fields)) return Nothing();
  if (fields.size() < 7 || fields[0].find('.') == fields[0].npos || !is_attributes(fields[3]))
    return Foreign();
  ListedLine entry;
  entry.time = numeric_date(fields[1], DateOrder::year_first);
  entry.size = to_number<std::uint64_t>(fields[5]);
  if (!entry.time || !all_digits(fields[2]) || !entry.size) return Foreign();
  entry.kind = fields[3][0] == 'd' ? ListedKind::directory : ListedKind::file;
  entry.name = fields.from(6);
  return entry;
}

}  // namespace ftpfs::proto::listing
