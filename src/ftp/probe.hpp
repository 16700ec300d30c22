// SPDX-License-Identifier: MIT
// Files and directories of our own that exist on the server for a moment, to find out how it does something.
// Listings leave them out.
#pragma once

#include <string>
#include <string_view>

namespace ftpfs::ftp {

std::string probe_name();  // unique; of lower case, dots and digits only, so that every server keeps it
bool is_probe(std::string_view name) noexcept;

std::string child_path(std::string_view directory, std::string_view name);

}  // namespace ftpfs::ftp
