// SPDX-License-Identifier: MIT
// Under which name we were started. One program has several, by links: mount(8) looks for mount.TYPE, and
// umount(8) for umount.TYPE, each with flags of its own.
#pragma once

#include <string_view>

namespace ftpfs::cli {

enum class Invocation {
  command,       // ftpfs, by a person, a script, a service, or mount.fuse3
  mount_helper,  // mount.ftpfs, mount.fuse.ftpfs
  umount_helper  // umount.ftpfs, umount.fuse.ftpfs
};

constexpr Invocation invocation_of(std::string_view program) noexcept {
  program.remove_prefix(program.rfind('/') + 1);  // npos + 1 is 0
  if (program.starts_with("mount.")) return Invocation::mount_helper;
  if (program.starts_with("umount.")) return Invocation::umount_helper;
  return Invocation::command;
}

}  // namespace ftpfs::cli
