// SPDX-License-Identifier: MIT
// How the program ends: the codes of mount(8), and the one line that tells why. A Failure is an Error that
// knows its exit status; an Error that does not is given one by the phase of the start in which it was
// thrown.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>

#include <ftpfs/base/error.hpp>

namespace ftpfs::cli {

enum class ExitStatus {
  success = 0,       // mounted; or unmounted, with everything saved
  usage = 1,         // bad option, missing permission; in the foreground also: something could not be saved
  system = 2,        // no /dev/fuse, no memory, fork failed
  interrupted = 8,   // by a signal, before the mount was there
  local_files = 16,  // the spool directory cannot be used
  mount_failed = 32  // server unreachable, login refused, no such directory, mountpoint missing or busy
};

class Failure final : public Error {
 public:
  Failure(ExitStatus status, std::string what, std::string server_said = {}, int code = EINVAL);

  ExitStatus status() const noexcept { return status_; }

 private:
  ExitStatus status_;
};

[[noreturn]] void refuse(std::string text);  // throws Failure: the command line is to blame

// What the kernel, or a look at the mountpoint, said no with.
ExitStatus status_of_mount_error(int code) noexcept;

// `ftpfs: HOST: TEXT (server said: 530 ...)`, safe for a terminal. Without a host: `ftpfs: TEXT`.
std::string failure_line(std::string_view host, const Error& error);

}  // namespace ftpfs::cli
