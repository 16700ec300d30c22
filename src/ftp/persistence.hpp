// SPDX-License-Identifier: MIT
// How often a call goes on when the session under it dies although the server lets us in: a second time on
// every mount, for what died may have been idle for long; a few times more, with pauses, where calls wait for
// a server that is away (`hard`), because it may go away again. What kills each session it meets must not
// hold anybody for ever.
#pragma once

#include <stop_token>

#include "backoff.hpp"

namespace ftpfs::ftp {

class Persistence {
 public:
  explicit Persistence(SessionContext& context)
      : context_(context), pauses_(context, std::chrono::seconds(1), std::chrono::seconds(8)) {}

  // A session has died: is another one worth it?
  bool goes_on() noexcept { return ++deaths_ < (context_.config.waits_for_server() ? patient : usual); }
  awaitable<void> pause(std::stop_token stop) {
    if (deaths_ < usual) co_return;
    const Clock::time_point next = context_.clock.now() + pauses_.next();
    Clock& clock = context_.clock;
    co_await clock.sleep_until(next, stop);
  }

 private:
  static constexpr unsigned usual = 2;
  static constexpr unsigned patient = 5;

  SessionContext& context_;
  Backoff pauses_;
  unsigned deaths_ = 0;
};

}  // namespace ftpfs::ftp
