// SPDX-License-Identifier: MIT
// Runs a coroutine to its end on an io_context, with a hang limit: a test that waits for ever fails instead.
#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <ftpfs/base/asio.hpp>

namespace ftpfs::test {

inline constexpr std::chrono::seconds hang_limit{20};

// Runs `io` until `done()` holds; throws when that takes longer than `limit` or when nothing is left to run.
template <class Predicate>
void run_until(asio::io_context& io, Predicate done, std::chrono::milliseconds limit = hang_limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  io.restart();
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw std::runtime_error("hang: the coroutine did not finish");
    if (io.run_one_for(std::chrono::milliseconds(50)) == 0 && io.stopped()) {
      io.restart();
      if (!done()) throw std::runtime_error("hang: nothing is left to run, but the coroutine did not finish");
    }
  }
}

template <class T>
T run(asio::io_context& io, awaitable<T> task, std::chrono::milliseconds limit = hang_limit) {
  bool done = false;
  std::exception_ptr failure;
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
      failure = error;
      done = true;
    });
    run_until(
        io, [&] { return done; }, limit);
    if (failure) std::rethrow_exception(failure);
  } else {
    std::optional<T> result;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
      failure = error;
      if (!error) result.emplace(std::move(value));
      done = true;
    });
    run_until(
        io, [&] { return done; }, limit);
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }
}

// Lets everything that is ready happen, without waiting for timers or sockets.
inline void settle(asio::io_context& io) {
  io.restart();
  while (io.poll() > 0) {
  }
}

}  // namespace ftpfs::test
