// SPDX-License-Identifier: MIT
// Where a data connection is to be made: the replies to EPSV (229, RFC 2428) and PASV (227, RFC 959).
// `text` is Reply::text. Port 0 is never an answer; ports below 1024 only where asked for, because a server
// that names one wants us to talk to some other service (SSRF).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ftpfs::proto {

enum class LowPorts : bool { refuse, allow };

struct PasvAddress {
  std::array<std::uint8_t, 4>
      host{};  // as the server wrote it. Connect to the control connection's peer instead.
  std::uint16_t port = 0;

  friend bool operator==(const PasvAddress&, const PasvAddress&) = default;
};

std::optional<std::uint16_t> parse_epsv(std::string_view text,
                                        LowPorts low_ports = LowPorts::refuse) noexcept;
std::optional<PasvAddress> parse_pasv(std::string_view text, LowPorts low_ports = LowPorts::refuse) noexcept;

}  // namespace ftpfs::proto
