// SPDX-License-Identifier: MIT
// Makes the command line, which every user of the machine can read in /proc/PID/cmdline, forget its
// passwords.
#pragma once

namespace ftpfs::cli {

// Overwrites, in place, passwords in URLs and in the options password=, user=NAME:PASS, proxy_user=NAME:PASS
// and proxy=URL with one '*'; what is left of an argument's old length becomes NUL bytes, so its length stays
// secret too. Works on text alone, so that it can run before anything is parsed, and rather hides too much
// than too little.
void hide_secrets(int argc, char** argv) noexcept;

}  // namespace ftpfs::cli
