// SPDX-License-Identifier: MIT
#include "pool_state.hpp"

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/base/stop.hpp>

namespace ftpfs::ftp {

namespace {

// A server's limit may have been a passing one; a refusal without words need not have been a limit at all.
constexpr std::chrono::minutes remember_limit{10};
constexpr std::chrono::minutes remember_guess{1};
// Another wrong log-in within this time helps nobody and may lock the account. Each one that follows makes it
// four times as long: fail2ban's defaults shut out whoever fails five times in ten minutes.
constexpr std::chrono::seconds remember_refusal{30};
constexpr std::chrono::hours remember_refusal_at_most{1};
// With one slot both lanes share it: metadata first, but not for ever.
constexpr unsigned metadata_before_bulk = 16;

}  // namespace

SessionPool::State::State(std::shared_ptr<SessionContext> shared)
    : context(std::move(shared)),
      circuit(*context),
      reaper(*context, [this] { reap(); }),
      pulse(*context, [this] { keep_alive(); }),
      yield_timer(*context, [this] { ask_to_yield(); }),
      limit_timer(*context, [this] { serve(); }) {
  idle.reserve(std::max(context->config.max_conns.value_or(sessions_far_away), std::size_t{1}));
}

SessionPool::State::Waiter::~Waiter() {
  unlink();
  if (granted) pool.return_slot(lane);
}

void SessionPool::State::shut() noexcept {
  closed = true;
  circuit.end();
  reaper.cancel();
  pulse.cancel();
  yield_timer.cancel();
  limit_timer.cancel();
  for (const Lease::State& lease : leases) {
    if (lease.session) lease.session->abort();
  }
  for (List<Waiter>& queue_of_lane : queues) {
    for (Waiter& waiter : queue_of_lane) waiter.ready.wake_one();
  }
}

std::size_t SessionPool::State::wanted() const noexcept {
  const std::size_t suits = context->is_far().value_or(false) ? sessions_far_away : usual_sessions;
  return std::max<std::size_t>(context->config.max_conns.value_or(suits), 1);
}

std::size_t SessionPool::State::limit() const noexcept {
  return context->clock.now() < learned_until ? std::min(learned_limit, wanted()) : wanted();
}

bool SessionPool::State::may_take(Lane lane) const noexcept {
  const std::size_t slots = limit();
  if (in_use() >= slots) return false;
  const std::size_t bulk = taken[static_cast<std::size_t>(Lane::bulk)];
  return lane == Lane::metadata || bulk < std::max<std::size_t>(slots - 1, 1);
}

awaitable<void> SessionPool::State::take_slot(Lane lane, Clock::time_point deadline, bool first,
                                              std::stop_token stop) {
  if (closed) throw Error(ESHUTDOWN, "unmounting");
  if (queue(lane).empty() && may_take(lane)) {
    ++count(lane);
    co_return;
  }
  Waiter waiter(*this, lane);
  if (first) {
    queue(lane).push_front(waiter);
  } else {
    queue(lane).push_back(waiter);
  }
  std::stop_source give_up;
  const std::stop_callback on_stop(stop, RequestStop(give_up));
  Deadline timer(*context, RequestStop(give_up));
  timer.set(deadline);
  ask_to_yield();
  const std::stop_token given_up = give_up.get_token();
  try {
    while (!waiter.granted && !closed && !circuit.costly()) co_await waiter.ready.wait(given_up);
  } catch (const Cancelled&) {
    // Granted in the same moment is granted.
  }
  if (waiter.granted) {
    waiter.granted = false;  // the caller's now
    co_return;
  }
  if (closed) throw Error(ESHUTDOWN, "unmounting");
  if (stop.stop_requested()) throw Cancelled();
  circuit.check();
  throw Error(ETIMEDOUT, fmt::format("no session was free ({} in use)", in_use()));
}

void SessionPool::State::return_slot(Lane lane) noexcept {
  --count(lane);
  serve();
}

// Hands free slots to those who wait, then asks for more if that was not enough.
void SessionPool::State::serve() noexcept {
  if (closed) return;  // nobody is served any more, and the clock may be gone
  for (;;) {
    const bool metadata = !queue(Lane::metadata).empty() && may_take(Lane::metadata);
    const bool bulk = !queue(Lane::bulk).empty() && may_take(Lane::bulk);
    if (!metadata && !bulk) break;
    const bool bulk_turn = bulk && (!metadata || metadata_in_a_row >= metadata_before_bulk);
    metadata_in_a_row = bulk_turn ? 0 : metadata_in_a_row + (bulk ? 1 : 0);
    const Lane lane = bulk_turn ? Lane::bulk : Lane::metadata;
    Waiter& next = queue(lane).front();
    next.unlink();
    next.granted = true;
    ++count(lane);
    next.ready.wake_one();
  }
  ask_to_yield();
}

// One lease is asked for each one who waits; the longest idle first.
void SessionPool::State::ask_to_yield() noexcept {
  while (waiting() > yielding) {
    Lease::State* chosen = nullptr;
    auto earliest = Clock::time_point::max();
    for (Lease::State& lease : leases) {
      if (lease.asked || !lease.yielder) continue;
      const Clock::time_point from = lease.yielder->from();
      if (from >= earliest) continue;
      earliest = from;
      chosen = &lease;
    }
    if (!chosen) return;
    if (earliest > context->clock.now()) {
      yield_timer.set(earliest);
      return;
    }
    chosen->asked = true;
    ++yielding;
    const auto yield = chosen->yielder->yield;  // may destroy the lease
    yield();
  }
}

// Some servers and firewalls turn away without a word, or with a 421 that does not say why; others let
// nothing through (connlimit), while those who are in are served.
bool SessionPool::State::may_be_full(const Error& why, Clock::time_point asked) const noexcept {
  const auto logged_in = [](const Lease::State& lease) { return lease.session != nullptr; };
  const bool others = !idle.empty() || std::ranges::any_of(leases, logged_in);
  if (why.code() == ETIMEDOUT) return last_answer && *last_answer > asked;
  return why.code() == EUSERS || (why.code() == ECONNREFUSED && others);
}

void SessionPool::State::server_is_full(const Error& why) {
  const std::size_t before = limit();
  learned_limit = std::max<std::size_t>(open() - 1, 1);  // without the one that was refused
  guessed = why.code() != EUSERS;
  learned_until = context->clock.now();
  learned_until += guessed ? Clock::duration(remember_guess) : Clock::duration(remember_limit);
  limit_timer.set(learned_until);
  turned_away = why.server_said();
  if (limit() == before) return;
  // Eight were a try.
  const bool expected = !context->config.max_conns && learned_limit >= usual_sessions;
  const auto level = expected || guessed ? spdlog::level::info : spdlog::level::warn;
  context->logger->log(level, "server takes no more than {} connections{}", learned_limit,
                       guessed ? ", it seems" : "");
}

// A server that restarts refuses connections for a moment while its sessions still seem to live.
void SessionPool::State::was_not_full() noexcept {
  if (guessed) learned_until = {};
}

void SessionPool::State::refused(const NotAdmitted& why) {
  refusal = why;
  refusal_lasts = std::min<Clock::duration>(refusal_lasts * 4, remember_refusal_at_most);
  refusal_lasts = std::max<Clock::duration>(refusal_lasts, remember_refusal);
  refused_until = context->clock.now() + refusal_lasts;
  if (!context->profile.greeted) return;  // the mount fails, and says why
  const auto pause = std::chrono::duration_cast<std::chrono::seconds>(refusal_lasts);
  context->logger->warn("{} (server said: {}); no further attempt for {} s", escaped(why.what()),
                        escaped(why.server_said()), pause.count());
}

void SessionPool::State::check_refusal() const {
  if (refusal && context->clock.now() < refused_until) throw NotAdmitted(*refusal);
}

}  // namespace ftpfs::ftp
