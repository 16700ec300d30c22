// SPDX-License-Identifier: MIT
// A place on the network as people and proxies name it.
#pragma once

#include <cstdint>
#include <string>

namespace ftpfs::net {

struct HostPort {
  std::string host;  // name, IPv4 or IPv6 address without brackets
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

}  // namespace ftpfs::net
