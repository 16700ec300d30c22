// SPDX-License-Identifier: MIT
// A Clock whose time moves only by hand.
#pragma once

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/wait.hpp>

namespace ftpfs::test {

class ManualClock final : public Clock {
 public:
  time_point now() const noexcept override { return now_; }
  std::chrono::system_clock::time_point wall() const noexcept override { return wall_; }

  awaitable<void> sleep_until(time_point deadline, std::stop_token stop) override {
    while (now_ < deadline) co_await sleepers_.wait(stop);
  }

  void advance(duration step) {
    now_ += step;
    wall_ += std::chrono::duration_cast<std::chrono::system_clock::duration>(step);
    sleepers_.wake_all();
  }

  // Somebody sets the clock on the wall. No time passes.
  void set_wall(std::chrono::system_clock::time_point time) { wall_ = time; }

 private:
  time_point now_ = time_point(std::chrono::hours(1));
  std::chrono::system_clock::time_point wall_ = std::chrono::system_clock::from_time_t(1'700'000'000);
  WaitList sleepers_;
};

}  // namespace ftpfs::test
