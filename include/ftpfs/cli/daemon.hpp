// SPDX-License-Identifier: MIT
// Going to the background. The parent stays until the mount answers or has failed, so that the command's exit
// status and its one line of error tell the truth. Must run before threads, an io_context or a libfuse
// session exist: none of them survives a fork.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {

// How the start ended, told once.
class Readiness {
 public:
  Readiness() = default;                         // in the foreground: failures go to standard error
  explicit Readiness(UniqueFd parent) noexcept;  // in the background: to the waiting parent

  // The mount answers. In the background: lets the parent go and leaves its terminal, session and directory;
  // in the foreground: tells the service manager, if there is one.
  void ready();
  void notice(std::string_view line);  // while it is not decided: to standard error, which is the caller's
  void failed(ExitStatus status, std::string_view line);
  bool is_waited_for() const noexcept { return static_cast<bool>(parent_); }  // in the background, undecided

 private:
  void tell_parent(ExitStatus status, std::string_view line) noexcept;

  UniqueFd parent_;
};

using Work = std::function<ExitStatus(Readiness&)>;

// Runs `work` in a child. Returns twice: in the parent with what the child reported, in the child with what
// `work` returned.
ExitStatus run_in_background(const Work& work);

}  // namespace ftpfs::cli
