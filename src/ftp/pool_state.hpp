// SPDX-License-Identifier: MIT
// The accounts of the pool: slots, who waits, who may be asked to yield. Shared by the pool, its leases and
// the coroutines that wait, any of which may be the last to go.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include <boost/intrusive/list.hpp>

#include <ftpfs/ftp/pool.hpp>

#include "circuit.hpp"

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

// Sessions at the same time where the user has not said how many.
constexpr std::size_t usual_sessions = 4;
constexpr std::size_t sessions_far_away = 8;

// Where `delay` is the longest there is: never.
Clock::time_point deadline_after(Clock::time_point from, std::chrono::milliseconds delay) noexcept;

struct SessionPool::State : std::enable_shared_from_this<SessionPool::State> {
  struct Idle {
    std::shared_ptr<Session> session;
    Clock::time_point since;
    Clock::time_point heard_of;  // by the server, for the last time
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
  void shut() noexcept;  // aborts what is leased, sends away who waits

  // pool_idle.cpp
  void return_session(std::shared_ptr<Session> session) noexcept;
  std::shared_ptr<Session> pick_idle() noexcept;
  void drop_idle() noexcept;
  void rest(Idle one) noexcept;
  Clock::time_point end_of_rest() const noexcept;  // of the session that was idle for the longest time
  void plan_reaping();
  void reap();
  static awaitable<void> quit(std::shared_ptr<State> state, std::shared_ptr<Session> session);
  void plan_pulse();
  void keep_alive();
  static awaitable<void> show_life(std::shared_ptr<State> state, Lease lease, Clock::time_point since);

  // pool_login.cpp. One whole attempt, which began at `began`: in turn, idle or logged in.
  static awaitable<Lease> lend(std::shared_ptr<State> state, Lane lane, Clock::time_point began,
                               Clock::time_point patience, std::stop_token stop);
  static Lease leased(std::shared_ptr<State> state, Lane lane);  // of a slot that is taken
  // `limit`: of the whole log-in, not of one reply.
  static awaitable<std::shared_ptr<Session>> log_in(std::shared_ptr<State> state, Clock::time_point limit,
                                                    std::stop_token stop);
  void nobody_there(const ConnectionLost& why, Clock::duration took);
  static awaitable<void> reconnect(std::shared_ptr<State> state);
  void stand_by();
  void open_another();
  static awaitable<void> log_in_ahead(std::shared_ptr<State> state, Lease lease);

  std::size_t wanted() const noexcept;
  std::size_t limit() const noexcept;
  std::size_t in_use() const noexcept { return taken[0] + taken[1] + quitting; }
  std::size_t open() const noexcept { return in_use() + idle.size(); }
  bool may_take(Lane lane) const noexcept;
  // And not broken: others are logged in. `asked`: when the log-in began.
  bool may_be_full(const Error& why, Clock::time_point asked) const noexcept;
  void server_is_full(const Error& why);
  void was_not_full() noexcept;
  void limit_work(const Lease& lease) const;
  void refused(const NotAdmitted& why);
  void check_refusal() const;

  List<Waiter>& queue(Lane lane) noexcept { return queues[static_cast<std::size_t>(lane)]; }
  std::size_t& count(Lane lane) noexcept { return taken[static_cast<std::size_t>(lane)]; }
  std::size_t waiting() const noexcept { return queues[0].size() + queues[1].size(); }
  void serve() noexcept;
  void ask_to_yield() noexcept;

  std::shared_ptr<SessionContext> context;
  std::vector<Idle> idle;              // in the order of their last use
  std::array<std::size_t, 2> taken{};  // by lane: leased or being opened
  std::size_t quitting = 0;
  std::array<List<Waiter>, 2> queues;  // by lane
  unsigned metadata_in_a_row = 0;      // served while a transfer waited
  List<Lease::State> leases;
  std::size_t yielding = 0;                      // asked, not yet back
  std::optional<Clock::time_point> last_answer;  // a session came back alive
  std::size_t learned_limit = 0;
  bool guessed = false;  // the limit: the server has not said so
  Clock::time_point learned_until;
  std::string turned_away;             // the server's words, until it lets somebody in again
  std::optional<NotAdmitted> refusal;  // of our credentials
  Clock::time_point refused_until;
  Clock::duration refusal_lasts{};  // for so long the last one counted; 0: none since a log-in that worked
  Circuit circuit;
  bool reconnecting = false;
  std::size_t opening = 0;                // by open_another()
  Clock::time_point none_to_spare_until;  // one that nobody waited for could not be had
  bool closed = false;
  Deadline reaper;
  Deadline pulse;  // with FtpConfig::keepalive: NOOP is due
  Deadline yield_timer;
  Deadline limit_timer;  // the learned limit is forgotten
};

}  // namespace ftpfs::ftp
