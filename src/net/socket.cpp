// SPDX-License-Identifier: MIT
#include "socket.hpp"

#include <cerrno>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace ftpfs::net {

using asio::ip::tcp;
using boost::system::error_code;

error_code last_error() noexcept {
  return {errno, boost::system::system_category()};
}

UniqueFd new_socket(const tcp& protocol) noexcept {
  return UniqueFd(::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
}

void set_stream_options(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  // Whatever ends this process, the kernel then resets the connection and forgets what is unsent. Otherwise
  // it would go on for minutes to deliver a STOR and the beginning of a file, and end them like a whole one,
  // while the next mount has long begun (see ftp/late_commands.hpp).
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  const int idle = 45;  // seconds; NATs forget a silent connection after 60-300
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
}

}  // namespace ftpfs::net
