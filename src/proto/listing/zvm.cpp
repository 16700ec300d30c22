// SPDX-License-Identifier: MIT
// IBM z/VM: "NAME TYPE V lrecl records blocks yyyy-mm-dd hh:mm:ss LABEL"; directories have the type DIR and
// dashes.
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

// Logical record length x records: what a binary transfer of fixed-length records yields, an upper bound
// otherwise.
std::optional<std::uint64_t> product(std::string_view left, std::string_view right) noexcept {
  const auto length = to_number<std::uint32_t>(left);
  const auto records = to_number<std::uint32_t>(right);
  if (!length || !records) return std::nullopt;
  return std::uint64_t{*length} * *records;
}

}  // namespace

Reading read_zvm(std::string_view line, Evidence&) {
  const Fields fields(line);
  const bool directory = fields[1] == "DIR";
  const std::size_t format = directory ? 1 : 2;  // the field that the dashes or the record format follow
  const std::size_t date = format + 4;
  if (fields.size() < date + 2) return Foreign();
  ListedLine entry;
  entry.time = numeric_date(fields[date], DateOrder::month_first);
  if (!entry.time || !read_clock(fields[date + 1], *entry.time)) return Foreign();
  if (directory) {
    if (fields[2] != "-" || fields[3] != "-") return Foreign();
    entry.kind = ListedKind::directory;
    entry.name = fields[0];
    return entry;
  }
  if (fields[2] != "V" && fields[2] != "F") return Foreign();
  entry.kind = ListedKind::file;
  entry.name = std::string(fields[0]) + '.' + std::string(fields[1]);
  entry.size = product(fields[3], fields[4]);
  entry.size_in_doubt = true;
  return entry;
}

}  // namespace ftpfs::proto::listing
