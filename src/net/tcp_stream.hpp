// SPDX-License-Identifier: MIT
// The Stream over a connected, non-blocking TCP socket.
#pragma once

#include <chrono>
#include <memory>

#include <ftpfs/net/stream.hpp>

namespace ftpfs::net {

std::unique_ptr<Stream> make_tcp_stream(asio::ip::tcp::socket socket, const asio::ip::tcp::endpoint& peer,
                                        std::chrono::milliseconds inactivity);

}  // namespace ftpfs::net
