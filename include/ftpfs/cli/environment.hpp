// SPDX-License-Identifier: MIT
// Environment variables that may hold secrets.
#pragma once

#include <optional>
#include <string>

namespace ftpfs::cli {

// A variable's value, overwritten where it stood at the start of the process and unset: it is gone from
// /proc/PID/environ and from what other programs that we start are given.
std::optional<std::string> take_variable(const char* name);

}  // namespace ftpfs::cli
