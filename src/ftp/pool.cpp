// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/ftp/pool.hpp>

#include "backoff.hpp"
#include "pool_state.hpp"

namespace ftpfs::ftp {

namespace {

constexpr std::chrono::seconds room_wait{2};  // our own dead ones may fill the server for a while

}  // namespace

Lease::Lease(std::unique_ptr<State> state) : state_(std::move(state)) {}

Lease::Lease(Lease&& other) noexcept = default;

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    state_ = std::move(other.state_);
  }
  return *this;
}

Lease::~Lease() {
  release();
}

Session& Lease::operator*() const noexcept {
  return *state_->session;
}

const std::shared_ptr<Session>& Lease::session() const noexcept {
  return state_->session;
}

void Lease::offer(Yielder yielder) {
  state_->yielder = std::move(yielder);
  reconsider();
}

void Lease::keep() noexcept {
  state_->yielder.reset();
}

// Posted: a holder that goes on with its next operation right away is not idle.
void Lease::reconsider() noexcept {
  if (!state_ || state_->pool->waiting() == 0) return;
  asio::post(state_->pool->context->executor, [pool = state_->pool] { pool->ask_to_yield(); });
}

void Lease::release() noexcept {
  const std::unique_ptr<State> state = std::move(state_);
  if (!state) return;
  SessionPool::State& pool = *state->pool;
  state->unlink();
  if (state->asked) --pool.yielding;
  if (state->session) pool.return_session(std::move(state->session));
  pool.return_slot(state->lane);
}

SessionPool::SessionPool(std::shared_ptr<SessionContext> context)
    : state_(std::make_shared<State>(std::move(context))) {}

SessionPool::~SessionPool() {
  abort();
}

void SessionPool::abort() noexcept {
  state_->shut();
  state_->drop_idle();
}

awaitable<Lease> SessionPool::acquire(Lane lane, std::stop_token stop,
                                      std::optional<Clock::time_point> since) {
  const std::shared_ptr<State> state = state_;
  SessionContext& context = *state->context;
  const Clock::time_point now = context.clock.now();
  const Clock::time_point patience = deadline_after(since.value_or(now), context.config.retry_for);
  Clock::time_point began = since.value_or(now);
  for (;;) {
    try {
      co_return co_await State::lend(state, lane, began, patience, stop);
    } catch (const ConnectionLost&) {
      if (!state->circuit.open() || context.clock.now() >= patience) throw;
    }
    co_await state->circuit.wait(patience, stop);
    began = context.clock.now();
  }
}

// The session stays: what has to go are others, idle ones first.
awaitable<void> SessionPool::wait_for_room(Lease lease, Error why, Clock::time_point deadline,
                                           std::stop_token stop) {
  const std::shared_ptr<State> state = state_;
  SessionContext& context = *state->context;
  const bool alone = state->open() <= 1;
  state->server_is_full(why);
  state->drop_idle();
  lease.release();
  if (!alone) co_return;
  Backoff backoff(context, room_wait, room_wait);
  const Clock::time_point next = context.clock.now() + backoff.next();
  if (next > deadline) throw Error(ETIMEDOUT, "server takes no more connections", why.server_said());
  co_await context.clock.sleep_until(next, stop);
}

bool SessionPool::has_slot(Lane lane) const noexcept {
  return state_->queue(lane).empty() && state_->may_take(lane);
}

std::size_t SessionPool::spare() const noexcept {
  const std::size_t slots = limit();
  if (state_->closed || state_->circuit.open() || slots < 2 || state_->waiting() > 0) return 0;
  return slots - std::min(slots, state_->in_use());
}

void SessionPool::expect(std::size_t operations) {
  const std::size_t there = state_->idle.size() + state_->opening;
  for (std::size_t more = operations - std::min(operations, there); more > 0; --more) state_->open_another();
}

void SessionPool::drop_idle() noexcept {
  state_->drop_idle();
}

awaitable<void> SessionPool::close() {
  const std::shared_ptr<State> state = state_;
  TaskSet quits(state->context->executor, state->context->logger);
  for (State::Idle& one : state->idle) {
    ++state->quitting;
    quits.spawn(State::quit(state, std::move(one.session)));
  }
  state->idle.clear();
  state->shut();
  co_await quits.join();
}

std::size_t SessionPool::open_sessions() const noexcept {
  return state_->open();
}

const std::optional<Outage>& SessionPool::outage() const noexcept {
  return state_->circuit.outage();
}

std::size_t SessionPool::limit() const noexcept {
  return state_->limit();
}

SessionCounts SessionPool::counts() const noexcept {
  SessionCounts now;
  now.in_use = state_->in_use();
  now.transfers = state_->count(Lane::bulk);
  now.idle = state_->idle.size();
  now.waiting = state_->waiting();
  now.limit = state_->limit();
  now.max_conns = state_->wanted();
  return now;
}

std::optional<std::string> SessionPool::refusal() const {
  if (!state_->refusal || state_->context->clock.now() >= state_->refused_until) return std::nullopt;
  return state_->refusal->server_said();
}

std::optional<std::string> SessionPool::turned_away() const {
  if (state_->turned_away.empty()) return std::nullopt;
  return state_->turned_away;
}

}  // namespace ftpfs::ftp
