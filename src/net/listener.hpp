// SPDX-License-Identifier: MIT
// The Listener over a TCP socket.
#pragma once

#include <memory>

#include <ftpfs/net/listener.hpp>

namespace ftpfs::net {

// `turn`: at which port of the range to begin, so that one is not used again at once: the other end may still
// keep the last connection with it in TIME_WAIT.
std::unique_ptr<Listener> make_listener(const Executor& executor, const ListenRequest& request,
                                        std::uint32_t turn);

}  // namespace ftpfs::net
