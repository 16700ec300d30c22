// SPDX-License-Identifier: MIT
// Sockets as this program wants them: non-blocking, and closed on exec. Asio's own open() and accept() set no
// such flag, and helpers such as fusermount3 must not inherit our sockets.
#pragma once

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/fd.hpp>

namespace ftpfs::net {

boost::system::error_code last_error() noexcept;  // errno

// An empty descriptor and last_error() on failure.
UniqueFd new_socket(const asio::ip::tcp& protocol) noexcept;

// No delay, keep-alive with an idle time of 45 s. None of them is worth failing for.
void set_stream_options(asio::ip::tcp::socket& socket);

}  // namespace ftpfs::net
