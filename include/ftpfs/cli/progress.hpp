// SPDX-License-Identifier: MIT
// How far sending has come, on standard error: a bar on a terminal, elsewhere a line at the beginning and
// nothing more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ftpfs::cli {

// As the daemon tells it (progress_json).
struct Pending {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of these altogether
  std::uint64_t sent = 0;   // of that
  std::uint64_t moved = 0;  // since the mount began: grows whenever anything does
  double per_second = 0;
  std::optional<std::uint64_t> seconds_left = std::nullopt;

  std::uint64_t left() const noexcept { return bytes > sent ? bytes - sent : 0; }
};
Pending parse_pending(const std::string& json);

// "[#####.....]  50 %  2 files, 12.0 MiB left, 1.0 MiB/s, 12 s", no longer than `width`.
std::string progress_line(const Pending& now, std::uint64_t most_left, std::size_t width);

class Progress {
 public:
  explicit Progress(std::string mountpoint);
  ~Progress();  // takes the bar away
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const Pending& now);

 private:
  std::string mountpoint_;
  bool terminal_;
  bool shown_ = false;
  std::uint64_t most_left_ = 0;
};

}  // namespace ftpfs::cli
