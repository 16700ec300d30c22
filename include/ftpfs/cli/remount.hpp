// SPDX-License-Identifier: MIT
// `mount -o remount,...`, which mount(8) leaves to us.
#pragma once

#include <ftpfs/fuse/config.hpp>

namespace ftpfs::cli {

// Changes what the kernel keeps of a mount: ro or rw, nosuid, nodev, noexec, as `config` says. Everything
// else is the daemon's and stays as it is. Throws Failure: usage where no ftpfs is mounted, where it was
// mounted read-only (the daemon would go on refusing), or without permission; mount_failed when the kernel
// refuses, because files are open for writing for one.
void remount(const fuse::MountConfig& config);

}  // namespace ftpfs::cli
