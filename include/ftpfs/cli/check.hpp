// SPDX-License-Identifier: MIT
// `ftpfs check SOURCE`: what a server can do, and what ftpfs will do about it.
#pragma once

#include <string>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/ftp/report.hpp>

namespace ftpfs::cli {

// Logs in, looks the server over and prints the report. `settings` are complete. Success unless the server
// cannot be used at all (mount_failed, with the line that a mount would print).
ExitStatus check(const Settings& settings);

// For a person: a line for each topic, what was found and, behind an arrow, what follows from it.
std::string report_text(const ftp::ServerReport& report);
// For a program: one JSON object; what is not known is null.
std::string report_json(const ftp::ServerReport& report);

}  // namespace ftpfs::cli
