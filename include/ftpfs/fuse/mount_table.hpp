// SPDX-License-Identifier: MIT
// /proc/self/mountinfo: what is mounted where, without touching what is mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::fuse {

struct MountEntry {
  std::string device;  // MAJOR:MINOR, as in /sys/class/bdi
  std::string type;    // fuse.ftpfs
};

// The uppermost mount on `mountpoint` (canonical), out of a mountinfo text.
std::optional<MountEntry> topmost_mount(std::string_view mountinfo, std::string_view mountpoint);

// The same, of this process.
std::optional<MountEntry> topmost_mount(std::string_view mountpoint);

}  // namespace ftpfs::fuse
