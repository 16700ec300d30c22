// SPDX-License-Identifier: MIT
// One mount, from log-in to unmount. Owns the loop and every object on it, in the order in which they are
// built. Start: log in, list the root (as far as Settings want that first), mount, tell that it is ready;
// whatever fails, nothing is left mounted.
// End: by umount or by a signal; either way what is dirty is sent first or, past the limit, kept in the spool
// by name.
#pragma once

#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/cli/answers.hpp>
#include <ftpfs/cli/daemon.hpp>
#include <ftpfs/cli/network.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/ftp/ftp_remote.hpp>
#include <ftpfs/ftp/late_remote.hpp>
#include <ftpfs/fuse/channel.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::cli {

class App {
 public:
  // Throws Error when the spool cannot be used.
  App(const Settings& settings, Logger logger);

  // Serves the mount until it is gone. Reports on `readiness` exactly once.
  ExitStatus run(Readiness& readiness);

 private:
  awaitable<void> serve();
  awaitable<void> start();
  static awaitable<void> tell_if_it_takes_long(App* self, std::stop_token stop);
  std::string what_is_waited_for() const;
  awaitable<void> look_at_root(std::stop_token stop);
  void mount();
  awaitable<void> save();
  awaitable<void> save_and_unmount();
  awaitable<void> watch_signals();
  void on_termination();
  void toggle_debug();
  void log_counters();
  bool tear_down();
  ExitStatus conclude(const std::exception_ptr& failure);
  ExitStatus report(ExitStatus status, const std::string& line);

  const std::string host_;
  const bool list_first_;
  const bool may_speak_;  // to somebody who waits for the start
  const spdlog::level::level_enum log_level_;
  Logger logger_;
  asio::io_context io_{1};
  Network network_;
  SystemClock clock_;
  asio::signal_set signals_;
  std::optional<ftp::FtpRemote> remote_;
  std::optional<ftp::LateRemote> late_remote_;  // where the mount is there first
  std::optional<vfs::Vfs> vfs_;
  std::optional<fuse::Channel> channel_;
  std::optional<Answers> answers_;

  Readiness* readiness_ = nullptr;
  bool mounted_ = false;
  bool done_ = false;          // nothing is served any more
  std::stop_source starting_;  // fired by the first SIGINT or SIGTERM
  bool saving_ = false;
  std::optional<std::vector<std::string>> unsaved_;  // known once everything was saved that could be
  WaitList saved_;
};

}  // namespace ftpfs::cli
