// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {

Failure::Failure(ExitStatus status, std::string what, std::string server_said, int code)
    : Error(code, std::move(what), std::move(server_said)), status_(status) {}

void refuse(std::string text) {
  throw Failure(ExitStatus::usage, std::move(text));
}

ExitStatus status_of_mount_error(int code) noexcept {
  switch (code) {
    case EPERM:
    case EACCES:
      return ExitStatus::usage;
    case ENODEV:
    case ENOMEM:
      return ExitStatus::system;
    default:
      return ExitStatus::mount_failed;
  }
}

std::string failure_line(std::string_view host, const Error& error) {
  std::string line = "ftpfs: ";
  if (!host.empty()) line += escaped(host) + ": ";
  line += escaped(error.what());
  if (!error.server_said().empty()) line += " (server said: " + escaped(error.server_said()) + ")";
  return line;
}

}  // namespace ftpfs::cli
