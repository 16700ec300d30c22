// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/enquiry.hpp>
#include <ftpfs/fuse/question.hpp>

namespace ftpfs::cli {
namespace {

constexpr std::chrono::seconds time_to_answer{3};

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

// "+TEXT", or "-ERRNO TEXT".
std::string report_of(const std::string& mountpoint, const std::string& question) {
  try {
    fuse::Conversation daemon(mountpoint);
    daemon.ask(question);
    return "+" + daemon.wait();
  } catch (const Error& error) {
    return fmt::format("-{} {}", error.code(), error.what());
  } catch (const std::exception& error) {
    return fmt::format("-{} {}", EIO, error.what());
  }
}

Heard understood(const std::string& report) {
  if (report.empty()) return {};
  if (report.front() == '+') return {Heard::What::answer, 0, report.substr(1)};
  Heard heard{Heard::What::failure, EIO, {}};
  const char* const end = report.data() + report.size();
  const char* const text = std::from_chars(report.data() + 1, end, heard.code).ptr;
  heard.text.assign(text + (text != end), end);
  return heard;
}

}  // namespace

Enquiry::Enquiry(const std::string& mountpoint, const std::string& question) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Failure(ExitStatus::system, fmt::format("pipe: {}", ::strerror(errno)), {}, errno);
  pipe_.reset(ends[0]);
  const UniqueFd report(ends[1]);
  child_ = ::fork();
  if (child_ < 0) throw Failure(ExitStatus::system, fmt::format("fork: {}", ::strerror(errno)), {}, errno);
  if (child_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  write_all(report.get(), report_of(mountpoint, question));
  ::_exit(0);
}

Enquiry::Enquiry(Enquiry&& other) noexcept
    : child_(std::exchange(other.child_, -1)), pipe_(std::move(other.pipe_)) {}

// It dies at once, unless the kernel keeps it for a reason of its own: then init will bury it.
Enquiry::~Enquiry() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  for (int attempt = 0; attempt < 100 && ::waitpid(child_, nullptr, WNOHANG) == 0; ++attempt) ::usleep(1000);
}

Heard Enquiry::heard_by(std::chrono::steady_clock::time_point deadline) {
  std::string report;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    ::pollfd ready{pipe_.get(), POLLIN, 0};
    const int count = ::poll(&ready, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
    if (count == 0) return {};
    if (count < 0) continue;
    const ssize_t got = ::read(pipe_.get(), chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return understood(report);
    report.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

std::string ask_in_time(const std::string& mountpoint, const std::string& question) {
  Enquiry enquiry(mountpoint, question);
  Heard heard = enquiry.heard_by(std::chrono::steady_clock::now() + time_to_answer);
  if (heard.what == Heard::What::answer) return std::move(heard.text);
  if (heard.what == Heard::What::silence)
    throw Failure(ExitStatus::mount_failed,
                  fmt::format("{}: the daemon does not answer", escaped(mountpoint)), {}, ETIMEDOUT);
  const bool forbidden = heard.code == EACCES || heard.code == EPERM;
  throw Failure(forbidden ? ExitStatus::usage : ExitStatus::mount_failed, heard.text, {}, heard.code);
}

ExitStatus passed_over(const Failure& failure) {
  fmt::print(stderr, "{}\n", failure_line("", failure));
  return failure.status() == ExitStatus::usage ? ExitStatus::success : ExitStatus::mount_failed;
}

}  // namespace ftpfs::cli
