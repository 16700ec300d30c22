// SPDX-License-Identifier: MIT
// The accounts of the pool: slots, who waits, who may be asked to yield. Shared by the pool, its leases and
// the coroutines that wait, any of which may be the last to go.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <ftpfs/ftp/pool.hpp>

namespace ftpfs::ftp {

namespace intrusive = boost::intrusive;
using AutoUnlink = intrusive::list_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

struct Lease::State : AutoUnlink {
  State(std::shared_ptr<SessionPool::State> from, Lane in) : pool(std::move(from)), lane(in) {}

  std::shared_ptr<SessionPool::State> pool;
  Lane lane;
  std::shared_ptr<Session> session;
  std::optional<Yielder> yielder;
  bool asked = false;  // to yield
};

struct SessionPool::State : std::enable_shared_from_this<SessionPool::State> {
  struct Idle {
    std::shared_ptr<Session> session;
    Clock::time_point since;
  };

  // Somebody in the queue. Leaves it on destruction; a slot that was granted but not picked up goes back.
  struct Waiter : AutoUnlink {
    Waiter(State& of, Lane in) : pool(of), lane(in) {}
    ~Waiter();
    State& pool;
    Lane lane;
    WaitList ready;
    bool granted = false;
  };
  template <class T>
  using List = intrusive::list<T, intrusive::constant_time_size<false>>;

  explicit State(std::shared_ptr<SessionContext> shared);

  // Counts one slot of `lane` as taken, at once or when it is this one's turn.
  awaitable<void> take_slot(Lane lane, Clock::time_point deadline, bool first, std::stop_token stop);
  void return_slot(Lane lane) noexcept;
  void return_session(std::shared_ptr<Session> session) noexcept;
  std::shared_ptr<Session> pick_idle() noexcept;
  void drop_idle() noexcept;
  void shut() noexcept;  // aborts what is leased, sends away who waits
  void reap();
  static awaitable<std::shared_ptr<Session>> log_in(std::shared_ptr<State> state, std::stop_token stop);
  static awaitable<void> quit(std::shared_ptr<State> state, std::shared_ptr<Session> session);

  std::size_t limit() const noexcept;
  std::size_t in_use() const noexcept { return taken[0] + taken[1] + quitting; }
  std::size_t open() const noexcept { return in_use() + idle.size(); }
  bool may_take(Lane lane) const noexcept;
  bool may_be_full(const Error& why) const noexcept;  // and not broken: others are logged in
  void server_is_full(const Error& why);
  void refused(const Error& why);
  void check_refusal() const;

  List<Waiter>& queue(Lane lane) noexcept { return queues[static_cast<std::size_t>(lane)]; }
  std::size_t& count(Lane lane) noexcept { return taken[static_cast<std::size_t>(lane)]; }
  std::size_t waiting() const noexcept { return queues[0].size() + queues[1].size(); }
  void serve() noexcept;
  void ask_to_yield() noexcept;

  std::shared_ptr<SessionContext> context;
  std::vector<Idle> idle;              // the last used at the back
  std::array<std::size_t, 2> taken{};  // by lane: leased or being opened
  std::size_t quitting = 0;
  std::array<List<Waiter>, 2> queues;  // by lane
  unsigned metadata_in_a_row = 0;      // served while a transfer waited
  List<Lease::State> leases;
  std::size_t yielding = 0;  // asked, not yet back
  std::size_t learned_limit;
  Clock::time_point learned_until;
  std::optional<Error> refusal;  // of our credentials
  Clock::time_point refused_until;
  Clock::duration refusal_lasts{};  // for so long the last one counted; 0: none since a log-in that worked
  bool closed = false;
  Deadline reaper;
  Deadline yield_timer;
  Deadline limit_timer;  // the learned limit is forgotten
};

}  // namespace ftpfs::ftp
