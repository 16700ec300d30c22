// SPDX-License-Identifier: MIT
#include <cstddef>

#include <ftpfs/proto/address.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

bool acceptable(unsigned port, LowPorts low_ports) noexcept {
  return port <= 65535 && port >= (low_ports == LowPorts::allow ? 1u : 1024u);
}

// Digits at the front of `rest`, cut off; nullopt: none, or more than `most`.
std::optional<unsigned> leading_number(std::string_view& rest, std::size_t most) noexcept {
  std::size_t length = 0;
  while (length < rest.size() && is_digit(rest[length])) ++length;
  if (length == 0 || length > most) return std::nullopt;
  const auto value = to_number<unsigned>(rest.substr(0, length));
  rest.remove_prefix(length);
  return value;
}

// d d d port d at the front of `text`, for any delimiter d. Some servers fill in the protocol and the address
// that RFC 2428 leaves empty; both are ignored.
std::optional<unsigned> delimited_port(std::string_view text) noexcept {
  if (text.empty() || is_digit(text[0]) || is_alpha(text[0]) || is_blank(text[0])) return std::nullopt;
  const char delimiter = text[0];
  text.remove_prefix(1);
  for (int field = 0; field < 2; ++field) {
    if (text.find(delimiter) == text.npos) return std::nullopt;
    cut(text, delimiter);
  }
  const auto port = leading_number(text, 5);
  if (!port || !text.starts_with(delimiter)) return std::nullopt;
  return port;
}

// h1,h2,h3,h4,p1,p2 at the front of `text`.
std::optional<PasvAddress> six_numbers(std::string_view text) noexcept {
  std::array<unsigned, 6> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) {
      text = skip_blanks(text);
      if (!text.starts_with(',')) return std::nullopt;
      text = skip_blanks(text.substr(1));
    }
    const auto number = leading_number(text, 3);
    if (!number || *number > 255) return std::nullopt;
    numbers[i] = *number;
  }
  PasvAddress address;
  for (std::size_t i = 0; i < 4; ++i) address.host[i] = static_cast<std::uint8_t>(numbers[i]);
  address.port = static_cast<std::uint16_t>(numbers[4] * 256 + numbers[5]);
  return address;
}

}  // namespace

std::optional<std::uint16_t> parse_epsv(std::string_view text, LowPorts low_ports) noexcept {
  std::optional<unsigned> port;
  if (const std::size_t open = text.find('('); open != text.npos)
    port = delimited_port(text.substr(open + 1));
  // Without parentheses only "|||port|" itself is told from prose: three equal delimiters in a row.
  for (std::size_t i = 0; !port && i + 2 < text.size(); ++i) {
    if (text[i] == text[i + 1] && text[i] == text[i + 2]) port = delimited_port(text.substr(i));
  }
  if (!port || !acceptable(*port, low_ports)) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

std::optional<PasvAddress> parse_pasv(std::string_view text, LowPorts low_ports) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i]) || (i > 0 && is_digit(text[i - 1]))) continue;
    if (const auto address = six_numbers(text.substr(i))) {
      return acceptable(address->port, low_ports) ? address : std::nullopt;
    }
  }
  return std::nullopt;
}

Reach reach_of(const Ipv4& host) noexcept {
  const std::uint8_t a = host[0];
  const std::uint8_t b = host[1];
  if (a == 0 || a >= 224) return Reach::none;
  if (a == 127) return Reach::host;
  if (a == 169 && b == 254) return Reach::link;
  const bool shared = a == 100 && (b & 0xC0) == 64;  // behind a provider's NAT (RFC 6598)
  if (a == 10 || (a == 172 && (b & 0xF0) == 16) || (a == 192 && b == 168) || shared) return Reach::site;
  return Reach::world;
}

std::string port_argument(const Ipv4& host, std::uint16_t port) {
  std::string argument;
  for (const unsigned octet : host) argument += std::to_string(octet) + ',';
  return argument + std::to_string(port >> 8) + ',' + std::to_string(port & 0xFF);
}

std::string eprt_argument(Family family, std::string_view host, std::uint16_t port) {
  const std::string number = family == Family::ipv4 ? "1" : "2";
  return '|' + number + '|' + std::string(host) + '|' + std::to_string(port) + '|';
}

}  // namespace ftpfs::proto
