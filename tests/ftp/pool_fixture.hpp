// SPDX-License-Identifier: MIT
// A SessionPool and a fake server; acquire() that ends at once and acquire() that waits.
#pragma once

#include <algorithm>
#include <cerrno>
#include <list>
#include <memory>
#include <optional>

#include <gmock/gmock.h>

#include <ftpfs/ftp/pool.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {

using ftp::Lane;
using ftp::Lease;
using ftp::SessionPool;

class PoolTest : public RemoteFixture {
 protected:
  ~PoolTest() override {
    waits_.clear();
    pool_.reset();
    settle(io_);
  }

  void make_pool(std::optional<std::size_t> max_conns) {
    ftp::FtpConfig settings = config();
    settings.max_conns = max_conns;
    settings.far_from = far_from_;
    settings.queue_timeout = queue_timeout_;
    settings.greeting_timeout = greeting_timeout_;
    settings.keepalive = keepalive_;
    context_ = std::make_shared<ftp::SessionContext>(
        io_.get_executor(), connector_, clock_, make_logger(LogSink::none, spdlog::level::off), settings);
    pool_ = std::make_unique<SessionPool>(context_);
  }

  Lease acquire(Lane lane = Lane::metadata) { return std::move(*run(io_, take(*pool_, lane, {}))); }

  // An acquire() under way.
  struct Wait {
    std::unique_ptr<Lease> lease;
    std::optional<int> failed;
    std::stop_source stop;
    bool done() const { return lease || failed; }
  };
  Wait& start(Lane lane, std::optional<Clock::time_point> since = {}) {
    const auto wait = waits_.emplace_back(std::make_shared<Wait>());
    asio::co_spawn(io_, take(*pool_, lane, wait->stop.get_token(), since),
                   [wait](std::exception_ptr error, std::unique_ptr<Lease> lease) {
                     wait->lease = std::move(lease);
                     try {
                       if (error) std::rethrow_exception(error);
                     } catch (const Error& failure) {
                       wait->failed = failure.code();
                     }
                   });
    settle(io_);
    return *wait;
  }
  void finish(const Wait& wait) {
    run_until(io_, [&] { return wait.done(); });
  }

  std::size_t count(std::string_view command) const {
    return static_cast<std::size_t>(std::ranges::count(server_.commands(), command));
  }
  std::size_t logins() const { return count("PASS secret"); }

  std::chrono::milliseconds queue_timeout_ = config().queue_timeout;
  std::chrono::milliseconds greeting_timeout_ = config().greeting_timeout;
  std::chrono::milliseconds keepalive_{0};
  std::chrono::microseconds far_from_ = std::chrono::hours(1);
  std::shared_ptr<ftp::SessionContext> context_;
  std::unique_ptr<SessionPool> pool_;
  std::list<std::shared_ptr<Wait>> waits_;  // shared with the acquire() that may outlive the test

 private:
  // co_spawn() wants results that can be default-constructed.
  static awaitable<std::unique_ptr<Lease>> take(SessionPool& pool, Lane lane, std::stop_token stop,
                                                std::optional<Clock::time_point> since = {}) {
    Lease lease = co_await pool.acquire(lane, stop, since);
    co_return std::make_unique<Lease>(std::move(lease));
  }
};

}  // namespace ftpfs::test
