// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/refresh.hpp>
#include <ftpfs/fuse/refresh.hpp>

namespace ftpfs::cli {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int code) {
  const bool foreign = code == ENOTTY || code == EINVAL || code == EOPNOTSUPP;
  const std::string_view why = foreign ? "no ftpfs is mounted there" : ::strerrordesc_np(code);
  throw Failure(ExitStatus::usage, fmt::format("cannot refresh {}: {}", escaped(path.string()), why), {},
                code);
}

UniqueFd open_nearest(const std::filesystem::path& path) {
  std::filesystem::path nearest = std::filesystem::absolute(path);
  for (;;) {
    UniqueFd file{::open(nearest.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
    if (file) return file;
    if (errno != ENOENT || !nearest.has_relative_path()) fail(path, errno);
    nearest = nearest.parent_path();
  }
}

}  // namespace

void refresh(const std::filesystem::path& path) {
  const UniqueFd file = open_nearest(path);
  if (::ioctl(file.get(), fuse::refresh_request) != 0) fail(path, errno);
}

}  // namespace ftpfs::cli
