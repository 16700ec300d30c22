// SPDX-License-Identifier: MIT
#include "url_parts.hpp"

#include <algorithm>
#include <stdexcept>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

}  // namespace

void refuse(const std::string& complaint) {
  throw std::invalid_argument(complaint);
}

void check_controls(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) refuse("a control character in a source or URL");
}

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? to_number<unsigned>(text.substr(i + 1, 2), 16) : std::nullopt;
    if (!byte)
      refuse("the URL contains a '%' that is not followed by two hexadecimal digits (write %25 for '%')");
    result += static_cast<char>(*byte);
    i += 2;
  }
  check_controls(result);
  return result;
}

std::string checked_host(std::string host) {
  if (host.empty()) refuse("no host is named");
  if (host.front() == '-') refuse("a host name cannot begin with '-'");
  if (host.find_first_of(" /?#@[]\\\"'<>|`") != host.npos) refuse("this is not a host name: " + host);
  return host;
}

std::uint16_t parse_port(std::string_view text) {
  const auto port = to_number<std::uint16_t>(text);
  if (!port || *port == 0) refuse("the URL's port is not a number between 1 and 65535");
  return *port;
}

std::string_view cut_host(std::string_view& rest, std::string_view delimiters) {
  const bool bracketed = rest.starts_with('[');
  const std::size_t end = bracketed ? rest.find(']') : std::min(rest.find_first_of(delimiters), rest.size());
  if (end == rest.npos) refuse("a '[' without ']'");
  const std::string_view host = bracketed ? rest.substr(1, end - 1) : rest.substr(0, end);
  rest.remove_prefix(bracketed ? end + 1 : end);
  return host;
}

}  // namespace ftpfs::proto
