// SPDX-License-Identifier: MIT
// What is known of a server that does not let us in: for errors, the log and `ftpfs status`.
#pragma once

#include <string>

#include <ftpfs/base/clock.hpp>

namespace ftpfs::ftp {

struct Outage {
  Clock::time_point since;         // the first log-in in vain
  Clock::time_point next_attempt;  // in the background, at the latest
  unsigned attempts = 0;           // in vain, so far
  int code = 0;                    // of the last one: an errno,
  std::string why;                 // our words
  std::string server_said;         // and the server's, where it had any
};

}  // namespace ftpfs::ftp
