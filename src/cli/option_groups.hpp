// SPDX-License-Identifier: MIT
// Parts of the option table that have a file of their own.
#pragma once

#include <vector>

#include <ftpfs/cli/options.hpp>

#include "choice.hpp"

namespace ftpfs::cli {

std::vector<Option> cache_options();
std::vector<Option> connection_options();
std::vector<Option> file_options();
std::vector<Option> listing_options();
std::vector<Option> login_options();
std::vector<Option> tls_options();
std::vector<Option> workaround_options();

}  // namespace ftpfs::cli
