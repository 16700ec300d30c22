// SPDX-License-Identifier: MIT
// A proxy as options and the environment name it:
//   socks5://[user[:password]@]host[:port]    socks5h://...    http://...    ftp://...    host[:port]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ftpfs::proto {

enum class ProxyScheme : std::uint8_t {
  socks5,   // SOCKS 5, names looked up here
  socks5h,  // SOCKS 5, names looked up by the proxy
  http,     // HTTP CONNECT
  ftp       // an FTP server that logs in elsewhere for USER user@host
};

struct ProxyUrl {
  ProxyScheme scheme = ProxyScheme::http;
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  std::string user;  // empty: none
  std::string password;

  friend bool operator==(const ProxyUrl&, const ProxyUrl&) = default;
};

// `bare` is the kind of a proxy without a scheme. Without a port it is 1080 for SOCKS, 3128 for HTTP, 21 for
// FTP. Throws std::invalid_argument with one clear line that never contains a password.
ProxyUrl parse_proxy_url(std::string_view text, ProxyScheme bare);

}  // namespace ftpfs::proto
