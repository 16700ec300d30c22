// SPDX-License-Identifier: MIT
// Another program, run to its end.
#pragma once

#include <string>
#include <vector>

namespace ftpfs::cli {

enum class Speech { heard, unheard };  // what it prints

// Its exit status; -1 where it cannot be started or is ended by a signal.
int run_command(std::vector<std::string> command, Speech speech);

}  // namespace ftpfs::cli
