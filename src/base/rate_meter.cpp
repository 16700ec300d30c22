// SPDX-License-Identifier: MIT
#include <algorithm>

#include <ftpfs/base/rate_meter.hpp>

namespace ftpfs {

void RateMeter::add(std::uint64_t amount) noexcept {
  const std::int64_t second = now();
  if (second - last_ >= span) since_ = second;
  last_ = second;
  total_ += amount;
  Second& place = seconds_[static_cast<std::size_t>(second % span)];
  if (place.which != second) place = {second, 0};
  place.amount += amount;
}

double RateMeter::per_second() const noexcept {
  const std::int64_t second = now();
  std::uint64_t lately = 0;
  for (const Second& each : seconds_) {
    if (each.which > second - span) lately += each.amount;
  }
  const std::int64_t time = std::clamp<std::int64_t>(second - since_ + 1, 1, span);
  return static_cast<double>(lately) / static_cast<double>(time);
}

}  // namespace ftpfs
