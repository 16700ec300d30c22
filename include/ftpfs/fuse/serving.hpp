// SPDX-License-Identifier: MIT
// Who serves a mount, and what is not sent yet: asked of the daemon by an ioctl(2), on a directory that is
// opened with O_SYNC. That flag means nothing to directories, so that it is free to mean: ask the server for
// nothing. An ordinary open waits for a listing, which an unmount at shutdown, with the network gone, must
// not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <linux/ioctl.h>

namespace ftpfs::fuse {

struct Serving {
  std::uint64_t pid_namespace;  // in which `pid` counts: the inode of /proc/self/ns/pid
  std::uint64_t unsent_bytes;   // of the files that are not saved yet
  std::uint32_t unsent_files;
  std::int32_t pid;
  std::uint32_t read_only;  // 1: mounted with ro, whatever the kernel thinks now
  std::uint32_t reserved;
};

inline constexpr unsigned serving_request = _IOR(0xF7, 2, Serving);

// The answer; nothing where no ftpfs is mounted at `mountpoint`, or none that lives.
std::optional<Serving> ask_daemon(const std::string& mountpoint);

// The inode of /proc/self/ns/pid; 0 when there is no /proc.
std::uint64_t own_pid_namespace();

}  // namespace ftpfs::fuse
