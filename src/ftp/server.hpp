// SPDX-License-Identifier: MIT
// The server as the operations see it: sessions on demand, paths as it spells them, and the two ways to live
// through a connection that dies. Shared with operations that go on in the background.
#pragma once

#include <cerrno>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <ftpfs/ftp/pool.hpp>
#include <ftpfs/proto/name_codec.hpp>
#include <ftpfs/remote/types.hpp>

#include "settle.hpp"

namespace ftpfs::ftp {

// Of file names as the server writes them, by the user's word, else by its own; empty: unknown.
std::string charset_of(const FtpConfig& config, const ServerProfile& profile);

struct Server {
  explicit Server(std::shared_ptr<SessionContext> shared) : context(shared), pool(std::move(shared)) {}

  // After the first log-in: the character set of names, and where the mount's root is (FtpConfig::directory
  // and PWD). Throws Error(EINVAL) for character sets that cannot be.
  void find_root();
  // As the server spells it. Local names end here: all else in this layer is bytes of the server.
  std::string path(const Path& below_root) const;      // throws Error(ENOENT): nothing there has such a name
  std::string new_path(const Path& below_root) const;  // throws Error(EILSEQ): nothing there could have it
  std::vector<Entry> local(std::vector<Entry> entries) const;

  std::shared_ptr<SessionContext> context;
  SessionPool pool;
  proto::NameCodec names;
  std::string root;  // no trailing '/': empty for the server's own root

 private:
  std::string encoded(const Path& below_root, int code) const;
};
using ServerPtr = std::shared_ptr<Server>;

// For operations without effects: `work(Lease&)` runs on a session; if that dies, once more on a fresh one.
// The pool has its own way with log-ins: an acquire() that fails has failed.
template <class T, class Work>
awaitable<T> retrying(ServerPtr server, Lane lane, Work work, std::stop_token stop) {
  const SessionContext& context = *server->context;
  const Clock::time_point deadline = context.clock.now() + context.config.queue_timeout;
  for (bool again = false;;) {
    Lease lease = co_await server->pool.acquire(lane, stop);
    std::optional<Error> full;
    try {
      awaitable<T> attempt = work(lease);
      co_return co_await std::move(attempt);
    } catch (const ConnectionLost&) {
      if (again) throw;
    } catch (const Error& error) {
      if (error.code() != EUSERS) throw;
      full = error;
    }
    if (full) {
      co_await server->pool.wait_for_room(std::move(lease), *full, deadline, stop);
      continue;
    }
    again = true;
    lease.release();
    server->pool.drop_idle();
  }
}

// For commands with an effect: when the session dies under `work(Lease&)`, the reply is lost and the command
// may have been carried out. `took_effect(Lease&)` looks on a fresh session; only if it says no, `work` runs
// a second time.
template <class Work, class Look>
awaitable<void> looking_after(ServerPtr server, Work work, Look took_effect, std::stop_token stop) {
  for (bool again = false;; again = true) {
    {
      Lease lease = co_await server->pool.acquire(Lane::metadata, stop);
      try {
        co_await settle(lease.session(), stop);
        awaitable<void> attempt = work(lease);
        co_await std::move(attempt);
        co_return;
      } catch (const ConnectionLost&) {
        if (again) throw;
      }
    }
    server->pool.drop_idle();
    Lease lease = co_await server->pool.acquire(Lane::metadata, stop);
    co_await settle(lease.session(), stop);
    awaitable<bool> look = took_effect(lease);
    const bool done = co_await std::move(look);
    if (done) co_return;
  }
}

// Runs `work` to its end whatever happens to the caller: a stop ends only the wait. For changes on the
// server, which must not be left half done.
awaitable<void> to_the_end(ServerPtr server, awaitable<void> work, std::stop_token stop);

}  // namespace ftpfs::ftp
