// SPDX-License-Identifier: MIT
// A coroutine that was started and may still be waiting: tests look at it while it hangs, then let it end.
#pragma once

#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/error.hpp>

#include "support/run.hpp"

namespace ftpfs::test {

// The errno of what `function` throws; 0 when it does not.
template <class Function>
int errno_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

template <class T>
class Pending {
 public:
  // Starts `task` and lets everything happen that can. `stop` is what interrupts it.
  Pending(asio::io_context& io, awaitable<T> task, std::stop_source stop)
      : io_(io), stop_(std::move(stop)), state_(std::make_shared<State>()) {
    asio::co_spawn(io_, run(state_, std::move(task)), asio::detached);
    settle(io_);
  }

  bool done() const noexcept { return state_->done; }
  void interrupt() {
    stop_.request_stop();
    settle(io_);
  }

  // Waits for the end; what it threw is thrown here.
  T get() {
    run_until(io_, [state = state_] { return state->done; });
    if (state_->failure) std::rethrow_exception(state_->failure);
    if constexpr (!std::is_void_v<T>) return std::move(*state_->result);
  }
  int code() {
    return errno_of([this] { (void)get(); });
  }

 private:
  struct State {
    bool done = false;
    std::exception_ptr failure;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
  };

  static awaitable<void> run(std::shared_ptr<State> state, awaitable<T> task) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(task);
      } else {
        T value = co_await std::move(task);
        state->result.emplace(std::move(value));
      }
    } catch (...) {
      state->failure = std::current_exception();
    }
    state->done = true;
  }

  asio::io_context& io_;
  std::stop_source stop_;
  std::shared_ptr<State> state_;
};

}  // namespace ftpfs::test
