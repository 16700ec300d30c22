// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <ftpfs/base/fd.hpp>

namespace ftpfs {

// To be appended to, and made where it is missing. Empty, and errno tells why: ELOOP for a symbolic link,
// which may be somebody else's and lead to a file of ours; ENXIO for a pipe that nobody reads.
UniqueFd open_log(const std::string& path);

}  // namespace ftpfs
