// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/serving.hpp>

namespace ftpfs::fuse {

std::optional<Serving> ask_daemon(const std::string& mountpoint) {
  const auto mount = topmost_mount(mountpoint);
  if (!mount || mount->type != "fuse.ftpfs") return std::nullopt;
  const UniqueFd directory{::open(mountpoint.c_str(), O_RDONLY | O_DIRECTORY | O_SYNC | O_CLOEXEC)};
  Serving answer{};
  if (!directory || ::ioctl(directory.get(), serving_request, &answer) != 0) return std::nullopt;
  return answer;
}

std::uint64_t own_pid_namespace() {
  struct ::stat found {};
  return ::stat("/proc/self/ns/pid", &found) == 0 ? found.st_ino : 0;
}

}  // namespace ftpfs::fuse
