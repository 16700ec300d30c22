// SPDX-License-Identifier: MIT
// With `hard` nothing is given up because lines keep breaking: how long to wait before the next attempt.
#pragma once

#include <algorithm>
#include <chrono>

namespace ftpfs::vfs {

// `beyond`: so many lines more have died in a row than VfsConfig::line_may_die allows; 0: none, no pause.
inline std::chrono::seconds pause_after(unsigned beyond) noexcept {
  constexpr unsigned longest = 5;  // 32 s
  if (beyond == 0) return {};
  return std::chrono::seconds(1U << std::min(beyond - 1, longest));
}

}  // namespace ftpfs::vfs
