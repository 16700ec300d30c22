// SPDX-License-Identifier: MIT
// bwlimit=: how many bytes a second all data connections of a mount may move, one way. Whoever wants to move
// some books them and waits until their time has come: first come, first served, and nobody needs to be
// woken.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ftpfs/base/clock.hpp>

namespace ftpfs::ftp {

class Bandwidth {
 public:
  explicit Bandwidth(std::uint64_t bytes_per_second = 0) : rate_(bytes_per_second) {}  // 0: no limit

  bool limited() const noexcept { return rate_ != 0; }
  // As much of `wanted` as may be booked at once: a tenth of a second's worth, so that transfers take turns.
  std::size_t piece(std::size_t wanted) const noexcept;
  // From when on they may be moved.
  Clock::time_point book(Clock::time_point now, std::size_t bytes) noexcept;
  void give_back(std::size_t bytes) noexcept;  // booked and not moved

 private:
  Clock::duration time_of(std::size_t bytes) const noexcept;

  std::uint64_t rate_;
  Clock::time_point next_{};  // until when everything is booked
};

}  // namespace ftpfs::ftp
