// SPDX-License-Identifier: MIT
// Where the user is at home, also where no shell ever set $HOME (mount units).
#pragma once

#include <optional>
#include <string>

namespace ftpfs::cli {

std::optional<std::string> home_directory();

}  // namespace ftpfs::cli
