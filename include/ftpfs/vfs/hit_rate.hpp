// SPDX-License-Identifier: MIT
// Does it pay to fetch ahead? Counts what was fetched before anybody asked and what became of it: each was
// either used or is due and unused. When less than half of the last 16 were used, guessing stops for a
// minute.
#pragma once

#include <bit>
#include <chrono>
#include <cstdint>

#include <ftpfs/base/clock.hpp>

namespace ftpfs::vfs {

struct AheadCounts {
  std::uint64_t asked = 0;   // of the server, before anybody wanted it
  std::uint64_t won = 0;     // was wanted then
  std::uint64_t wasted = 0;  // nobody came for it in time

  friend bool operator==(const AheadCounts&, const AheadCounts&) = default;
};

class HitRate {
 public:
  static constexpr unsigned remembered = 16;
  static constexpr std::chrono::minutes pause{1};

  explicit HitRate(const Clock& clock) : clock_(clock) {}

  void asked() noexcept { ++counts_.asked; }
  void won() noexcept {
    ++counts_.won;
    remember(1);
  }
  void wasted() noexcept {
    ++counts_.wasted;
    remember(0);
  }
  bool pays() const noexcept { return clock_.now() >= resumes_; }
  const AheadCounts& counts() const noexcept { return counts_; }

 private:
  void remember(std::uint16_t bit) noexcept {
    recent_ = static_cast<std::uint16_t>(recent_ << 1 | bit);
    if (++known_ < remembered) return;
    known_ = remembered;
    if (2u * static_cast<unsigned>(std::popcount(recent_)) >= remembered) return;
    known_ = 0;
    resumes_ = clock_.now() + pause;
  }

  const Clock& clock_;
  AheadCounts counts_;
  std::uint16_t recent_ = 0;  // a bit for each, the last one lowest
  unsigned known_ = 0;        // how many of these
  Clock::time_point resumes_ = Clock::time_point::min();
};

}  // namespace ftpfs::vfs
