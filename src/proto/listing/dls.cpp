// SPDX-License-Identifier: MIT
// `dls`, the annotated listing of some archive servers: the name left, the size right-justified, then two
// blanks and a description. What looks like a date in there is prose. A name too long for its column stands
// on a line of its own.
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

constexpr std::size_t size_column = 20;  // no size ends further left

void set_name(std::string_view name, ListedLine& entry) {
  entry.kind = ListedKind::file;
  if (name.size() > 1 && name.ends_with('/')) {
    entry.kind = ListedKind::directory;
    name.remove_suffix(1);
  }
  entry.name = name;
}

}  // namespace

Reading read_dls(std::string_view line, Evidence&) {
  const Fields fields(line);
  if (line.empty() || is_blank(line[0])) return Foreign();
  if (fields.size() == 1) return Unfinished();
  const bool sized = all_digits(fields[1]);
  if ((!sized && fields[1] != "=") || fields.end(1) < size_column) return Foreign();
  const std::string_view description = fields.after(1);
  if (!description.empty() && !description.starts_with("  ")) return Foreign();
  ListedLine entry;
  set_name(fields[0], entry);
  if (sized) entry.size = to_number<std::uint64_t>(fields[1]);
  if (fields[2] == "->" && fields.size() > 3) {
    entry.kind = ListedKind::symlink;
    entry.link_target = trim(fields.from(3));
  }
  return entry;
}

}  // namespace ftpfs::proto::listing
