// SPDX-License-Identifier: MIT
// A name lookup, a TCP handshake or a wait for a connection, under way with a deadline. It is shared with the
// handler that ends it, so a caller who gives up may leave at once: getaddrinfo() cannot be stopped, it ends
// later and finds nobody.
#pragma once

#include <memory>
#include <stop_token>

#include <ftpfs/base/asio.hpp>

namespace ftpfs::net {

struct Attempt {
  using Time = asio::steady_timer::time_point;

  explicit Attempt(const Executor& executor) : wake(executor) {}
  void finish(const boost::system::error_code& result) {
    error = result;
    done = true;
    wake.cancel();
  }

  asio::steady_timer wake;  // expires at the deadline, cancelled by completion and by stop
  bool done = false;
  boost::system::error_code error;
};

// Until it is done (also when it failed: attempt->error) or the deadline has passed (then `error` says so).
// Throws Cancelled.
awaitable<void> wait_for(std::shared_ptr<Attempt> attempt, Attempt::Time deadline, std::stop_token stop);

}  // namespace ftpfs::net
