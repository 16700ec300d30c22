// SPDX-License-Identifier: MIT
// Whether the server is there. It opens when a log-in finds nobody, and closes when one is let in or answered
// at all. While it is open, what would take long to find out again fails at once, or waits here.
#pragma once

#include <optional>
#include <stop_token>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/ftp/context.hpp>
#include <ftpfs/ftp/outage.hpp>

namespace ftpfs::ftp {

class Circuit {
 public:
  explicit Circuit(SessionContext& context) : context_(context) {}

  // A log-in that failed after so long: nobody was there.
  void fails(const ConnectionLost& why, Clock::duration took);
  void works() noexcept;
  void will_try(Clock::time_point next) noexcept;

  bool open() const noexcept { return outage_.has_value(); }
  const std::optional<Outage>& outage() const noexcept { return outage_; }
  // The last attempt took long and was in vain: nobody else should wait for that. What is refused is refused
  // quickly; whoever asks again finds out whether the server is back.
  bool costly() const noexcept;
  void check() const;  // throws ConnectionLost while it is costly

  // Returns when it has closed, at `until`, and at the end of the pool.
  awaitable<void> wait(Clock::time_point until, std::stop_token stop);
  void end() noexcept;

 private:
  SessionContext& context_;
  std::optional<Outage> outage_;
  Clock::duration took_{};  // the last attempt
  bool ended_ = false;
  WaitList changed_;
};

}  // namespace ftpfs::ftp
