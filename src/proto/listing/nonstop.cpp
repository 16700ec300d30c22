// SPDX-License-Identifier: MIT
// HP NonStop (Guardian): `NAME  code  EOF  6-Apr-07 14:21:18  255,255 "oooo"`. Guardian has volumes and
// sub-volumes, so all entries are files.
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {

Reading read_nonstop(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (fields[0] == "File" && fields[1] == "Code" && fields[2] == "EOF") return Nothing();
  if (fields.size() < 7) return Foreign();
  // A file that is open has an 'O' between its name and its code, or glued to the code.
  const std::size_t code = fields[1] == "O" ? 2 : 1;
  std::string_view number = fields[code];
  while (!number.empty() && (is_alpha(number.back()) || number.back() == '+')) number.remove_suffix(1);
  const auto size = to_number<std::uint64_t>(fields[code + 1]);
  auto date = named_date(fields[code + 2]);
  if (!all_digits(number) || !size || !date || !read_clock(fields[code + 3], *date)) return Foreign();
  ListedLine entry;
  entry.name = fields[0];
  entry.kind = ListedKind::file;
  entry.size = size;
  entry.time = date;
  return entry;
}

}  // namespace ftpfs::proto::listing
