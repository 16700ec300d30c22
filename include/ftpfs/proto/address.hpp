// SPDX-License-Identifier: MIT
// Where a data connection is to be made: the replies to EPSV (229, RFC 2428) and PASV (227, RFC 959), the
// arguments of EPRT and PORT. `text` is Reply::text. Port 0 is never an answer; ports below 1024 only where
// asked for, because a server that names one wants us to talk to some other service (SSRF).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::proto {

enum class LowPorts : bool { refuse, allow };

using Ipv4 = std::array<std::uint8_t, 4>;

struct PasvAddress {
  Ipv4 host{};  // as the server wrote it. Connect to the control connection's peer instead.
  std::uint16_t port = 0;

  friend bool operator==(const PasvAddress&, const PasvAddress&) = default;
};

std::optional<std::uint16_t> parse_epsv(std::string_view text,
                                        LowPorts low_ports = LowPorts::refuse) noexcept;
std::optional<PasvAddress> parse_pasv(std::string_view text, LowPorts low_ports = LowPorts::refuse) noexcept;

// From where an address can be reached (RFC 6890). Nobody is reached at `none`: this network, multicast,
// reserved.
enum class Reach : std::uint8_t { none, host, link, site, world };
Reach reach_of(const Ipv4& host) noexcept;

std::string port_argument(const Ipv4& host, std::uint16_t port);  // "192,0,2,7,156,64"
enum class Family : std::uint8_t { ipv4 = 1, ipv6 = 2 };          // as RFC 2428 numbers them
std::string eprt_argument(Family family, std::string_view host,
                          std::uint16_t port);  // "|2|2001:db8::7|40000|"

}  // namespace ftpfs::proto
