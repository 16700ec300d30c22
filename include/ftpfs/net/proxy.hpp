// SPDX-License-Identifier: MIT
// A Connector whose connections go through a proxy: SOCKS 5 (RFC 1928, 1929) or HTTP CONNECT (RFC
// 9110, 9.3.6). What travels through the tunnel is nobody's business but the two ends'.
#pragma once

#include <memory>
#include <string>

#include <ftpfs/net/connector.hpp>

namespace ftpfs::net {

struct Proxy {
  enum class Kind {
    socks5,   // names are looked up here
    socks5h,  // names are looked up by the proxy
    http      // CONNECT; the proxy looks names up
  };

  Kind kind = Kind::socks5;
  HostPort where;
  std::string user;  // empty: no log-in
  std::string password;
};

class ProxyConnector final : public Connector {
 public:
  ProxyConnector(Connector& next, Proxy proxy)
      : next_(next), proxy_(std::make_shared<const Proxy>(std::move(proxy))) {}

  // Besides what Connector says: Error(EACCES) when the proxy refuses our log-in or its rules forbid the
  // connection, ConnectionLost(EPROTO) when it does not speak its protocol. limits.connect covers all of it.
  awaitable<std::unique_ptr<Stream>> connect(HostPort where, StreamLimits limits,
                                             std::stop_token stop) override;
  // Throws Error(ENOTSUP): nobody could come in through the proxy.
  std::unique_ptr<Listener> listen(const Executor& executor, const ListenRequest& request) override;

 private:
  Connector& next_;
  std::shared_ptr<const Proxy> proxy_;
};

}  // namespace ftpfs::net
