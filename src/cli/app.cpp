// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <utility>

#include <nlohmann/json.hpp>
#include <signal.h>
#include <unistd.h>

#include <ftpfs/cli/app.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/notify.hpp>

namespace ftpfs::cli {
namespace {

// How long what is dirty may take to reach the server once the mount ends: systemd kills after 90 s.
constexpr std::chrono::seconds save_limit{60};
// How long the loop may go on tidying up (QUIT, aborted transfers) when everything is saved.
constexpr std::chrono::seconds tidy_limit{5};
// The start says what it waits for when it has taken so long.
constexpr std::chrono::seconds silent_for{3};

}  // namespace

App::App(const Settings& settings, Logger logger)
    : host_(settings.ftp.host),
      list_first_(settings.list_first),
      may_speak_(::isatty(STDERR_FILENO) != 0 || settings.log_level <= spdlog::level::info),
      log_level_(settings.log_level),
      logger_(std::move(logger)),
      network_(settings.route, settings.tunnel),
      signals_(io_, SIGINT, SIGTERM, SIGHUP) {
  signals_.add(SIGUSR1);
  signals_.add(SIGUSR2);
  remote_.emplace(io_.get_executor(), network_.connector(), clock_, logger_, settings.ftp);
  if (!settings.connect_first) late_remote_.emplace(io_.get_executor(), logger_, *remote_);
  Remote& remote = late_remote_ ? static_cast<Remote&>(*late_remote_) : *remote_;
  vfs_.emplace(io_.get_executor(), remote, clock_, logger_, settings.vfs);
  channel_.emplace(io_.get_executor(), *vfs_, logger_, settings.mount);
  answers_.emplace(settings, clock_, *remote_, *vfs_, *channel_);
  channel_->answer_with([this](std::string question, std::stop_token stop) {
    return answers_->to(std::move(question), std::move(stop));
  });
}

ExitStatus App::run(Readiness& readiness) {
  readiness_ = &readiness;
  std::exception_ptr failure;
  asio::co_spawn(io_, watch_signals(), asio::detached);
  asio::co_spawn(io_, serve(), [&](std::exception_ptr thrown) {
    failure = thrown;
    done_ = true;
    signals_.cancel();
  });
  while (!done_) io_.run_one();
  const ExitStatus status = conclude(failure);
  if (tear_down()) return status;
  // Something on the loop still waits, and its frame may refer to what is gone: do not run its destructors.
  logger_->warn("left with work on the loop");
  std::_Exit(static_cast<int>(status));
}

// Destructors do not wait, they tell what still runs for them to stop; it needs the loop to do so.
bool App::tear_down() {
  channel_.reset();
  vfs_.reset();
  late_remote_.reset();
  remote_.reset();
  io_.run_for(tidy_limit);
  return io_.stopped();
}

awaitable<void> App::serve() {
  std::exception_ptr failure;
  try {
    co_await start();
    co_await channel_->run();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) channel_->unmount();
  co_await save();
  co_await remote_->close();
  if (failure) std::rethrow_exception(failure);
}

// "Mounted" means "answers": nobody is told so before the server has logged us in and shown the root, unless
// that was asked for.
awaitable<void> App::start() {
  const std::stop_token stop = starting_.get_token();
  TaskSet meanwhile(io_.get_executor(), logger_);
  if (may_speak_) meanwhile.spawn(tell_if_it_takes_long(this, meanwhile.stop_token()));
  if (!late_remote_) {
    co_await remote_->connect(stop);
    if (list_first_) co_await look_at_root(stop);
  }
  if (late_remote_) {
    vfs_->recover_later();
  } else {
    co_await vfs_->recover(stop);
  }
  mount();
  readiness_->ready();
}

// Who hears nothing believes that it hangs.
awaitable<void> App::tell_if_it_takes_long(App* self, std::stop_token stop) {
  const Clock::time_point due = self->clock_.now() + silent_for;
  co_await self->clock_.sleep_until(due, stop);
  self->readiness_->notice(self->what_is_waited_for());
}

std::string App::what_is_waited_for() const {
  const ftp::RemoteStatus now = remote_->status();
  if (now.turned_away)
    return failure_line(
        host_, Error(EUSERS, "waiting until the server takes one more connection", *now.turned_away));
  const bool logged_in = !now.root.empty();
  return failure_line(host_, Error(EAGAIN, logged_in ? "logged in, waiting for the directory"
                                                     : "waiting for the server to let us in"));
}

// It may also be shown to nobody, as with upload hosts.
awaitable<void> App::look_at_root(std::stop_token stop) {
  try {
    const vfs::DirHandle root = co_await vfs_->opendir(vfs::root_ino, stop);
    vfs_->releasedir(root);
  } catch (const Error& error) {
    if (error.code() != EACCES) throw;
    logger_->warn("the directory may not be listed: {}", error.what());
  }
}

void App::mount() {
  try {
    channel_->mount();
  } catch (const Error& error) {
    throw Failure(status_of_mount_error(error.code()), error.what(), {}, error.code());
  }
  mounted_ = true;
}

// Sends what is dirty. Asked for by a signal (still mounted), by an unmount, or by both: done once.
awaitable<void> App::save() {
  if (std::exchange(saving_, true)) {
    while (!unsaved_) co_await saved_.wait(std::stop_token());
    co_return;
  }
  if (mounted_) notify_service("STOPPING=1\nSTATUS=Sending what is not sent yet");
  std::vector<std::string> lost;
  try {
    lost = co_await vfs_->shutdown(clock_.now() + save_limit);
  } catch (const std::exception& error) {
    logger_->error("saving failed: {}", escaped(error.what()));
    lost.emplace_back("/");  // nobody knows what
  }
  unsaved_ = std::move(lost);
  saved_.wake_all();
}

awaitable<void> App::save_and_unmount() {
  co_await save();
  channel_->unmount();
}

awaitable<void> App::watch_signals() {
  for (;;) {
    boost::system::error_code error;
    const int signal = co_await signals_.async_wait(asio::redirect_error(use_awaitable, error));
    if (error || done_) co_return;  // it may have come with the end: what it is about is being taken down
    if (signal == SIGHUP) {
      reopen_log(*logger_);
      vfs_->drop_caches();
    } else if (signal == SIGUSR1) {
      log_counters();
    } else if (signal == SIGUSR2) {
      toggle_debug();
    } else {
      on_termination();
    }
  }
}

void App::on_termination() {
  // A terminal sends one to the command and to us, and the end of the command is another one.
  if (starting_.stop_requested() && readiness_->is_waited_for()) return;
  if (starting_.stop_requested()) {
    logger_->error("ended by a second signal: what was not sent yet is lost or left in the spool");
    channel_->unmount();
    std::_Exit(static_cast<int>(mounted_ ? ExitStatus::usage : ExitStatus::interrupted));
  }
  starting_.request_stop();
  if (mounted_) asio::co_spawn(io_, save_and_unmount(), asio::detached);
}

void App::toggle_debug() {
  using enum spdlog::level::level_enum;
  const auto level = logger_->level() == log_level_ ? debug : log_level_;
  logger_->set_level(level == log_level_ && log_level_ == debug ? info : level);
}

// Whoever asks for them wants to see them, whatever else is logged.
void App::log_counters() {
  const auto level = std::max(spdlog::level::info, logger_->level());
  const nlohmann::json counters = nlohmann::json::parse(answers_->stats());
  logger_->log(level, "counters: {}", counters.dump());
}

ExitStatus App::conclude(const std::exception_ptr& failure) {
  for (const std::string& path : unsaved_.value_or(std::vector<std::string>())) {
    logger_->error("not saved: {}", escaped(path));
  }
  if (!failure) return unsaved_ && !unsaved_->empty() ? ExitStatus::usage : ExitStatus::success;
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& error) {
    return report(error.status(), failure_line("", error));
  } catch (const Cancelled& error) {
    return report(ExitStatus::interrupted, failure_line(host_, Error(error.code(), "interrupted")));
  } catch (const Error& error) {
    return report(ExitStatus::mount_failed, failure_line(host_, error));
  } catch (const std::exception& error) {
    return report(ExitStatus::system, failure_line("", Error(ENOMEM, error.what())));
  }
}

ExitStatus App::report(ExitStatus status, const std::string& line) {
  if (mounted_) {
    logger_->error(line);
    return ExitStatus::system;
  }
  readiness_->failed(status, line);
  return status;
}

}  // namespace ftpfs::cli
