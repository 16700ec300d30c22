// SPDX-License-Identifier: MIT
// How the pool comes to its sessions: in turn, idle ones first, log-ins with a limit for all of it; and the
// background task that tries a server that is away until it is back.
#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <ftpfs/base/stop.hpp>

#include "backoff.hpp"
#include "pool_state.hpp"

namespace ftpfs::ftp {

namespace {

// When not even one connection is taken: somebody else, or our own dead ones, fill the server for a while.
constexpr std::chrono::seconds first_wait{2};
constexpr std::chrono::seconds longest_wait{8};
// Whoever waits for the server hears of its return so late at most, and a thousand mounts do not hammer it.
constexpr std::chrono::milliseconds first_attempt{500};
constexpr std::chrono::seconds longest_between_attempts{10};
// Where a session that nobody waits for could not be had.
constexpr std::chrono::minutes not_again_for{1};

// Without descriptors or memory we reach nobody, whether he is there or not.
bool is_our_own(int code) noexcept {
  return code == EMFILE || code == ENFILE || code == ENOMEM;
}

awaitable<std::shared_ptr<Session>> open_within(std::shared_ptr<SessionContext> context,
                                                Clock::time_point limit, std::stop_token stop) {
  std::stop_source enough;
  const std::stop_callback on_stop(stop, RequestStop(enough));
  Deadline timer(*context, RequestStop(enough));
  timer.set(limit);
  const std::stop_token end = enough.get_token();
  try {
    co_return co_await Session::open(context, end);
  } catch (const Cancelled&) {
    if (stop.stop_requested()) throw;
  }
  throw ConnectionLost(ETIMEDOUT, "the server did not answer the log-in in time");
}

}  // namespace

Clock::time_point deadline_after(Clock::time_point from, std::chrono::milliseconds delay) noexcept {
  return delay == std::chrono::milliseconds::max() ? Clock::time_point::max() : from + delay;
}

Lease SessionPool::State::leased(std::shared_ptr<State> state, Lane lane) {
  auto slot = std::make_unique<Lease::State>(state, lane);
  state->leases.push_back(*slot);
  return Lease(std::move(slot));
}

// Each command has its limit, and there is one for all of them: a server that needs nearly a whole limit for
// every reply keeps nobody for minutes. A user who waits longer for one waits longer for all.
void SessionPool::State::limit_work(const Lease& lease) const {
  const FtpConfig& config = context->config;
  const auto enough = std::max(config.work_timeout, 2 * config.timeout);
  lease.session()->limit_work(context->clock.now() + enough);
}

awaitable<Lease> SessionPool::State::lend(std::shared_ptr<State> state, Lane lane, Clock::time_point began,
                                          Clock::time_point patience, std::stop_token stop) {
  SessionContext& context = *state->context;
  const std::chrono::milliseconds enough = context.config.queue_timeout;
  const Clock::time_point deadline = std::max(began + enough, patience);
  Backoff backoff(context, first_wait, longest_wait);
  bool again = false;
  for (;;) {
    if (state->idle.empty()) state->circuit.check();
    co_await state->take_slot(lane, deadline, again, stop);
    Lease lease = leased(state, lane);
    lease.state_->session = state->pick_idle();
    if (lease.state_->session) {
      state->limit_work(lease);
      state->stand_by();
      co_return std::move(lease);
    }
    state->check_refusal();
    state->circuit.check();
    const Clock::time_point asked = context.clock.now();
    const Clock::time_point limit = std::min(deadline, asked + enough);
    std::string full;
    bool alone = false;  // nobody is there who will leave; those in the queue wait as we do
    try {
      lease.state_->session = co_await log_in(state, limit, stop);
      state->limit_work(lease);
      co_return std::move(lease);
    } catch (const Error& error) {
      if (!state->may_be_full(error, asked)) throw;
      alone = state->open() <= 1;
      state->server_is_full(error);
      full = error.server_said();
    }
    lease.release();
    again = true;
    if (!alone) continue;
    const Clock::time_point next = context.clock.now() + backoff.next();
    if (next > deadline) throw Error(ETIMEDOUT, "server takes no more connections", full);
    co_await context.clock.sleep_until(next, stop);
  }
}

// What dies while it logs in is tried once more: a restart, a NAT. Never a log-in that was refused, nor a
// connection that could not be made.
awaitable<std::shared_ptr<Session>> SessionPool::State::log_in(std::shared_ptr<State> state,
                                                               Clock::time_point limit,
                                                               std::stop_token stop) {
  SessionContext& context = *state->context;
  const bool worked = context.profile.greeted;
  if (!worked) limit = Clock::time_point::max();  // servers take their time with strangers
  const Clock::time_point began = context.clock.now();
  for (bool again = false;; again = true) {
    try {
      std::shared_ptr<Session> session = co_await open_within(state->context, limit, stop);
      if (state->closed) throw Error(ESHUTDOWN, "unmounting");
      state->refusal_lasts = {};
      state->turned_away.clear();
      state->circuit.works();
      co_return session;
    } catch (ConnectionLost& error) {
      if (!again && error.code() == EIO) continue;
      const Clock::duration took = context.clock.now() - began;
      // Who has come late with little time left has not shown that nobody is there.
      const auto patience = std::min(context.config.timeout, context.config.queue_timeout);
      const bool hurried = context.clock.now() >= limit && took < patience / 2;
      error.told = state->circuit.open();
      if (!hurried) state->nobody_there(error, took);
      throw;
    } catch (const Cancelled&) {
      throw;
    } catch (const NotAdmitted& error) {
      state->refused(error);
      state->circuit.works();  // somebody has answered
      throw;
    } catch (const Error&) {
      state->circuit.works();
      throw;
    }
  }
}

// On a server that does one thing at a time the port of the next transfer is told with the end of the last,
// and connecting to it takes one more trip. In a fast row that is spared where another session takes the next
// one meanwhile: so there has to be another one before it is needed.
void SessionPool::State::stand_by() {
  const ServerProfile& profile = context->profile;
  const bool primes = context->config.prime && profile.priming != Support::no && profile.data_command;
  const bool fast = context->rhythm.fast(context->clock.now());
  if (idle.empty() && opening == 0 && primes && profile.one_at_a_time && fast) open_another();
}

// For work that is to be expected, if nobody has to wait because of it. Never the last slot, which others may
// want.
void SessionPool::State::open_another() {
  const bool room = waiting() == 0 && may_take(Lane::metadata) && open() + 1 < limit();
  if (closed || circuit.open() || !room || context->clock.now() < none_to_spare_until) return;
  ++opening;
  ++count(Lane::metadata);
  Lease lease = leased(shared_from_this(), Lane::metadata);
  context->tasks.spawn(log_in_ahead(shared_from_this(), std::move(lease)));
}

awaitable<void> SessionPool::State::log_in_ahead(std::shared_ptr<State> state, Lease lease) {
  SessionContext& context = *state->context;
  const std::stop_token stop = context.tasks.stop_token();
  const Clock::time_point asked = context.clock.now();
  try {
    state->check_refusal();
    const Clock::time_point limit = asked + context.config.queue_timeout;
    lease.state_->session = co_await log_in(state, limit, stop);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    context.logger->debug("no session to spare: {}", escaped(error.what()));
    state->none_to_spare_until = context.clock.now() + not_again_for;
    if (state->may_be_full(error, asked)) state->server_is_full(error);
  } catch (const std::exception& error) {  // want of memory
    context.logger->debug("no session to spare: {}", error.what());
    state->none_to_spare_until = context.clock.now() + not_again_for;
  }
  --state->opening;
}

void SessionPool::State::nobody_there(const ConnectionLost& why, Clock::duration took) {
  const FtpConfig& config = context->config;
  const bool expected = context->profile.greeted || config.may_be_away;
  if (closed || !expected || is_our_own(why.code())) return;
  if (may_be_full(why, context->clock.now() - took)) return;
  was_not_full();
  circuit.fails(why, took);
  if (circuit.costly()) {  // who waits for a session fails now, or waits for the server
    for (List<Waiter>& queue_of_lane : queues) {
      for (Waiter& waiter : queue_of_lane) waiter.ready.wake_one();
    }
  }
  if (std::exchange(reconnecting, true)) return;
  context->tasks.spawn(reconnect(shared_from_this()));
}

awaitable<void> SessionPool::State::reconnect(std::shared_ptr<State> state) {
  SessionContext& context = *state->context;
  const std::stop_token stop = context.tasks.stop_token();
  Backoff pauses(context, first_attempt, longest_between_attempts);
  while (state->circuit.open() && !state->closed) {
    const Clock::time_point next = context.clock.now() + pauses.next();
    state->circuit.will_try(next);
    Clock& clock = context.clock;
    co_await clock.sleep_until(next, stop);
    // Where all slots are taken, those who have them find out.
    if (!state->circuit.open() || state->closed || !state->may_take(Lane::metadata)) continue;
    try {
      ++state->count(Lane::metadata);
      const Lease lease = leased(state, Lane::metadata);
      const Clock::time_point limit = clock.now() + context.config.queue_timeout;
      lease.state_->session = co_await log_in(state, limit, stop);
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      context.logger->debug("still away: {}", escaped(error.what()));
    }
  }
  state->reconnecting = false;
}

}  // namespace ftpfs::ftp
