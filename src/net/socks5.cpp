// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>

#include <arpa/inet.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/socks5.hpp>

namespace ftpfs::net::socks5 {
namespace {

constexpr char version = 5;
constexpr char login_version = 1;
constexpr char connect_command = 1;
constexpr std::size_t longest = 255;  // what fits behind a length byte

enum Kind : char { ipv4 = 1, name = 3, ipv6 = 4 };

// By reply code, RFC 1928 section 6.
constexpr std::array<Outcome, 9> outcomes = {{
    {0, "connected"},
    {EIO, "general failure"},
    {EACCES, "not allowed by its rules"},
    {ENETUNREACH, "network unreachable"},
    {EHOSTUNREACH, "host unreachable"},
    {ECONNREFUSED, "connection refused"},
    {ETIMEDOUT, "TTL expired"},
    {EIO, "command not supported"},
    {EIO, "kind of address not supported"},
}};

std::string counted(std::string_view text, int code, const char* complaint) {
  if (text.size() > longest) throw Error(code, complaint);
  std::string result(1, static_cast<char>(text.size()));
  return result.append(text);
}

template <class Address>
std::string raw(const Address& address) {
  return std::string(reinterpret_cast<const char*>(&address), sizeof address);
}

// Not by Asio, which the fuzzer's compiler does not understand.
std::string address(const std::string& host) {
  in_addr four;
  in6_addr six;
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) return std::string(1, ipv4) + raw(four);
  if (::inet_pton(AF_INET6, host.c_str(), &six) == 1) return std::string(1, ipv6) + raw(six);
  return std::string(1, name) + counted(host, ENAMETOOLONG, "host name too long for SOCKS 5");
}

}  // namespace

std::string greeting(bool with_login) {
  using namespace std::string_literals;
  return with_login ? "\x05\x02\x00\x02"s : "\x05\x01\x00"s;
}

std::optional<Method> chosen_method(std::string_view answer, bool with_login) noexcept {
  if (answer.size() != 2 || answer[0] != version) return std::nullopt;
  const auto method = static_cast<Method>(answer[1]);
  const bool offered = method == Method::none || (method == Method::login && with_login);
  return offered ? std::optional(method) : std::nullopt;
}

std::string login(std::string_view user, std::string_view password) {
  const char* complaint = "a SOCKS 5 user name or password has 255 bytes at most";
  return std::string(1, login_version) + counted(user, EINVAL, complaint) +
         counted(password, EINVAL, complaint);
}

// The version in it is wrong often enough (5) to be of no interest.
bool login_accepted(std::string_view answer) noexcept {
  return answer.size() == 2 && answer[1] == 0;
}

std::string connect_request(const HostPort& where) {
  std::string request = {version, connect_command, 0};
  request += address(where.host);
  request += static_cast<char>(where.port >> 8);
  request += static_cast<char>(where.port & 0xFF);
  return request;
}

std::optional<Outcome> outcome(std::string_view answer) noexcept {
  if (answer.size() != 2 || answer[0] != version) return std::nullopt;
  const auto code = static_cast<unsigned char>(answer[1]);
  return code < outcomes.size() ? outcomes[code] : Outcome{EIO, "failure of an unknown kind"};
}

std::optional<std::size_t> remainder(std::string_view answer) noexcept {
  constexpr std::size_t port = 2;
  if (answer.size() != 3) return std::nullopt;
  switch (answer[1]) {
    case ipv4:
      return 3 + port;
    case ipv6:
      return 15 + port;
    case name:
      return static_cast<unsigned char>(answer[2]) + port;
    default:
      return std::nullopt;
  }
}

}  // namespace ftpfs::net::socks5
