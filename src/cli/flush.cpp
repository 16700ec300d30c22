// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/enquiry.hpp>
#include <ftpfs/cli/flush.hpp>
#include <ftpfs/cli/locate.hpp>
#include <ftpfs/cli/mount_status.hpp>
#include <ftpfs/cli/progress.hpp>
#include <ftpfs/fuse/question.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using Time = std::chrono::steady_clock;

// Before an unmount: how long nothing may move, at first and later. The daemon itself has a limit of its own
// for what is left then.
constexpr std::chrono::seconds patience_at_first{3};
constexpr std::chrono::seconds patience_later{10};

// Looks at how it comes on while the daemon sends.
class Sending {
 public:
  explicit Sending(const std::string& mountpoint)
      : work_(mountpoint), watch_(mountpoint), progress_(mountpoint) {
    look();
    work_.ask("flush");
  }

  std::optional<std::string> report() { return work_.answer(); }

  void look() {
    watch_.ask("progress");
    const Pending now = parse_pending(watch_.wait());
    if (now.moved != last_.moved || now.files < last_.files) {
      moved_at_ = Time::now();
      if (looked_) moves_ = true;
    }
    last_ = now;
    looked_ = true;
    progress_.show(now);
  }

  bool stands_still() const {
    return Time::now() - moved_at_ > (moves_ ? patience_later : patience_at_first);
  }

 private:
  fuse::Conversation work_;
  fuse::Conversation watch_;
  Progress progress_;
  Pending last_;
  Time::time_point moved_at_ = Time::now();
  bool looked_ = false;
  bool moves_ = false;
};

template <class Until>
std::optional<std::string> send(const std::string& mountpoint, Until give_up) {
  constexpr milliseconds longest{200};
  Sending sending(mountpoint);
  for (milliseconds pause{2}; !give_up(sending); pause = std::min(2 * pause, longest)) {
    if (auto report = sending.report()) return report;
    std::this_thread::sleep_for(pause);
    sending.look();
  }
  return std::nullopt;
}

void tell(const std::string& mountpoint, const json& report) {
  for (const std::string& line : unsent_lines(mountpoint, report)) fmt::print(stderr, "ftpfs: {}\n", line);
}

ExitStatus flush_one(const std::string& mountpoint, const Settings& settings) {
  ask_in_time(mountpoint, "progress");  // or says why it cannot be asked
  try {
    const std::string report = *send(mountpoint, [](const Sending&) { return false; });
    if (settings.json) fmt::print("{}", report);
    const json parsed = parse_answer(report);
    tell(mountpoint, parsed);
    const json& failed = at(parsed, "failed");
    return failed.is_array() && failed.empty() ? ExitStatus::success : ExitStatus::mount_failed;
  } catch (const Error& error) {
    throw Failure(ExitStatus::mount_failed, error.what(), {}, error.code());
  }
}

}  // namespace

ExitStatus flush(const Settings& settings) {
  if (!settings.source.empty()) return flush_one(locate_or_refuse(settings.source).mountpoint, settings);
  ExitStatus worst = ExitStatus::success;
  for (const fuse::MountEntry& mount : ftpfs_mounts()) {
    try {
      worst = std::max(worst, flush_one(mount.mountpoint, settings));
    } catch (const Failure& failure) {
      worst = std::max(worst, passed_over(failure));
    }
  }
  return worst;
}

void flush_before_unmount(const std::string& mountpoint) {
  try {
    send(mountpoint, [](const Sending& sending) { return sending.stands_still(); });
  } catch (const std::exception&) {  // an older daemon, or somebody else's: it sends all the same
  }
}

}  // namespace ftpfs::cli
