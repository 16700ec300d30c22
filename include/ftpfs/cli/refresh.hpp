// SPDX-License-Identifier: MIT
// `ftpfs refresh PATH`: what lies there is asked of the server again.
#pragma once

#include <filesystem>

namespace ftpfs::cli {

// Returns when nothing at PATH or below shows from a cache any more. A path that is not there may be hidden
// by an old listing: the nearest directory above it is refreshed then. Throws Failure (usage) where no
// ftpfs is mounted or it cannot be asked.
void refresh(const std::filesystem::path& path);

}  // namespace ftpfs::cli
