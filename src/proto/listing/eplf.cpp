// SPDX-License-Identifier: MIT
// Easily Parsed LIST Format (publicfile): "+fact,fact,...<TAB>name".
#include "../text.hpp"
#include "family.hpp"

namespace ftpfs::proto::listing {
namespace {

void read_fact(std::string_view fact, ListedLine& entry) noexcept {
  if (fact == "/") entry.kind = ListedKind::directory;
  if (fact == "r") entry.kind = ListedKind::file;
  if (fact.starts_with('s')) entry.size = to_number<std::uint64_t>(fact.substr(1));
  if (fact.starts_with("up")) {
    const auto mode = to_number<std::uint16_t>(fact.substr(2), 8);
    if (mode && *mode <= 07777) entry.mode = mode;
  }
  if (fact.starts_with('m')) {
    if (const auto seconds = to_number<std::int64_t>(fact.substr(1))) {
      entry.time = to_date_time({*seconds, Precision::second});
    }
  }
}

}  // namespace

Reading read_eplf(std::string_view line, Evidence&) {
  if (!line.starts_with('+')) return Foreign();
  const std::size_t tab = line.find('\t');
  if (tab == line.npos || tab + 1 == line.size()) return Foreign();
  ListedLine entry;
  entry.name = line.substr(tab + 1);
  std::string_view facts = line.substr(1, tab - 1);
  while (!facts.empty()) read_fact(cut(facts, ','), entry);
  return entry;
}

}  // namespace ftpfs::proto::listing
