// SPDX-License-Identifier: MIT
// /proc/self/mountinfo: what is mounted where, without touching what is mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace ftpfs::fuse {

struct MountEntry {
  std::string device;      // MAJOR:MINOR, as in /sys/class/bdi
  std::string type;        // fuse.ftpfs
  std::string mountpoint;  // canonical
  std::string source;      // user@host:path
  std::string options;     // of the file system: rw,user_id=1000,...
};

// Out of a mountinfo text, in its order: what is mounted upon something comes after it.
std::vector<MountEntry> parse_mounts(std::string_view mountinfo);
std::vector<MountEntry> all_mounts();  // of this process

// A process that has the same file system in a mount namespace other than ours. As far as /proc shows them.
std::optional<::pid_t> who_else_has(const MountEntry& mount);

// The uppermost mount on `mountpoint` (canonical).
std::optional<MountEntry> topmost_mount(std::string_view mountinfo, std::string_view mountpoint);
std::optional<MountEntry> topmost_mount(std::string_view mountpoint);  // the same, of this process

}  // namespace ftpfs::fuse
