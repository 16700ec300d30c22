// SPDX-License-Identifier: MIT
// A port on which connections are awaited (FTP's active mode). Made by a Connector, owned by the transfer
// that needs it.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>

#include <ftpfs/net/stream.hpp>

namespace ftpfs::net {

struct StreamLimits;

// What to listen on. Port 0 to 0: any that is free.
struct ListenRequest {
  asio::ip::address address;  // of this machine
  std::uint16_t first_port = 0;
  std::uint16_t last_port = 0;
};

class Listener {
 public:
  virtual ~Listener() = default;  // closes
  virtual asio::ip::tcp::endpoint local() const = 0;
  // The next connection, whoever it comes from. Throws ConnectionLost (ETIMEDOUT after limits.connect) or
  // Cancelled.
  virtual awaitable<std::unique_ptr<Stream>> accept(StreamLimits limits, std::stop_token stop) = 0;
  // Nobody gets in any more, and a pending accept() fails soon with ConnectionLost. Safe to call twice.
  virtual void close() noexcept = 0;
};

}  // namespace ftpfs::net
