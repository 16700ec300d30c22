// SPDX-License-Identifier: MIT
// Fixture: a listening socket on loopback and the real connector, on one io_context. The peer's side is plain
// synchronous sockets, so a test decides exactly what has happened on the wire before the stream looks.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/net/connector.hpp>

#include "support/run.hpp"

namespace ftpfs::test {

using asio::ip::tcp;
using std::chrono_literals::operator""ms;

class Loopback : public testing::Test {
 protected:
  std::unique_ptr<net::Stream> connect(std::chrono::milliseconds inactivity = 30'000ms) {
    net::StreamLimits limits;
    limits.inactivity = inactivity;
    return run(io_, connector_.connect(here(), limits, {}));
  }

  net::HostPort here() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

  tcp::socket accept() { return acceptor_.accept(); }

  // A stream and the peer's end of it.
  void connect_pair(std::chrono::milliseconds inactivity = 30'000ms) {
    stream_ = connect(inactivity);
    peer_ = std::make_unique<tcp::socket>(accept());
  }

  static void send(tcp::socket& socket, std::string_view text) {
    asio::write(socket, asio::buffer(text.data(), text.size()));
  }

  // Everything until the peer sees the end; `error` says whether it was one (eof) or a cut.
  static std::string receive_all(tcp::socket& socket, boost::system::error_code& error) {
    std::string received;
    asio::read(socket, asio::dynamic_buffer(received), error);
    return received;
  }

  static void reset(tcp::socket& socket) {
    socket.set_option(asio::socket_base::linger(true, 0));
    socket.close();
  }

  // What the stream delivers next: at most `size` bytes; "" at the end.
  std::string read(net::Stream& stream, std::size_t size = 4096) {
    std::string text(size, '\0');
    text.resize(run(io_, stream.read_some(std::as_writable_bytes(std::span(text)))));
    return text;
  }

  // The errno of the ConnectionLost that `task` ends with; 0 when it succeeds.
  template <class T>
  int lost(awaitable<T> task) {
    try {
      run(io_, std::move(task));
    } catch (const ConnectionLost& error) {
      return error.code();
    }
    return 0;
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  net::SystemConnector connector_;
  std::unique_ptr<net::Stream> stream_;
  std::unique_ptr<tcp::socket> peer_;
};

}  // namespace ftpfs::test
