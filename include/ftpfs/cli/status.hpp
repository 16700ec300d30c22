// SPDX-License-Identifier: MIT
// `ftpfs status` and `ftpfs stats`.
#pragma once

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {

// Of one mount, of one file in it, or of every mount that there is. Throws Failure: usage where no ftpfs is
// mounted, mount_failed where its daemon does not answer.
ExitStatus status(const Settings& settings);
ExitStatus stats(const Settings& settings);

}  // namespace ftpfs::cli
