// SPDX-License-Identifier: MIT
// The formats of LIST: one function a family, line in, reading out.
#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include <ftpfs/proto/listing.hpp>

#include "dates.hpp"

namespace ftpfs::proto::listing {

struct Foreign {};     // not a line of this family
struct Nothing {};     // a line of this family that names no file: a header, a total
struct Malformed {};   // of this family beyond doubt, but unreadable: no other family may try
struct Unfinished {};  // the beginning of an entry that goes on in the next line
using Reading = std::variant<Foreign, Nothing, Malformed, Unfinished, ListedLine>;

// What the lines seen so far have shown about the listing.
struct Evidence {
  std::optional<DateOrder>
      order;  // of numeric dates: told by the first field that can only be a day or a year
};

Reading read_unix(std::string_view line, Evidence& evidence);
Reading read_netware(std::string_view line, Evidence& evidence);
Reading read_numeric_unix(std::string_view line, Evidence& evidence);
Reading read_eplf(std::string_view line, Evidence& evidence);
Reading read_dos(std::string_view line, Evidence& evidence);
Reading read_name_first(std::string_view line, Evidence& evidence);  // SuperTCP, Chameleon
Reading read_size_first(std::string_view line, Evidence& evidence);  // OS/2, VxWorks, VShell
Reading read_vms(std::string_view line, Evidence& evidence);
Reading read_zos_data_set(std::string_view line, Evidence& evidence);
Reading read_zos_member(std::string_view line, Evidence& evidence);
Reading read_zos_job(std::string_view line, Evidence& evidence);
Reading read_zos_bare_name(std::string_view line, Evidence& evidence);
Reading read_zvm(std::string_view line, Evidence& evidence);
Reading read_os400(std::string_view line, Evidence& evidence);
Reading read_nonstop(std::string_view line, Evidence& evidence);
Reading read_os9(std::string_view line, Evidence& evidence);
Reading read_dls(std::string_view line, Evidence& evidence);

// Splits "name -> target". Where the text holds several arrows, the size column tells: it is the length of
// the target.
struct Link {
  std::string_view name;
  std::string_view target;  // empty: the server did not tell
};
Link split_link(std::string_view text, std::string_view arrow, std::optional<std::uint64_t> size) noexcept;

}  // namespace ftpfs::proto::listing
