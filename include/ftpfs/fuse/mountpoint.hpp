// SPDX-License-Identifier: MIT
// What is asked of a mountpoint before the kernel is, so that each refusal is one clear line.
#pragma once

#include <string>
#include <string_view>

#include <ftpfs/base/log.hpp>
#include <ftpfs/fuse/config.hpp>

namespace ftpfs::fuse {

// Checks everything that mounting there needs; returns the canonical path. Throws Error: ENOENT, ENOTDIR,
// ENOTEMPTY, EBUSY (a living ftpfs is there; a dead one is taken away), EACCES, EPERM (allow_other), ENODEV
// (no /dev/fuse).
std::string prepare_mountpoint(const MountConfig& config, const Logger& logger);

// The -o argument for libfuse.
std::string mount_options(const MountConfig& config);

// Does this /etc/fuse.conf let users other than root say allow_other?
bool permits_allow_other(std::string_view fuse_conf);

// Is an ftpfs mounted there whose process has gone? Such a mount answers everything with ENOTCONN.
bool is_dead_mount(const std::string& mountpoint);

// Takes away what is mounted there, lazily: nobody answers any more. Root may do it; others ask fusermount3,
// which checks that the mount is theirs.
bool detach_mount(std::string mountpoint) noexcept;

// The kernel starts with 128 KiB whatever is negotiated; only sysfs raises it. Without permission nothing
// changes.
void raise_readahead(const std::string& device, std::size_t bytes);

}  // namespace ftpfs::fuse
