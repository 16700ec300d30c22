// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/http_tunnel.hpp>

namespace ftpfs::net::http {
namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// RFC 4648 section 4.
std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
    };
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const std::size_t used = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t digit = 0; digit < 4; ++digit)
      text += digit <= used ? digits[group >> (18 - 6 * digit) & 63] : '=';
  }
  return text;
}

std::string authority(const HostPort& where) {
  const bool ipv6 = where.host.find(':') != std::string::npos;
  return (ipv6 ? '[' + where.host + ']' : where.host) + ':' + std::to_string(where.port);
}

// "HTTP/1.1 200 ...", or 0.
int status_in(std::string_view line) noexcept {
  constexpr std::size_t code = 9;
  if (line.size() < code + 3 || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ')
    return 0;
  if (line.size() > code + 3 && line[code + 3] != ' ') return 0;
  int status = 0;
  for (std::size_t i = code; i < code + 3; ++i) {
    if (!is_digit(line[i])) return 0;
    status = status * 10 + (line[i] - '0');
  }
  return status >= 100 ? status : 0;
}

}  // namespace

std::string connect_request(const HostPort& where, std::string_view user, std::string_view password) {
  const auto splits_the_line = [](unsigned char c) { return c <= ' ' || c == 0x7F; };
  if (std::ranges::any_of(where.host, splits_the_line)) throw Error(EINVAL, "not a host name for a proxy");
  const std::string place = authority(where);
  std::string request = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\n";
  if (!user.empty()) {
    const std::string login = std::string(user) + ':' + std::string(password);
    request += "Proxy-Authorization: Basic " + base64(login) + "\r\n";
  }
  return request + "\r\n";
}

void AnswerHead::feed(char byte) {
  constexpr std::string_view beginning = "HTTP/1.";
  if (complete_ || broken_) return;
  ++size_;
  if (byte == '\n') {
    end_line();
  } else if (byte != '\r') {
    ++column_;
    if (status_ == 0) line_ += byte;
  }
  // Whoever says something else first is no HTTP proxy, and may never end its line.
  const bool other =
      !std::string_view(line_).substr(0, beginning.size()).starts_with(beginning.substr(0, line_.size()));
  broken_ = broken_ || other || (size_ >= max_size && !complete_);
}

// An empty line ends the head; the first one must hold a status.
void AnswerHead::end_line() {
  if (status_ == 0) {
    status_ = status_in(line_);
    broken_ = status_ == 0;
  } else {
    complete_ = column_ == 0;
  }
  column_ = 0;
}

}  // namespace ftpfs::net::http
