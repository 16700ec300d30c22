// SPDX-License-Identifier: MIT
// What all sessions of one mount share. Held by shared_ptr: background work (a drain, a QUIT) may outlive the
// FtpRemote that started it by a few steps of the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <unordered_set>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/rate_meter.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/ftp/bandwidth.hpp>
#include <ftpfs/ftp/config.hpp>
#include <ftpfs/ftp/late_commands.hpp>
#include <ftpfs/ftp/late_uploads.hpp>
#include <ftpfs/ftp/profile.hpp>
#include <ftpfs/ftp/status.hpp>
#include <ftpfs/net/connector.hpp>

namespace ftpfs::ftp {

// Do transfers follow one another? Then the next one is worth preparing for.
class Rhythm {
 public:
  void beat(Clock::time_point now) noexcept {  // a transfer begins
    again_ = follows(now);
    last_ = now;
  }
  bool fast(Clock::time_point now) const noexcept { return again_ && follows(now); }

 private:
  static constexpr std::chrono::seconds pause{2};
  bool follows(Clock::time_point now) const noexcept { return last_ && now - *last_ < pause; }

  std::optional<Clock::time_point> last_;
  bool again_ = false;
};

// What went over the line so far.
struct Traffic {
  explicit Traffic(const Clock& clock) : received(clock), sent(clock) {}

  RateMeter received;  // bytes on data connections
  RateMeter sent;
  std::uint64_t commands = 0;
  std::uint64_t lost = 0;  // control connections that ended by themselves
};

struct SessionContext {
  SessionContext(Executor run_on, net::Connector& network, Clock& time, Logger log, FtpConfig settings)
      : executor(run_on),
        connector(network),
        clock(time),
        logger(log),
        config(std::move(settings)),
        up(config.upload_rate),
        down(config.download_rate),
        late(config.settle_time),
        late_uploads(time),
        traffic(time),
        tasks(std::move(run_on), std::move(log)) {
    profile.clock = ServerClock(config.server_zone);
    if (config.workarounds.no_replacing) profile.replacing = Support::no;
    if (config.workarounds.list_by_walking) profile.mlsd_paths = false;
  }

  Executor executor;
  net::Connector& connector;
  Clock& clock;
  Logger logger;
  FtpConfig config;
  Bandwidth up;
  Bandwidth down;
  LateCommands late;
  LateUploads late_uploads;
  ServerProfile profile;
  Rhythm rhythm;
  Traffic traffic;
  std::optional<TlsInUse> tls_in_use;  // of the last log-in
  TaskSet tasks;                       // drains of aborted transfers, QUITs, deadlines
  unsigned sessions = 0;               // opened so far; numbers them in the log
  // What is left to chance: names of our own on the server, lengths of pauses. Any of 64 bits; tests decide
  // it.
  std::function<std::uint64_t()> random = std::mt19937_64{std::random_device{}()};
  std::unordered_set<std::string> probes;  // names that listings leave out; see src/ftp/own_names.hpp

  // Whether a round trip takes far_from or more; nullopt: nobody has measured one.
  std::optional<bool> is_far() const noexcept {
    if (!profile.round_trip) return std::nullopt;
    return *profile.round_trip >= config.far_from;
  }

  // Made at the first call. Throws what TlsContext throws.
  const std::shared_ptr<const net::TlsContext>& tls() {
    if (!tls_) tls_ = std::make_shared<const net::TlsContext>(config.tls_policy);
    return tls_;
  }

 private:
  std::shared_ptr<const net::TlsContext> tls_;
};

// Calls `expired` once when the time set last has come. One sleeping task serves many deadlines: moving a
// deadline forward costs an assignment, so a command need not start a task of its own. Must be used on the
// loop.
class Deadline {
 public:
  Deadline(SessionContext& context, std::function<void()> expired);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(Clock::time_point when);
  void set_in(Clock::duration delay);
  void clear() noexcept;
  void cancel() noexcept;  // clear(), and the sleeping task ends now: for the end of its owner

 private:
  struct State;
  static awaitable<void> watch(std::shared_ptr<State> state, std::stop_token stop);

  SessionContext& context_;
  std::shared_ptr<State> state_;
};

}  // namespace ftpfs::ftp
