// SPDX-License-Identifier: MIT
// Makes Streams. The only door to the network, so that tests can put scripted streams behind it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <ftpfs/net/host_port.hpp>
#include <ftpfs/net/listener.hpp>
#include <ftpfs/net/stream.hpp>

namespace ftpfs::net {

struct StreamLimits {
  std::chrono::milliseconds connect{10'000};     // name lookup plus all addresses
  std::chrono::milliseconds inactivity{30'000};  // no byte moved in a pending read or write
};

class Connector {
 public:
  virtual ~Connector() = default;
  // Tries the host's addresses in turn. Throws ConnectionLost with what went wrong (code: ECONNREFUSED,
  // EHOSTUNREACH, ENETUNREACH, ETIMEDOUT; EHOSTUNREACH for an unknown name) or Cancelled.
  virtual awaitable<std::unique_ptr<Stream>> connect(HostPort where, StreamLimits limits,
                                                     std::stop_token stop) = 0;
  // Throws ConnectionLost: EIO for an address that is not this machine's or a range without a free port.
  virtual std::unique_ptr<Listener> listen(const Executor& executor, const ListenRequest& request) = 0;
};

// Which way to leave this machine.
struct Route {
  enum class Family : std::uint8_t { any, ipv4, ipv6 };

  Family family = Family::any;
  std::string interface;  // its name (eth0), or an address of ours; empty: the system's choice
};

// The real network. Sockets get TCP_NODELAY and SO_KEEPALIVE (idle 45 s: NATs forget after 60-300 s).
class SystemConnector final : public Connector {
 public:
  SystemConnector() = default;
  explicit SystemConnector(Route route) : route_(std::move(route)) {}

  // ConnectionLost(EHOSTUNREACH) also when the host has no address of the family that is wanted.
  awaitable<std::unique_ptr<Stream>> connect(HostPort where, StreamLimits limits,
                                             std::stop_token stop) override;
  std::unique_ptr<Listener> listen(const Executor& executor, const ListenRequest& request) override;

 private:
  Route route_;
  std::uint32_t listens_ = 0;
};

}  // namespace ftpfs::net
