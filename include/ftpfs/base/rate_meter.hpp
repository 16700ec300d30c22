// SPDX-License-Identifier: MIT
// How much has moved: altogether, and for how fast it moves now, in the last few seconds. Adding costs no
// more than a look at the clock, so that every piece of data may be counted.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include <ftpfs/base/clock.hpp>

namespace ftpfs {

class RateMeter {
 public:
  static constexpr std::int64_t span = 5;  // seconds that count

  explicit RateMeter(const Clock& clock) : clock_(clock) {}

  void add(std::uint64_t amount) noexcept;
  std::uint64_t total() const noexcept { return total_; }
  // Over the last `span` seconds, or since it began to move again if that is less; 0: nothing has moved.
  double per_second() const noexcept;

 private:
  std::int64_t now() const noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
  }

  struct Second {
    std::int64_t which = -1;
    std::uint64_t amount = 0;
  };

  const Clock& clock_;
  std::uint64_t total_ = 0;
  std::array<Second, span> seconds_;
  std::int64_t last_ = -2 * span;  // when something moved
  std::int64_t since_ = 0;         // when it began to, after a pause
};

}  // namespace ftpfs
