// SPDX-License-Identifier: MIT
#include "attempt.hpp"

#include <ftpfs/base/error.hpp>

namespace ftpfs::net {
namespace {

struct CancelTimer {
  asio::steady_timer* timer;
  void operator()() const { timer->cancel(); }
};

}  // namespace

awaitable<void> wait_for(std::shared_ptr<Attempt> attempt, Attempt::Time deadline, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  attempt->wake.expires_at(deadline);
  const std::stop_callback on_stop(stop, CancelTimer{&attempt->wake});
  boost::system::error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await attempt->wake.async_wait(token);
  if (attempt->done) co_return;
  if (stop.stop_requested()) throw Cancelled();
  attempt->error = asio::error::timed_out;
}

}  // namespace ftpfs::net
