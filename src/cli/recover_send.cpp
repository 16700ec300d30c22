// SPDX-License-Identifier: MIT
// A mount without a mountpoint: log in, take over what is left, send it, end.
#include <cstdio>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/network.hpp>
#include <ftpfs/cli/recover.hpp>
#include <ftpfs/cli/spool.hpp>
#include <ftpfs/ftp/ftp_remote.hpp>
#include <ftpfs/vfs/spool.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::cli {
namespace {

// What was interrupted stays in the spool; what is on its way may end, and sessions be tidied up.
constexpr std::chrono::seconds end_limit{5};

struct Outcome {
  bool done = false;
  std::exception_ptr failure;
  vfs::SendReport report;
  std::uint64_t saved = 0;
};

awaitable<void> send(ftp::FtpRemote& remote, vfs::Vfs& files, Clock& clock, Outcome& outcome,
                     std::stop_token stop) {
  std::exception_ptr failure;
  try {
    co_await remote.connect(stop);
    co_await files.recover(stop);
    outcome.report = co_await files.send_all(stop);
    outcome.saved = files.status().uploads.saved;
  } catch (...) {
    failure = std::current_exception();
  }
  const Clock::time_point deadline = clock.now() + end_limit;
  co_await files.shutdown(deadline);
  co_await remote.close();
  if (failure) std::rethrow_exception(failure);
}

struct Left {
  std::size_t unsent = 0;
  std::size_t kept = 0;
  std::size_t in_use = 0;  // by mounts that run
};

Left what_is_left(const std::string& spool) {
  Left left;
  for (int number = 1; number <= vfs::Spool::most_folders; ++number) {
    const std::string path = number == 1 ? spool : fmt::format("{}.{}", spool, number);
    try {
      const vfs::LeftFolder folder = vfs::look_into(path, boot_id());
      for (const vfs::Leftover& file : folder.files) {
        const bool waits = file.state == vfs::Leftover::State::unsent;
        ++(folder.in_use ? left.in_use : waits ? left.unsent : left.kept);
      }
    } catch (const Error&) {  // it is not there, as nearly all of them
    }
  }
  return left;
}

ExitStatus concluded(const Settings& settings, const Outcome& outcome) {
  for (const auto& each : outcome.report.failed)
    fmt::print(stderr, "{}\n",
               failure_line(each.path, Error(each.fault.code, each.fault.what, each.fault.server_said)));
  const Left left = what_is_left(settings.vfs.spool_directory);
  fmt::print("sent: {}; left in the spool: {} to be sent, {} kept\n", outcome.saved, left.unsent, left.kept);
  if (left.in_use > 0) fmt::print("a mount that runs has {} more: ftpfs flush sends them\n", left.in_use);
  return left.unsent == 0 && outcome.report.failed.empty() ? ExitStatus::success : ExitStatus::mount_failed;
}

}  // namespace

ExitStatus send_leftovers(const Settings& settings) {
  asio::io_context io{1};
  Network network(settings.route, settings.tunnel);
  SystemClock clock;
  const Logger logger = make_logger(LogSink::standard_error, settings.log_level);
  std::stop_source interrupted;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) interrupted.request_stop();
  });
  std::optional<ftp::FtpRemote> remote(std::in_place, io.get_executor(), network.connector(), clock, logger,
                                       settings.ftp);
  std::optional<vfs::Vfs> files(std::in_place, io.get_executor(), *remote, clock, logger, settings.vfs);
  Outcome outcome;
  asio::co_spawn(io, send(*remote, *files, clock, outcome, interrupted.get_token()),
                 [&](std::exception_ptr thrown) {
                   outcome.failure = thrown;
                   outcome.done = true;
                   signals.cancel();
                 });
  while (!outcome.done) io.run_one();
  files.reset();
  remote.reset();
  io.run_for(end_limit);
  if (!outcome.failure) return concluded(settings, outcome);
  try {
    std::rethrow_exception(outcome.failure);
  } catch (const Cancelled& error) {
    throw Failure(ExitStatus::interrupted, "interrupted", {}, error.code());
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", failure_line(settings.ftp.host, error));
    return ExitStatus::mount_failed;
  }
}

}  // namespace ftpfs::cli
