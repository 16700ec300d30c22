// SPDX-License-Identifier: MIT
#include <algorithm>

#include <ftpfs/ftp/bandwidth.hpp>

namespace ftpfs::ftp {

namespace {

// One packet's worth at least, and not more than the buffers that are filled at once.
constexpr std::uint64_t smallest = 1460;
constexpr std::uint64_t largest = 256u << 10;

}  // namespace

std::size_t Bandwidth::piece(std::size_t wanted) const noexcept {
  if (!limited()) return wanted;
  return std::min<std::uint64_t>(wanted, std::clamp(rate_ / 10, smallest, largest));
}

Clock::duration Bandwidth::time_of(std::size_t bytes) const noexcept {
  const double seconds = static_cast<double>(bytes) / static_cast<double>(rate_);
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

Clock::time_point Bandwidth::book(Clock::time_point now, std::size_t bytes) noexcept {
  if (!limited()) return now;
  const Clock::time_point from = std::max(now, next_);
  next_ = from + time_of(bytes);
  return from;
}

void Bandwidth::give_back(std::size_t bytes) noexcept {
  if (limited()) next_ -= time_of(bytes);
}

}  // namespace ftpfs::ftp
