// SPDX-License-Identifier: MIT
// `mount -N`: mounts are made in another mount namespace.
#pragma once

#include <string>

namespace ftpfs::cli {

// This process, as long as it has one thread, sees the mounts of the namespace that `path` names
// (/proc/PID/ns/mnt, or a descriptor of one) from here on. Throws Failure(usage).
void enter_mount_namespace(const std::string& path);

}  // namespace ftpfs::cli
