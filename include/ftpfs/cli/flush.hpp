// SPDX-License-Identifier: MIT
// `ftpfs flush`: what waits is sent now.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {

// Returns when everything is on the server, of one mount or of all; mount_failed: something is not, and
// standard error says what and why. What a program is writing at the moment is left alone. Throws Failure as
// status() does.
ExitStatus flush(const Settings& settings);

// The same before an unmount, as long as something moves; tells nothing but the progress, for the daemon goes
// on trying.
void flush_before_unmount(const std::string& mountpoint);

}  // namespace ftpfs::cli
