// SPDX-License-Identifier: MIT
// Time, injected so that tests can move it by hand (tests/support/manual_clock.hpp).
// Expiry and deadlines use now() (steady); only file times use wall().
#pragma once

#include <chrono>
#include <stop_token>

#include <ftpfs/base/asio.hpp>

namespace ftpfs {

class Clock {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  virtual ~Clock() = default;
  virtual time_point now() const noexcept = 0;
  virtual std::chrono::system_clock::time_point wall() const noexcept = 0;
  // Returns when now() >= deadline; throws Cancelled when `stop` fires first.
  virtual awaitable<void> sleep_until(time_point deadline, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  time_point now() const noexcept override;
  std::chrono::system_clock::time_point wall() const noexcept override;
  awaitable<void> sleep_until(time_point deadline, std::stop_token stop) override;
};

}  // namespace ftpfs
