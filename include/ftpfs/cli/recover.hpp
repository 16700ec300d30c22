// SPDX-License-Identifier: MIT
// `ftpfs recover`: what earlier mounts have left in the spool, without mounting anything.
//
//   ftpfs recover [SPOOL|SOURCE]               lists it
//   ftpfs recover --export DIR [SPOOL|SOURCE]  copies it to DIR; the spool stays as it is
//   ftpfs recover --send SOURCE                logs in and does what the next mount would do
//
// Nothing that was not sent is ever removed.
#pragma once

#include <string>
#include <vector>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/paint.hpp>
#include <ftpfs/vfs/leftovers.hpp>

namespace ftpfs::cli {

// Throws Failure: local_files where the spool cannot be read or DIR not be written.
ExitStatus recover(const Settings& settings);

std::string leftovers_text(const std::vector<vfs::LeftFolder>& folders, const Paint& paint);
std::string leftovers_json(const std::vector<vfs::LeftFolder>& folders);

// Copies every content there is; returns lines that say where to. Nothing that is in `directory` is
// overwritten. Throws Failure(local_files).
std::vector<std::string> export_leftovers(const std::vector<vfs::LeftFolder>& folders,
                                          const std::string& directory);

// `settings` are complete, with the log-in and the spool of a mount. Success when nothing is left that could
// have been sent.
ExitStatus send_leftovers(const Settings& settings);

}  // namespace ftpfs::cli
