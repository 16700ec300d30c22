// SPDX-License-Identifier: MIT
#include "settle.hpp"

namespace ftpfs::ftp {

awaitable<void> settle(std::shared_ptr<Session> session, std::stop_token stop) {
  SessionContext& context = session->context();
  while (context.late.feared(context.clock.now())) {
    if (context.late.unheard()) co_await session->command(proto::Verb::noop, "", stop);
    const Clock::time_point over = context.late.over();
    co_await context.clock.sleep_until(over, stop);
  }
}

}  // namespace ftpfs::ftp
