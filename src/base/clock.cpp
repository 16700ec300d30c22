// SPDX-License-Identifier: MIT
#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/error.hpp>

namespace ftpfs {
namespace {

struct CancelSleep {
  asio::steady_timer* timer;
  void operator()() const { timer->cancel(); }
};

}  // namespace

Clock::time_point SystemClock::now() const noexcept {
  return std::chrono::steady_clock::now();
}

std::chrono::system_clock::time_point SystemClock::wall() const noexcept {
  return std::chrono::system_clock::now();
}

awaitable<void> SystemClock::sleep_until(time_point deadline, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, deadline);
  const std::stop_callback on_stop(stop, CancelSleep{&timer});
  boost::system::error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await timer.async_wait(token);
  if (stop.stop_requested()) throw Cancelled();
}

}  // namespace ftpfs
