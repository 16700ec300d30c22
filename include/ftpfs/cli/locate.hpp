// SPDX-License-Identifier: MIT
// Which ftpfs mount a path belongs to, found without a single look into any: a mount whose daemon does not
// answer would keep whoever looks waiting.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ftpfs/fuse/mount_table.hpp>

namespace ftpfs::cli {

struct Located {
  std::string mountpoint;
  std::string below = "/";  // the path inside, from the mount's root
};

// Symbolic links on the way to the mount are followed, those inside are not. Nothing: no ftpfs is there.
std::optional<Located> locate(const std::string& path);
std::optional<Located> locate(const std::string& path, const std::vector<fuse::MountEntry>& mounts);
// The same; throws Failure(usage).
Located locate_or_refuse(const std::string& path);

// The ftpfs mounts of this machine that can be seen, each mountpoint once.
std::vector<fuse::MountEntry> ftpfs_mounts();

}  // namespace ftpfs::cli
