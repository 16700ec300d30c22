// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/mount_namespace.hpp>

namespace ftpfs::cli {

void enter_mount_namespace(const std::string& path) {
  const UniqueFd space{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!space || ::setns(space.get(), CLONE_NEWNS) != 0)
    cli::refuse(fmt::format("-N {}: {}", escaped(path), std::strerror(errno)));
}

}  // namespace ftpfs::cli
