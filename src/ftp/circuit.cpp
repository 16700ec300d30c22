// SPDX-License-Identifier: MIT
#include "circuit.hpp"

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>

namespace ftpfs::ftp {
namespace {

constexpr std::chrono::seconds too_long_to_ask_again{1};

long long whole_seconds(Clock::duration time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

}  // namespace

void Circuit::fails(const ConnectionLost& why, Clock::duration took) {
  const Clock::time_point now = context_.clock.now();
  if (!outage_) {
    outage_.emplace();
    outage_->since = outage_->next_attempt = now;
    context_.logger->warn("the server is away, and is tried until it is back: {}", escaped(why.what()));
  }
  ++outage_->attempts;
  outage_->code = why.code();
  outage_->why = why.what();
  outage_->server_said = why.server_said();
  took_ = took;
}

void Circuit::works() noexcept {
  if (!outage_) return;
  const long long seconds = whole_seconds(context_.clock.now() - outage_->since);
  context_.logger->info("the server is back after {} s", seconds);
  outage_.reset();
  changed_.wake_all();
}

void Circuit::will_try(Clock::time_point next) noexcept {
  if (outage_) outage_->next_attempt = next;
}

bool Circuit::costly() const noexcept {
  return outage_ && took_ >= too_long_to_ask_again;
}

void Circuit::check() const {
  if (!costly()) return;
  const long long seconds = whole_seconds(context_.clock.now() - outage_->since);
  ConnectionLost lost(outage_->code,
                      fmt::format("the server has been away for {} s: {}", seconds, outage_->why),
                      outage_->server_said);
  lost.told = true;
  throw lost;
}

awaitable<void> Circuit::wait(Clock::time_point until, std::stop_token stop) {
  std::stop_source enough;
  const std::stop_callback on_stop(stop, RequestStop(enough));
  Deadline timer(context_, RequestStop(enough));
  timer.set(until);
  const std::stop_token end = enough.get_token();
  try {
    while (outage_ && !ended_) co_await changed_.wait(end);
  } catch (const Cancelled&) {
    if (stop.stop_requested()) throw;
  }
}

void Circuit::end() noexcept {
  ended_ = true;
  changed_.wake_all();
}

}  // namespace ftpfs::ftp
