// SPDX-License-Identifier: MIT
// What MLSD and MLST lines have in common.
#pragma once

#include <optional>
#include <string_view>

#include <ftpfs/proto/listing.hpp>

namespace ftpfs::proto::listing {

struct FactLine {
  ListedLine entry;
  bool typed = false;           // the server said what it is
  bool self_or_parent = false;  // cdir, pdir
  bool bad_time = false;        // "modify" was there and was no time
  bool bad_fact = false;        // something between two ';' was no fact
};

std::optional<FactLine> read_fact_line(std::string_view line);

}  // namespace ftpfs::proto::listing
