// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <ftpfs/cli/answer.hpp>
#include <ftpfs/cli/enquiry.hpp>
#include <ftpfs/cli/locate.hpp>
#include <ftpfs/cli/mount_status.hpp>
#include <ftpfs/cli/status.hpp>

namespace ftpfs::cli {
namespace {

using nlohmann::json;

void print(std::string_view text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

std::string shown(const std::string& answer, bool is_file, const Settings& settings) {
  if (settings.json) return settings.watch ? parse_answer(answer).dump() + "\n" : answer;
  const Paint paint(STDOUT_FILENO);
  const json parsed = parse_answer(answer);
  return is_file ? file_text(parsed, paint) : status_text(parsed, paint);
}

ExitStatus of_one(const std::string& path, const Settings& settings) {
  const Located where = locate_or_refuse(path);
  const bool is_file = where.below != "/";
  const std::string question = is_file ? "status " + where.below : "status";
  print(shown(ask_in_time(where.mountpoint, question), is_file, settings));
  return ExitStatus::success;
}

// Each is told about, and why it cannot be where that is so.
ExitStatus of_all(const Settings& settings) {
  ExitStatus worst = ExitStatus::success;
  json all = json::array();
  std::string text;
  for (const fuse::MountEntry& mount : ftpfs_mounts()) {
    try {
      const std::string answer = ask_in_time(mount.mountpoint, "status");
      all.push_back(parse_answer(answer));
      if (!settings.json) text += (text.empty() ? "" : "\n") + shown(answer, false, settings);
    } catch (const Failure& failure) {
      all.push_back({{"mountpoint", mount.mountpoint}, {"source", mount.source}, {"error", failure.what()}});
      worst = std::max(worst, passed_over(failure));
    }
  }
  if (settings.json)
    print(all.dump(settings.watch ? -1 : 2, ' ', false, json::error_handler_t::replace) + "\n");
  else
    print(all.empty() ? "no ftpfs is mounted here\n" : text);
  return worst;
}

ExitStatus look(const Settings& settings) {
  return settings.source.empty() ? of_all(settings) : of_one(settings.source, settings);
}

}  // namespace

// Until Ctrl-C, or until the mount has gone.
ExitStatus status(const Settings& settings) {
  if (!settings.watch) return look(settings);
  const bool redraws = !settings.json && ::isatty(STDOUT_FILENO) != 0;
  for (bool first = true;; first = false) {
    if (redraws) print("\x1b[H\x1b[J");
    if (!redraws && !settings.json && !first) print("\n");
    try {
      look(settings);
    } catch (const Failure&) {
      if (first || locate(settings.source)) throw;
      return ExitStatus::success;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

ExitStatus stats(const Settings& settings) {
  const Located where = locate_or_refuse(settings.source);
  const std::string answer = ask_in_time(where.mountpoint, "stats");
  print(settings.json ? answer : stats_text(parse_answer(answer)));
  return ExitStatus::success;
}

}  // namespace ftpfs::cli
