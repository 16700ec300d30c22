// SPDX-License-Identifier: MIT
// The values that options take, from text. Each throws Error(EINVAL) that says what would have been right;
// the option parser puts the option's name in front.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <sys/types.h>

#include <ftpfs/proto/zone.hpp>

namespace ftpfs::cli {

std::uint64_t parse_size(std::string_view text);                 // 4096, 64K, 8M, 1G, 2T: powers of 1024
std::chrono::milliseconds parse_seconds(std::string_view text);  // 30, 0.5; at most 100 000 000
std::chrono::seconds parse_age(std::string_view text);           // 3600, 90m, 24h, 7d, 2w; not 0
std::uint64_t parse_number(std::string_view text, std::uint64_t least, std::uint64_t most);
std::uint16_t parse_mask(std::string_view text);   // octal, at most 777
std::string parse_address(std::string_view text);  // of IPv4 or IPv6, in digits
std::pair<std::uint16_t, std::uint16_t> parse_port_range(std::string_view text);  // 40000-40100, or one port
uid_t parse_user(std::string_view text);                                          // a name or a number
gid_t parse_group(std::string_view text);
proto::Zone parse_zone(std::string_view text);     // Europe/Berlin, +0530, CET-1CEST,M3.5.0,M10.5.0/3
std::string parse_charset(std::string_view text);  // that iconv(3) knows, and that extends ASCII

}  // namespace ftpfs::cli
