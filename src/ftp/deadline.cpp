// SPDX-License-Identifier: MIT
#include <ftpfs/ftp/context.hpp>

namespace ftpfs::ftp {

struct Deadline::State {
  State(Clock& time, std::function<void()> callback) : clock(time), expired(std::move(callback)) {}

  static constexpr auto never = Clock::time_point::max();

  Clock& clock;
  std::function<void()> expired;
  Clock::time_point when = never;
  Clock::time_point wakes = never;  // the sleeping task; never: there is none
  std::stop_source stop;            // of the sleeping task
};

Deadline::Deadline(SessionContext& context, std::function<void()> expired)
    : context_(context), state_(std::make_shared<State>(context.clock, std::move(expired))) {}

Deadline::~Deadline() {
  cancel();
  state_->expired = nullptr;
}

void Deadline::set(Clock::time_point when) {
  state_->when = when;
  if (when == State::never || state_->wakes <= when) return;
  state_->stop.request_stop();
  state_->stop = std::stop_source();
  state_->wakes = when;
  context_.tasks.spawn(watch(state_, state_->stop.get_token()));
}

void Deadline::set_in(Clock::duration delay) {
  set(context_.clock.now() + delay);
}

void Deadline::clear() noexcept {
  state_->when = State::never;
}

void Deadline::cancel() noexcept {
  state_->when = State::never;
  state_->wakes = State::never;
  state_->stop.request_stop();
}

awaitable<void> Deadline::watch(std::shared_ptr<State> state, std::stop_token stop) {
  while (state->when != State::never) {
    state->wakes = state->when;
    co_await state->clock.sleep_until(state->wakes, stop);
    if (stop.stop_requested()) co_return;  // another task has taken over, or nobody cares any more
    if (state->clock.now() < state->when) continue;
    state->when = State::never;
    const auto expired = state->expired;  // may destroy the Deadline
    expired();
    if (stop.stop_requested()) co_return;
  }
  state->wakes = State::never;
}

}  // namespace ftpfs::ftp
