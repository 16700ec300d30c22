// SPDX-License-Identifier: MIT
// The messages of SOCKS 5 (RFC 1928) and of its log-in (RFC 1929), as bytes; who sends what when is in
// proxy.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/net/host_port.hpp>

namespace ftpfs::net::socks5 {

enum class Method : std::uint8_t { none = 0x00, login = 0x02 };

// What is offered: nothing, or a log-in as well.
std::string greeting(bool with_login);
// The two bytes that answer it. No value: not SOCKS 5, nothing acceptable, or something that was not offered.
std::optional<Method> chosen_method(std::string_view answer, bool with_login) noexcept;

// Throws Error(EINVAL) for a name or password of more than 255 bytes.
std::string login(std::string_view user, std::string_view password);
// The two bytes that answer it.
bool login_accepted(std::string_view answer) noexcept;

// CONNECT to an address, or to a name for the proxy to look up. Throws Error(ENAMETOOLONG).
std::string connect_request(const HostPort& where);

struct Outcome {
  int code;           // errno; 0: connected. EACCES: forbidden by the proxy's rules
  const char* words;  // what the proxy said, as RFC 1928 puts it
};
// Of the first two bytes that answer it. No value: not a SOCKS 5 answer.
std::optional<Outcome> outcome(std::string_view answer) noexcept;
// How many bytes of address and port follow the next three: zero, kind of address, its first byte. No value:
// no such kind.
std::optional<std::size_t> remainder(std::string_view answer) noexcept;

}  // namespace ftpfs::net::socks5
