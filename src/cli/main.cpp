// SPDX-License-Identifier: MIT
#include <ftpfs/cli/program.hpp>

int main(int argc, char** argv) {
  return ftpfs::cli::run_program(argc, argv);
}
