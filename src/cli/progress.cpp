// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/amounts.hpp>
#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/progress.hpp>

namespace ftpfs::cli {
namespace {

std::size_t terminal_width() {
  ::winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Pending parse_pending(const std::string& text) {
  const nlohmann::json told = parse_answer(text);
  Pending now;
  now.files = number(told, "files");
  now.bytes = number(told, "bytes");
  now.sent = number(told, "sent");
  now.moved = number(told, "moved");
  now.per_second = static_cast<double>(number(told, "per_second"));
  if (at(told, "seconds_left").is_number()) now.seconds_left = number(told, "seconds_left");
  return now;
}

std::string progress_line(const Pending& now, std::uint64_t most_left, std::size_t width) {
  constexpr std::size_t bar = 20;
  const std::uint64_t left = now.left();
  const double done =
      most_left == 0 ? 0
                     : 1 - static_cast<double>(std::min(left, most_left)) / static_cast<double>(most_left);
  std::string line =
      fmt::format("[{:.<{}}] {:>3.0f} %  {}, {} left", std::string(static_cast<std::size_t>(done * bar), '#'),
                  bar, 100 * done, count_text(now.files, "file", "files"), bytes_text(left));
  if (now.per_second >= 1) line += ", " + rate_text(now.per_second);
  if (now.seconds_left) line += ", " + seconds_text(*now.seconds_left);
  return line.substr(0, width);
}

Progress::Progress(std::string mountpoint)
    : mountpoint_(std::move(mountpoint)), terminal_(::isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (shown_ && terminal_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::show(const Pending& now) {
  if (now.files == 0 && !shown_) return;
  most_left_ = std::max(most_left_, now.left());
  if (terminal_) {
    fmt::print(stderr, "\r{}\x1b[K", progress_line(now, most_left_, terminal_width() - 1));
    std::fflush(stderr);
  } else if (!shown_) {
    fmt::print(stderr, "ftpfs: {}: {} ({} bytes) to be sent, waiting\n", escaped(mountpoint_),
               count_text(now.files, "file", "files"), now.bytes);
  }
  shown_ = true;
}

}  // namespace ftpfs::cli
