// SPDX-License-Identifier: MIT
// The program from its arguments to its exit status.
#pragma once

namespace ftpfs::cli {

int run_program(int argc, char** argv);

}  // namespace ftpfs::cli
