// SPDX-License-Identifier: MIT
// What a test may do to the calls of a fake: count them, hold them until it says so, make the next ones fail
// - before they have had any effect, or after ("the reply was lost").
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <stop_token>

#include <ftpfs/base/wait.hpp>

namespace ftpfs::test {

enum class When { before_effect, after_effect };

class CallControl {
 public:
  std::size_t calls() const noexcept { return calls_; }
  std::size_t held() const noexcept { return *held_; }

  // From now on calls stop at this point, until release().
  void hold(When when = When::before_effect) { holding(when) = true; }
  void release() {
    before_.holding = after_.holding = false;
    before_.waiting.wake_all();
    after_.waiting.wake_all();
  }

  template <class Failure>
  void fail_next(const Failure& failure, std::size_t times = 1, When when = When::before_effect) {
    auto& failures = when == When::before_effect ? before_.failures : after_.failures;
    failures.insert(failures.end(), times, std::make_exception_ptr(failure));
  }
  void fail_no_more() {
    before_.failures.clear();
    after_.failures.clear();
  }

  // The fake passes here at the start of a call, and once its effect has happened.
  awaitable<void> start(std::stop_token stop) {
    ++calls_;
    co_await asio::post(use_awaitable);  // a server never answers within the call
    co_await pass(before_, stop);
  }
  awaitable<void> finish(std::stop_token stop) { co_await pass(after_, stop); }

 private:
  struct Point {
    bool holding = false;
    WaitList waiting;
    std::deque<std::exception_ptr> failures;
  };
  struct Held {
    explicit Held(std::shared_ptr<std::size_t> c) : count(std::move(c)) { ++*count; }
    ~Held() { --*count; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    std::shared_ptr<std::size_t> count;
  };

  bool& holding(When when) { return when == When::before_effect ? before_.holding : after_.holding; }

  awaitable<void> pass(Point& point, std::stop_token stop) {
    if (stop.stop_requested()) throw Cancelled();
    while (point.holding) {
      const Held count(held_);
      co_await point.waiting.wait(stop);
    }
    if (point.failures.empty()) co_return;
    const std::exception_ptr failure = point.failures.front();
    point.failures.pop_front();
    std::rethrow_exception(failure);
  }

  std::size_t calls_ = 0;
  std::shared_ptr<std::size_t> held_ =
      std::make_shared<std::size_t>(0);  // outlives us in frames the loop destroys
  Point before_;
  Point after_;
};

}  // namespace ftpfs::test
