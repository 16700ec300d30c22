// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <sys/mount.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/remount.hpp>
#include <ftpfs/fuse/serving.hpp>

namespace ftpfs::cli {
namespace {

unsigned long kernel_flags(const fuse::MountConfig& config) {
  unsigned long flags = MS_REMOUNT;
  if (config.read_only) flags |= MS_RDONLY;
  if (!config.suid) flags |= MS_NOSUID;
  if (!config.dev) flags |= MS_NODEV;
  if (config.noexec) flags |= MS_NOEXEC;
  return flags;
}

std::string reason_of(int code) {
  return code == EBUSY ? "files are open for writing" : std::strerror(code);
}

}  // namespace

void remount(const fuse::MountConfig& config) {
  const std::string where = escaped(config.mountpoint);
  const auto serving = fuse::ask_daemon(config.mountpoint);
  if (!serving) cli::refuse(fmt::format("cannot remount {}: no ftpfs answers there", where));
  if (serving->read_only != 0 && !config.read_only)
    cli::refuse(
        fmt::format("cannot remount {}: it was mounted read-only; unmount it and mount it again", where));
  if (::mount("none", config.mountpoint.c_str(), nullptr, kernel_flags(config), nullptr) == 0) return;
  const int code = errno;
  throw Failure(status_of_mount_error(code), fmt::format("cannot remount {}: {}", where, reason_of(code)), {},
                code);
}

}  // namespace ftpfs::cli
