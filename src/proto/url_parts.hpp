// SPDX-License-Identifier: MIT
// What the URLs of sources and of proxies have in common. All throw std::invalid_argument with one line that
// never contains a password.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ftpfs::proto {

[[noreturn]] void refuse(const std::string& complaint);

// Both before and after decoding: %0d%0a must not get further than a raw line break.
void check_controls(std::string_view text);

// Without its percent-escapes.
std::string decoded(std::string_view text);

// "-oProxyCommand=..." is a classic; blanks and delimiters in a host are a URL that was misread.
std::string checked_host(std::string host);

std::uint16_t parse_port(std::string_view text);

// Cuts "[address]" or everything before the first of `delimiters` off `rest`.
std::string_view cut_host(std::string_view& rest, std::string_view delimiters);

}  // namespace ftpfs::proto
