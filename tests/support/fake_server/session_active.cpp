// SPDX-License-Identifier: MIT
#include <charconv>
#include <cstdio>
#include <sstream>

#include "support/fake_server/session.hpp"

namespace ftpfs::test::fake {

// |1|127.0.0.1|40000|
std::string Session::eprt(const std::string& argument) {
  if (!behaviour().eprt) return "500 'EPRT': command not understood.";
  std::istringstream fields(argument);
  std::string nothing, family, host, port;
  std::getline(fields, nothing, '|');
  std::getline(fields, family, '|');
  std::getline(fields, host, '|');
  std::getline(fields, port, '|');
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  const bool fits = !error && (family == "1" ? address.is_v4() : family == "2" && address.is_v6());
  if (!fits) return "522 Network protocol not supported.";
  passive_.close(error);
  active_ = tcp::endpoint(address, static_cast<std::uint16_t>(std::stoi(port)));
  return "200 EPRT command successful.";
}

// 127,0,0,1,156,64
std::string Session::port(const std::string& argument) {
  if (!behaviour().port) return "500 'PORT': command not understood.";
  unsigned n[6];
  char rest = 0;
  const int read = std::sscanf(argument.c_str(), "%3u,%3u,%3u,%3u,%3u,%3u%c", &n[0], &n[1], &n[2], &n[3],
                               &n[4], &n[5], &rest);
  if (read != 6) return "501 Bad PORT.";
  boost::system::error_code ignored;
  passive_.close(ignored);
  active_ = tcp::endpoint(asio::ip::address_v4(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]),
                          static_cast<std::uint16_t>(n[4] * 256 + n[5]));
  return "200 PORT command successful.";
}

awaitable<void> Session::connect_data() {
  boost::system::error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  tcp::socket stranger(state_.io);
  if (behaviour().stranger_first) {
    stranger.open(tcp::v4());
    stranger.bind(tcp::endpoint(asio::ip::make_address("127.0.0.2"), 0));
    co_await stranger.async_connect(*active_, token);
    char byte = 0;
    const auto buffer = asio::buffer(&byte, 1);
    co_await stranger.async_read_some(buffer, token);  // until it is turned away
  }
  if (behaviour().cannot_connect) co_return;
  data_.start_over();
  co_await data_.socket().async_connect(*active_, token);
  if (error) data_.close();
}

}  // namespace ftpfs::test::fake
