// SPDX-License-Identifier: MIT
// How the kernel is asked to mount.
#pragma once

#include <cstddef>
#include <string>

#include <sys/types.h>

namespace ftpfs::fuse {

// Does the kernel ask for attributes together with the names of a directory? `automatic`: with the first
// page, and with the others while their files are being looked at.
enum class Readdirplus { yes, automatic, no };

struct MountConfig {
  std::string mountpoint;  // absolute
  uid_t owner = 0;         // whom the files seem to belong to: may ask the daemon about the mount
  std::string fsname;      // what /proc/mounts shows: user@host:path, never a password
  bool read_only = false;
  bool allow_other = false;
  bool allow_root = false;
  bool default_permissions = false;
  bool suid = false;  // nosuid,nodev unless asked otherwise
  bool dev = false;
  bool noexec = false;
  bool debug = false;  // libfuse's own trace (-d)
  Readdirplus readdirplus = Readdirplus::yes;
  std::size_t max_request = 1u << 20;  // bytes of one READ or WRITE
  std::size_t kernel_readahead =
      4u << 20;  // wanted read_ahead_kb of the mount, set through sysfs where we may
};

}  // namespace ftpfs::fuse
