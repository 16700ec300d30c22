// SPDX-License-Identifier: MIT
// Novell NetWare and its clones: "d [RWCEAFMS] owner  512 Apr 13 23:52 name"; rights instead of permissions.
#include "../text.hpp"
#include "family.hpp"
#include "unix_tail.hpp"

namespace ftpfs::proto::listing {
namespace {

bool is_rights(std::string_view text) noexcept {
  return text.size() > 2 && text.front() == '[' && text.back() == ']' &&
         text.substr(1, text.size() - 2).find_first_not_of("RWCEAFMS-rwceafms") == text.npos;
}

}  // namespace

Reading read_netware(std::string_view line, Evidence&) {
  const Fields fields(line);
  const std::string_view kind = fields[0];
  if (kind.empty() || (kind[0] != 'd' && kind[0] != '-')) return Foreign();
  const bool glued = is_rights(kind.substr(1));
  if (!glued && (kind.size() != 1 || !is_rights(fields[1]))) return Foreign();
  ListedLine entry;
  entry.kind = kind[0] == 'd' ? ListedKind::directory : ListedKind::file;
  if (read_unix_tail(fields, glued ? 1 : 2, NameColumn::padded, entry)) return entry;
  return Malformed();
}

}  // namespace ftpfs::proto::listing
