// SPDX-License-Identifier: MIT
// Where a mount logs to.
#pragma once

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {

// Makes log_file= absolute, for the daemon leaves its directory, and tries whether it can be written. Throws
// Failure: usage where it lies inside the mountpoint (the daemon would wait for itself), local_files
// otherwise.
void prepare_log_file(Settings& settings);

// A file, standard error in the foreground, else syslog. Throws Error.
Logger logger_for(const Settings& settings);

}  // namespace ftpfs::cli
