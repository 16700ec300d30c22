// SPDX-License-Identifier: MIT
#include <ftpfs/base/wait.hpp>

namespace ftpfs {
namespace {

struct CancelTimer {
  asio::steady_timer* timer;
  void operator()() const { timer->cancel(); }
};

}  // namespace

awaitable<void> WaitList::wait(std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  auto executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  waiters_.push_back(waiter);
  const std::stop_callback on_stop(stop, CancelTimer{&waiter.timer});
  boost::system::error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await waiter.timer.async_wait(token);
  if (!waiter.woken) throw Cancelled();
}

bool WaitList::wake_one() noexcept {
  if (waiters_.empty()) return false;
  Waiter& waiter = waiters_.front();
  waiter.woken = true;
  waiter.unlink();
  waiter.timer.cancel();
  return true;
}

void WaitList::wake_all() noexcept {
  while (wake_one()) {
  }
}

struct TaskSet::State {
  Logger logger;
  std::stop_source stop;
  std::size_t running = 0;
  WaitList idle;
};

TaskSet::TaskSet(Executor executor, Logger logger)
    : executor_(std::move(executor)), state_(std::make_shared<State>()) {
  state_->logger = std::move(logger);
}

TaskSet::~TaskSet() {
  request_stop();
}

void TaskSet::spawn(awaitable<void> task) {
  ++state_->running;
  asio::co_spawn(executor_, run(state_, owner_.lock(), std::move(task)), asio::detached);
}

awaitable<void> TaskSet::run(std::shared_ptr<State> state, std::shared_ptr<void>, awaitable<void> task) {
  try {
    co_await std::move(task);
  } catch (const Cancelled&) {
  } catch (const std::exception& error) {
    state->logger->warn("background task failed: {}", error.what());
  }
  if (--state->running == 0) state->idle.wake_all();
}

std::stop_token TaskSet::stop_token() const noexcept {
  return state_->stop.get_token();
}

void TaskSet::request_stop() noexcept {
  state_->stop.request_stop();
}

std::size_t TaskSet::size() const noexcept {
  return state_->running;
}

awaitable<void> TaskSet::join(std::stop_token stop) {
  const auto state = state_;
  while (state->running > 0) co_await state->idle.wait(stop);
}

}  // namespace ftpfs
