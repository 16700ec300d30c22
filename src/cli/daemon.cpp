// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/cli/daemon.hpp>
#include <ftpfs/cli/notify.hpp>

namespace ftpfs::cli {
namespace {

[[noreturn]] void give_up(std::string_view what) {
  throw Failure(ExitStatus::system, fmt::format("{}: {}", what, ::strerror(errno)), {}, errno);
}

void connect_to_null(int fd) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (null) ::dup2(null.get(), fd);
}

void print_line(std::string_view line) {
  fmt::print(stderr, "{}\n", line);
}

std::string read_report(int fd) {
  std::string report;
  char chunk[1024];
  for (;;) {
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return report;
    report.append(chunk, static_cast<std::size_t>(got));
  }
}

// The child went without a word.
ExitStatus explain_death(::pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  print_line(WIFSIGNALED(status)
                 ? fmt::format("ftpfs: the daemon was ended by signal {} ({}) before the mount was there",
                               WTERMSIG(status), ::strsignal(WTERMSIG(status)))
                 : fmt::format("ftpfs: the daemon ended with status {} before the mount was there",
                               WEXITSTATUS(status)));
  return ExitStatus::mount_failed;
}

ExitStatus wait_for_report(::pid_t child, UniqueFd pipe) {
  const std::string report = read_report(pipe.get());
  if (report.empty()) return explain_death(child);
  if (report.size() > 1) print_line(std::string_view(report).substr(1));
  return ExitStatus{report.front()};
}

}  // namespace

Readiness::Readiness(UniqueFd parent) noexcept : parent_(std::move(parent)) {}

void Readiness::ready() {
  if (!parent_) return notify_service("READY=1\nSTATUS=Mounted");
  ::prctl(PR_SET_PDEATHSIG, 0);
  ::setsid();  // not before: automount(8) knows its own by their process group, and would mount for us anew
  connect_to_null(STDERR_FILENO);
  tell_parent(ExitStatus::success, {});
}

void Readiness::notice(std::string_view line) {
  print_line(line);
}

void Readiness::failed(ExitStatus status, std::string_view line) {
  if (parent_) {
    tell_parent(status, line);
  } else {
    print_line(line);
  }
}

// One write, shorter than PIPE_BUF: the parent gets all of it or nothing.
void Readiness::tell_parent(ExitStatus status, std::string_view line) noexcept {
  std::array<char, 2048> message{static_cast<char>(status)};
  const std::size_t length =
      1 + line.substr(0, message.size() - 1).copy(message.data() + 1, message.size() - 1);
  while (::write(parent_.get(), message.data(), length) < 0 && errno == EINTR) {
  }
  parent_.reset();
}

ExitStatus run_in_background(const Work& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) give_up("pipe");
  UniqueFd for_reading(ends[0]);
  UniqueFd for_writing(ends[1]);
  std::fflush(nullptr);
  const ::pid_t parent = ::getpid();
  const ::pid_t child = ::fork();
  if (child < 0) give_up("fork");
  if (child > 0) {
    for_writing.reset();
    return wait_for_report(child, std::move(for_reading));
  }
  for_reading.reset();
  // Until the mount is there it belongs to the command: who kills that (timeout(1), Ctrl-C) wants no mount
  // any more.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) return ExitStatus::interrupted;  // too late for the line above
  connect_to_null(STDIN_FILENO);
  connect_to_null(STDOUT_FILENO);
  if (::chdir("/") != 0) give_up("chdir /");
  Readiness readiness(std::move(for_writing));
  return work(readiness);
}

}  // namespace ftpfs::cli
