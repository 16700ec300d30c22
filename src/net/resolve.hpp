// SPDX-License-Identifier: MIT
// Names to addresses, in the order in which the system wants them tried.
#pragma once

#include <stop_token>
#include <vector>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/net/host_port.hpp>

namespace ftpfs::net {

// A numeric host is its own answer. Throws ConnectionLost(EHOSTUNREACH) for an unknown name, ETIMEDOUT,
// Cancelled.
awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(HostPort where,
                                                        asio::steady_timer::time_point deadline,
                                                        std::stop_token stop);

}  // namespace ftpfs::net
