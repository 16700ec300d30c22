// SPDX-License-Identifier: MIT
// Tables of LIST lines: what goes in, and what comes out as one readable string.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ftpfs/proto/listing.hpp>

namespace ftpfs::test {

struct ListCase {
  std::string line;
  const char*
      expected;  // "name type size mode time [> target]", "-" for what the line does not say; null: no entry
};

std::string shown(const std::optional<proto::ListedLine>& line, bool utc);

void expect_list_lines(const std::vector<ListCase>& cases);

}  // namespace ftpfs::test
