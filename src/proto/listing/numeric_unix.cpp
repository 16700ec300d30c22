// SPDX-License-Identifier: MIT
// "0100644   500  101   12345    123456789       name": st_mode in octal, uid, gid, size, mtime in Unix
// seconds.
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

ListedKind kind_of(unsigned st_mode) noexcept {
  switch (st_mode & 0170000) {
    case 0040000:
      return ListedKind::directory;
    case 0100000:
      return ListedKind::file;
    case 0120000:
      return ListedKind::symlink;
    default:
      return ListedKind::other;
  }
}

}  // namespace

Reading read_numeric_unix(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (fields.size() < 6) return Foreign();
  for (std::size_t i = 0; i < 5; ++i) {
    if (!all_digits(fields[i])) return Foreign();
  }
  const auto mode = to_number<unsigned>(fields[0], 8);
  const auto seconds = to_number<std::int64_t>(fields[4]);
  if (!mode || !seconds || fields[0].size() < 5 || (*mode & 0170000) == 0) return Foreign();
  ListedLine entry;
  entry.kind = kind_of(*mode);
  entry.mode = static_cast<std::uint16_t>(*mode & 07777);
  entry.size = to_number<std::uint64_t>(fields[3]);
  entry.time = to_date_time({*seconds, Precision::second});
  const Link link = entry.kind == ListedKind::symlink ? split_link(fields.from(5), " -> ", entry.size)
                                                      : Link{fields.from(5), {}};
  entry.name = link.name;
  entry.link_target = link.target;
  return entry;
}

}  // namespace ftpfs::proto::listing
