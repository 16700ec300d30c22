// SPDX-License-Identifier: MIT
#include <cstdio>
#include <exception>
#include <optional>

#include <fmt/format.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/check.hpp>
#include <ftpfs/cli/network.hpp>
#include <ftpfs/ftp/ftp_remote.hpp>

namespace ftpfs::cli {
namespace {

// How long sessions that were given up may take to be tidied up.
constexpr std::chrono::seconds quit_limit{5};

awaitable<ftp::ServerReport> look_over(ftp::FtpRemote& remote, bool may_write, std::stop_token stop) {
  co_await remote.connect(stop);
  ftp::ServerReport report = co_await remote.examine(may_write, stop);
  co_await remote.close();
  co_return report;
}

}  // namespace

ExitStatus check(const Settings& settings) {
  asio::io_context io{1};
  Network network(settings.route, settings.tunnel);
  SystemClock clock;
  std::stop_source interrupted;
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) interrupted.request_stop();
  });
  std::optional<ftp::FtpRemote> remote(std::in_place, io.get_executor(), network.connector(), clock,
                                       make_logger(LogSink::standard_error, settings.log_level),
                                       settings.ftp);
  std::optional<ftp::ServerReport> report;
  std::exception_ptr failure;
  asio::co_spawn(io, look_over(*remote, !settings.vfs.read_only, interrupted.get_token()),
                 [&](std::exception_ptr thrown, ftp::ServerReport found) {
                   failure = thrown;
                   if (!thrown) report = std::move(found);
                   signals.cancel();
                   remote.reset();
                 });
  while (!report && !failure) io.run_one();
  io.run_for(quit_limit);
  if (report) {
    fmt::print("{}", settings.json ? report_json(*report) : report_text(*report));
    return ExitStatus::success;
  }
  try {
    std::rethrow_exception(failure);
  } catch (const Cancelled& error) {
    throw Failure(ExitStatus::interrupted, "interrupted", {}, error.code());
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", failure_line(settings.ftp.host, error));
    return ExitStatus::mount_failed;
  }
}

}  // namespace ftpfs::cli
