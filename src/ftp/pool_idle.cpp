// SPDX-License-Identifier: MIT
// The sessions of the pool that nobody uses: which one is taken next, which ones are closed, and which ones
// the server hears of meanwhile.
#include <algorithm>
#include <iterator>
#include <utility>

#include <ftpfs/base/memory.hpp>

#include "pool_state.hpp"
#include "primed.hpp"

namespace ftpfs::ftp {

namespace {

constexpr std::chrono::seconds rest_of_extra{10};

}  // namespace

void SessionPool::State::return_session(std::shared_ptr<Session> session) noexcept {
  if (closed || !session->reusable()) {
    session->abort();
    return;
  }
  circuit.works();
  const Clock::time_point now = context->clock.now();
  last_answer = now;
  session->unlimit_work();
  prime(session, Need::likely);
  rest(Idle{std::move(session), now, now});
}

void SessionPool::State::rest(Idle one) noexcept {
  const auto place = std::ranges::upper_bound(idle, one.since, {}, &Idle::since);
  idle.insert(place, std::move(one));
  plan_reaping();
  plan_pulse();
}

// The last used one is the likeliest to be alive, and lets the others grow old enough to be closed; still
// better is one whose next data connection is there, or the first one that has begun to make it.
std::shared_ptr<Session> SessionPool::State::pick_idle() noexcept {
  const auto ready = [](const Idle& one) { return is_primed(*one.session); };
  const auto begun = [](const Idle& one) { return one.session->primed() != nullptr; };
  while (!idle.empty()) {
    const auto primed = std::find_if(idle.rbegin(), idle.rend(), ready);
    auto chosen = primed == idle.rend() ? std::ranges::find_if(idle, begun) : std::prev(primed.base());
    if (chosen == idle.end()) --chosen;
    const std::shared_ptr<Session> session = std::move(chosen->session);
    idle.erase(chosen);
    if (session->reusable() && !session->disturbed()) return session;
    session->abort();
  }
  return nullptr;
}

void SessionPool::State::drop_idle() noexcept {
  for (const Idle& one : idle) one.session->abort();
  idle.clear();
}

// What was opened beyond the usual number leaves its place to others soon: servers count (pure-ftpd allows 8
// from one address), and the user may have another client.
Clock::time_point SessionPool::State::end_of_rest() const noexcept {
  const bool extra = !context->config.max_conns && idle.size() + taken[0] + taken[1] > usual_sessions;
  const std::chrono::milliseconds rest = context->config.idle_timeout;
  return idle.front().since + (extra ? std::min<Clock::duration>(rest, rest_of_extra) : rest);
}

void SessionPool::State::plan_reaping() {
  if (!idle.empty()) reaper.set(end_of_rest());
}

void SessionPool::State::reap() {
  while (!idle.empty() && end_of_rest() <= context->clock.now()) {
    context->tasks.spawn(quit(shared_from_this(), std::move(idle.front().session)));
    idle.erase(idle.begin());
    ++quitting;
  }
  plan_reaping();
}

// Counted until it is gone: a new log-in meanwhile could find the server full.
awaitable<void> SessionPool::State::quit(std::shared_ptr<State> state, std::shared_ptr<Session> session) {
  co_await session->quit();
  --state->quitting;
  state->serve();
  if (state->open() == 0) give_back_free_memory();
}

void SessionPool::State::plan_pulse() {
  if (context->config.keepalive <= std::chrono::milliseconds::zero() || idle.empty()) return;
  const auto next = std::ranges::min_element(idle, {}, &Idle::heard_of);
  pulse.set(next->heard_of + context->config.keepalive);
}

// A NOOP on each session that the server has not heard of for so long. Meanwhile it is in use: who needs one
// takes another or waits for its turn.
void SessionPool::State::keep_alive() {
  const Clock::time_point now = context->clock.now();
  const auto is_due = [&](const Idle& one) { return one.heard_of + context->config.keepalive <= now; };
  for (auto due = std::ranges::find_if(idle, is_due); due != idle.end();
       due = std::ranges::find_if(idle, is_due)) {
    if (!may_take(Lane::metadata)) {  // one more than the server is known to allow: its own affair
      due->heard_of = now;
      continue;
    }
    ++count(Lane::metadata);
    Lease lease = leased(shared_from_this(), Lane::metadata);
    lease.state_->session = std::move(due->session);
    const Clock::time_point since = due->since;
    idle.erase(due);
    context->tasks.spawn(show_life(shared_from_this(), std::move(lease), since));
  }
  plan_pulse();
}

// Its rest goes on as if nothing had happened, so that it is closed in time.
awaitable<void> SessionPool::State::show_life(std::shared_ptr<State> state, Lease lease,
                                              Clock::time_point since) {
  const std::shared_ptr<Session> session = lease.session();
  const Logger logger = state->context->logger;
  try {
    const std::stop_token never;
    co_await session->command(proto::Verb::noop, "", never);
  } catch (const ConnectionLost& error) {
    logger->debug("an idle session has gone: {}", escaped(error.what()));
    co_return;
  }
  lease.state_->session.reset();
  const Clock::time_point now = state->context->clock.now();
  if (!state->closed && session->reusable()) state->rest(Idle{session, since, now});
}

}  // namespace ftpfs::ftp
