// SPDX-License-Identifier: MIT
// A connection of the fake server: in clear, and from some moment on in TLS. One reader and one writer.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/types.h>

#include <ftpfs/base/asio.hpp>

namespace ftpfs::test::fake {

class Channel {
 public:
  // How it stands with what the client sends: clean is close_notify in TLS, FIN in clear; cut is FIN in TLS.
  enum class End { none, clean, cut, broken };
  struct Received {
    std::size_t size = 0;
    End end = End::none;
  };

  explicit Channel(asio::ip::tcp::socket socket);
  ~Channel();

  asio::ip::tcp::socket& socket() { return socket_; }  // for what is below TLS
  bool is_open() const { return socket_.is_open(); }
  bool secured() const { return tls_ != nullptr; }
  void start_over();  // in clear again, before the next connection is accepted into the socket
  void close(bool reset = false);

  // The server's half of the handshake; false: it failed. `tickets`: gives out TLS 1.3 tickets. Those it
  // gives out name `session`.
  awaitable<bool> start_tls(std::shared_ptr<SSL_CTX> context, std::size_t session, bool tickets);
  SSL* tls() const;  // nullptr: in clear

  awaitable<Received> read_some(asio::mutable_buffer into);
  awaitable<bool> write(std::string bytes);  // false: the client is gone
  void write_now(const std::string& bytes);
  awaitable<void> send_close_notify();      // and does not wait for the client's; nothing in clear
  awaitable<void> send_alert();             // a fatal one, as if the client had sent nonsense
  awaitable<bool> exchange_close_notify();  // whether the client's comes within a second
  awaitable<bool> await_fin();              // whether it comes within a second, with nothing before it

 private:
  struct Tls;

  asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
};

}  // namespace ftpfs::test::fake
