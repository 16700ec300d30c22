// SPDX-License-Identifier: MIT
// The concurrency primitives: who waits, who wakes, who owns work that outlives a request. One thread, no
// locks. Cancellation is std::stop_token: a wait whose token fires throws Cancelled; wake-ups and stops only
// post completions, so nobody's code runs inside the call of another.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <boost/intrusive/list.hpp>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>

namespace ftpfs {

// First come, first woken. Must outlive its waiters' suspension only in the sense that ~WaitList with waiters
// present wakes nobody; owners that may die keep it in shared state.
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  awaitable<void> wait(std::stop_token stop);
  bool wake_one() noexcept;  // false: nobody waits
  void wake_all() noexcept;
  bool empty() const noexcept { return waiters_.empty(); }

 private:
  struct Waiter
      : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit Waiter(const Executor& executor) : timer(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer timer;
    bool woken = false;
  };
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

// Work that belongs to an object, not to a request. What a task throws is logged (Cancelled is not).
// The destructor asks the tasks to stop and does not wait; join() waits.
class TaskSet {
 public:
  TaskSet(Executor executor, Logger logger);
  ~TaskSet();
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

  void spawn(awaitable<void> task);
  // Tasks spawned from now on keep the owner alive until they have ended.
  void keep_alive(std::weak_ptr<void> owner) noexcept { owner_ = std::move(owner); }
  std::stop_token stop_token() const noexcept;
  void request_stop() noexcept;
  awaitable<void> join(std::stop_token stop = {});  // until no task is left
  std::size_t size() const noexcept;

 private:
  struct State;
  static awaitable<void> run(std::shared_ptr<State> state, std::shared_ptr<void> owner, awaitable<void> task);

  Executor executor_;
  std::weak_ptr<void> owner_;
  std::shared_ptr<State> state_;
};

// Many callers of one piece of work share one run of it: the first starts it (in the owner's TaskSet), the
// last one to leave stops it. T must be copyable. A failure goes to everybody who waited; the next get()
// starts afresh.
template <class T>
class SingleFlight {
 public:
  using Work = std::function<awaitable<T>(std::stop_token)>;  // calls a coroutine function, captures nothing
                                                              // by reference

  explicit SingleFlight(TaskSet& owner) : owner_(owner), state_(std::make_shared<State>()) {}

  bool running() const noexcept { return state_->current != nullptr; }

  awaitable<T> get(Work work, std::stop_token stop) {
    if (!state_->current) {
      state_->current = std::make_shared<Flight>();
      owner_.spawn(run(state_, state_->current, std::move(work)));
    }
    const Interest interest(state_, state_->current);
    while (!interest.flight->done) co_await interest.flight->waiters.wait(stop);
    if (interest.flight->failure) std::rethrow_exception(interest.flight->failure);
    co_return *interest.flight->result;
  }

 private:
  struct Flight {
    std::optional<T> result;
    std::exception_ptr failure;
    bool done = false;
    std::size_t interested = 0;
    std::stop_source stop;
    WaitList waiters;
  };
  struct State {
    std::shared_ptr<Flight> current;
  };
  struct Interest {
    Interest(std::shared_ptr<State> s, std::shared_ptr<Flight> f)
        : state(std::move(s)), flight(std::move(f)) {
      ++flight->interested;
    }
    ~Interest() {
      if (--flight->interested > 0 || flight->done) return;
      if (state->current == flight) state->current.reset();
      flight->stop.request_stop();
    }
    Interest(const Interest&) = delete;
    Interest& operator=(const Interest&) = delete;
    std::shared_ptr<State> state;
    std::shared_ptr<Flight> flight;
  };

  static awaitable<void> run(std::shared_ptr<State> state, std::shared_ptr<Flight> flight, Work work) {
    try {
      awaitable<T> task = work(flight->stop.get_token());
      T result = co_await std::move(task);
      flight->result.emplace(std::move(result));
    } catch (...) {
      flight->failure = std::current_exception();
    }
    flight->done = true;
    if (state->current == flight) state->current.reset();
    flight->waiters.wake_all();
  }

  TaskSet& owner_;
  std::shared_ptr<State> state_;
};

}  // namespace ftpfs
