// SPDX-License-Identifier: MIT
// The network as the settings want it: straight, or through a proxy.
#pragma once

#include <optional>
#include <utility>

#include <ftpfs/net/connector.hpp>
#include <ftpfs/net/proxy.hpp>

namespace ftpfs::cli {

class Network {
 public:
  Network(net::Route route, const std::optional<net::Proxy>& proxy) : system_(std::move(route)) {
    if (proxy) tunnel_.emplace(system_, *proxy);
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  net::Connector& connector() noexcept {
    if (tunnel_) return *tunnel_;
    return system_;
  }

 private:
  net::SystemConnector system_;
  std::optional<net::ProxyConnector> tunnel_;
};

}  // namespace ftpfs::cli
