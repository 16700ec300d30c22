// SPDX-License-Identifier: MIT
// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ftpfs::cli {

std::string bytes_text(std::uint64_t bytes);      // 512 B, 1.5 KiB, 12.0 MiB
std::string rate_text(double bytes_per_second);   // the same, "/s"
std::string seconds_text(std::uint64_t seconds);  // 40 s, 3 min 20 s, 2 h 5 min, 3 d 4 h
std::string count_text(std::uint64_t count, std::string_view one, std::string_view many);  // 1 file, 2 files
std::string time_text(std::int64_t seconds_since_1970);  // in the local zone

}  // namespace ftpfs::cli
