// SPDX-License-Identifier: MIT
// The control sessions of one mount: opened on demand up to max_conns, reused (the last used first), closed
// with QUIT after idle_timeout. Without a max_conns there are 4 at most, and 8 where the server is far away:
// there small files wait for the line alone (vsftpd needs three round trips for each transfer), and only more
// sessions make more of them in a second; those beyond the fourth are closed after 10 s without work. What
// must hold:
// - metadata never queues behind transfers while a slot is free: with more than one slot, transfers leave one
// alone;
// - what is in the lane of metadata is over soon: listings, small files;
// - while transfers follow one another on a server that does one thing at a time, one more session stands by;
// - first come, first served within a lane; a wait ends after queue_timeout with Error(ETIMEDOUT);
// - a server that takes fewer connections than max_conns lowers the limit for a while (it says so, or turns
// another one away while some are open); nobody fails because of that;
// - where a log-in has worked before, one that the line cuts off is repeated, once;
// - a server that does not answer is found out once: from then on (outage()) who would have to wait for the
// same fails at once, or waits until the server is back (FtpConfig::retry_for), and a task in the background
// tries to log in; the first that succeeds ends it;
// - one slot is enough: whoever waits may have the session of a lease that is able to yield;
// - an operation holds one lease at a time (a second acquire() while holding one could wait for itself).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include <ftpfs/ftp/outage.hpp>
#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

enum class Lane { metadata, bulk };  // bulk: a transfer of file contents, however long it takes

// How a holder gives its session back when somebody waits for one.
struct Yielder {
  // From when on may the session be taken? In the past: now (the longest idle goes first); max(): not for
  // now.
  std::function<Clock::time_point()> from;
  // Give it back soon. Called at most once, on the loop; must not wait.
  std::function<void()> yield;
};

class SessionPool;

// A session on loan. Destroyed with a reusable session: back to the pool; else the session is dropped.
class Lease {
 public:
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  Session& operator*() const noexcept;
  Session* operator->() const noexcept { return &**this; }
  const std::shared_ptr<Session>& session() const noexcept;

  void offer(Yielder yielder);  // from now on the pool may ask
  void keep() noexcept;         // no longer
  void reconsider() noexcept;   // Yielder::from() has changed; cheap when nobody waits
  void release() noexcept;

 private:
  friend class SessionPool;
  struct State;
  explicit Lease(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

class SessionPool {
 public:
  explicit SessionPool(std::shared_ptr<SessionContext> context);
  ~SessionPool();  // aborts every session
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  // Throws Error(ETIMEDOUT) when none was free in queue_timeout; what Session::open throws; ConnectionLost
  // while the server is away; Error(ESHUTDOWN) after close(). `since`: when the call began that needs it: all
  // its attempts have queue_timeout, or retry_for, together. Refused credentials are remembered: for 30 s no
  // further log-in is tried, then for 2 min, and so on up to an hour (account lock-outs, fail2ban).
  awaitable<Lease> acquire(Lane lane, std::stop_token stop, std::optional<Clock::time_point> since = {});
  // The server would not have a data connection beside so many others (Error(EUSERS)): learns that as from a
  // log-in that is turned away. Takes the lease; returns when it is worth to acquire() again, throws
  // Error(ETIMEDOUT) when that is not before `deadline`.
  awaitable<void> wait_for_room(Lease lease, Error why, Clock::time_point deadline, std::stop_token stop);
  bool has_slot(Lane lane) const noexcept;  // acquire() would not queue
  // Slots that nobody has or waits for. With one slot in all: none, for whoever comes next needs it.
  std::size_t spare() const noexcept;
  // Logs in, in the background, until so many sessions are idle; one slot stays free.
  void expect(std::size_t operations);
  // After a session died: drops the idle ones, for what killed it (restart, time-out, NAT) has likely killed
  // them too.
  void drop_idle() noexcept;
  // QUITs what is idle (1 s at most), aborts what is leased, refuses further acquire().
  awaitable<void> close();
  void abort() noexcept;  // the same at once, without a word to the server

  std::size_t open_sessions() const noexcept;            // idle, leased and being opened
  const std::optional<Outage>& outage() const noexcept;  // while the server is away
  std::size_t limit() const noexcept;  // as many as are wanted, or what the server was seen to allow
  SessionCounts counts() const noexcept;
  // The server's words about our credentials, as long as no further log-in is tried because of them.
  std::optional<std::string> refusal() const;
  // The same about the number of connections, as long as somebody waits because of them.
  std::optional<std::string> turned_away() const;

 private:
  friend class Lease;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ftpfs::ftp
