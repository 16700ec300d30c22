// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <ftpfs/ftp/pool.hpp>

#include "backoff.hpp"
#include "pool_state.hpp"

namespace ftpfs::ftp {

namespace {

// When not even one connection is taken: somebody else, or our own dead ones, fill the server for a while.
constexpr std::chrono::seconds first_wait{2};
constexpr std::chrono::seconds longest_wait{8};

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

awaitable<Lease> SessionPool::acquire(Lane lane, std::stop_token stop) {
  const std::shared_ptr<State> state = state_;
  SessionContext& context = *state->context;
  const Clock::time_point deadline = context.clock.now() + context.config.queue_timeout;
  Backoff backoff(context, first_wait, longest_wait);
  bool again = false;
  for (;;) {
    co_await state->take_slot(lane, deadline, again, stop);
    auto slot = std::make_unique<Lease::State>(state, lane);
    Lease::State& lease_state = *slot;
    state->leases.push_back(lease_state);
    Lease lease(std::move(slot));
    lease_state.session = state->pick_idle();
    if (lease_state.session) co_return std::move(lease);
    state->check_refusal();
    std::string full;
    try {
      lease_state.session = co_await State::log_in(state, stop);
      co_return std::move(lease);
    } catch (const Error& error) {
      if (!state->may_be_full(error)) throw;
      state->server_is_full(error);
      full = error.server_said();
    }
    lease.release();
    again = true;
    if (state->open() > 0) continue;
    const Clock::time_point next = context.clock.now() + backoff.next();
    if (next > deadline) throw Error(ETIMEDOUT, "server takes no more connections", full);
    co_await context.clock.sleep_until(next, stop);
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
  Backoff backoff(context, first_wait, first_wait);
  const Clock::time_point next = context.clock.now() + backoff.next();
  if (next > deadline) throw Error(ETIMEDOUT, "server takes no more connections", why.server_said());
  co_await context.clock.sleep_until(next, stop);
}

bool SessionPool::has_slot(Lane lane) const noexcept {
  return state_->queue(lane).empty() && state_->may_take(lane);
}

std::size_t SessionPool::spare() const noexcept {
  const std::size_t slots = limit();
  if (state_->closed || slots < 2 || state_->waiting() > 0) return 0;
  return slots - std::min(slots, state_->in_use());
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
  now.max_conns = state_->context->config.max_conns;
  return now;
}

std::optional<std::string> SessionPool::refusal() const {
  if (!state_->refusal || state_->context->clock.now() >= state_->refused_until) return std::nullopt;
  return state_->refusal->server_said();
}

}  // namespace ftpfs::ftp
