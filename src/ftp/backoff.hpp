// SPDX-License-Identifier: MIT
// Pauses before asking a busy server again: each twice as long as the one before, up to `longest`, less a
// random share of up to a half. Those who were turned away together so do not come back together.
#pragma once

#include <algorithm>
#include <cstdint>

#include <ftpfs/ftp/context.hpp>

namespace ftpfs::ftp {

class Backoff {
 public:
  Backoff(SessionContext& context, Clock::duration first, Clock::duration longest)
      : context_(context), next_(first), longest_(longest) {}

  Clock::duration next() {
    const Clock::duration whole = next_;
    next_ = std::min(whole * 2, longest_);
    const double share = static_cast<double>(context_.random() >> 32U) / 0xFFFF'FFFFU;
    return whole - std::chrono::duration_cast<Clock::duration>(whole / 2 * share);
  }

 private:
  SessionContext& context_;
  Clock::duration next_;
  Clock::duration longest_;
};

}  // namespace ftpfs::ftp
