// SPDX-License-Identifier: MIT
// The server as the operations see it: sessions on demand, paths as it spells them, and the two ways to live
// through a connection that dies. Shared with operations that go on in the background.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <ftpfs/ftp/pool.hpp>
#include <ftpfs/proto/name_codec.hpp>
#include <ftpfs/remote/types.hpp>

#include "persistence.hpp"
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

// For operations without effects: `work(Lease&)` runs on a session; if that dies, again on a fresh one, as
// often as Persistence says. The pool has its own way with log-ins: an acquire() that fails has failed.
template <class T, class Work>
awaitable<T> retrying(ServerPtr server, Lane lane, Work work, std::stop_token stop) {
  const SessionContext& context = *server->context;
  Clock::time_point began = context.clock.now();
  const Clock::time_point deadline = began + context.config.queue_timeout;
  Persistence persistence(*server->context);
  for (;;) {
    Lease lease = co_await server->pool.acquire(lane, stop, began);
    std::optional<Error> full;
    try {
      awaitable<T> attempt = work(lease);
      co_return co_await std::move(attempt);
    } catch (const ConnectionLost& lost) {
      if (lost.may_be_late || !persistence.goes_on()) throw;
    } catch (const Error& error) {
      if (error.code() != EUSERS) throw;
      full = error;
    }
    if (full) {
      co_await server->pool.wait_for_room(std::move(lease), *full, deadline, stop);
      continue;
    }
    lease.release();
    server->pool.drop_idle();
    co_await persistence.pause(stop);
    began = std::max(began, context.clock.now() - context.config.timeout);  // before that, something moved
  }
}

template <class Look>
awaitable<bool> look_when_settled(Lease& lease, Look took_effect, std::stop_token stop) {
  co_await settle(lease.session(), stop);
  awaitable<bool> look = took_effect(lease);
  co_return co_await std::move(look);
}

// For commands with an effect: when the session dies under `work(Lease&)`, the reply is lost and the command
// may have been carried out. `took_effect(Lease&)` looks on a fresh session; only if it says no, `work` runs
// again, unless `wanted` has fired: it stops what has not begun, `stop` everything.
template <class Work, class Look>
awaitable<void> looking_after(ServerPtr server, Work work, Look took_effect, std::stop_token wanted,
                              std::stop_token stop) {
  const Clock::time_point began = server->context->clock.now();
  Persistence persistence(*server->context);
  for (;;) {
    {
      Lease lease = co_await server->pool.acquire(Lane::metadata, wanted, began);
      try {
        co_await settle(lease.session(), stop);
        awaitable<void> attempt = work(lease);
        co_await std::move(attempt);
        co_return;
      } catch (const ConnectionLost&) {
        if (!persistence.goes_on()) throw;
      }
    }
    server->pool.drop_idle();
    co_await persistence.pause(stop);
    const auto look = [took_effect, stop](Lease& lease) {
      return look_when_settled(lease, took_effect, stop);
    };
    const bool done = co_await retrying<bool>(server, Lane::metadata, look, stop);
    if (done) co_return;
    if (wanted.stop_requested()) throw Cancelled();
  }
}

// A change on the server: `work(server, wanted)` runs to its end whatever happens to the caller, for it must
// not be left half done. A stop ends the caller's wait, and `wanted` says so to what has not begun yet.
using Change = std::function<awaitable<void>(ServerPtr server, std::stop_token wanted)>;
awaitable<void> to_the_end(ServerPtr server, Change work, std::stop_token stop);

}  // namespace ftpfs::ftp
