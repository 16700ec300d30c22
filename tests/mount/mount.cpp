// SPDX-License-Identifier: MIT
#include "mount/mount.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "support/secrets.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

// Field 5 of each line of mountinfo. Our paths hold no blank, which would be written as \040 there.
bool listed(std::istream& table, const std::string& mountpoint) {
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string skipped, where;
    for (int i = 0; i < 4; ++i) fields >> skipped;
    if (fields >> where && where == mountpoint) return true;
  }
  return false;
}

const std::map<std::string, std::string>& password_in_environment() {
  static const std::map<std::string, std::string> environment{{"FTPFS_PASSWORD", std::string(test_password)}};
  return environment;
}

}  // namespace

bool local_mode() {
  return std::getenv("FTPFS_TEST_LOCAL") != nullptr;
}

bool is_mounted(const fs::path& mountpoint) {
  std::ifstream table("/proc/self/mountinfo");
  return listed(table, mountpoint);
}

Outcome run_ftpfs(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment) {
  const UniqueFd output{::memfd_create("output", MFD_CLOEXEC)};
  const fs::path path = "/proc/self/fd/" + std::to_string(output.get());
  Spawn spawn{{FTPFS_PROGRAM}, "/", environment, path};
  spawn.command.insert(spawn.command.end(), arguments.begin(), arguments.end());
  Process process(spawn);
  const std::optional<int> status = process.wait();
  const Outcome outcome{status.value_or(124), read_file(path)};
  EXPECT_EQ(line_that_tells(outcome.output), "");
  return outcome;
}

Mount::Mount(const RealServer& server, const fs::path& directory, const std::string& options)
    : mountpoint_(directory / "mnt"), spool_(directory / "spool"), log_(directory / "log") {
  fs::create_directories(mountpoint_);
  write_file(log_, "");
  if (local_mode()) {
    if (::mount(server.root().c_str(), mountpoint_.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      throw std::runtime_error("bind mount");
    }
    return;
  }
  start(server, options);
  await_mount();
}

Mount::~Mount() {
  if (is_mounted(mountpoint_)) unmount();
  ::umount2(mountpoint_.c_str(), MNT_DETACH);
  process_.reset();
  EXPECT_EQ(line_of_file_that_tells(log_), "");
}

void Mount::start(const RealServer& server, const std::string& options) {
  const std::string all =
      "spool_dir=" + spool_.string() + ",log_level=debug" + (options.empty() ? "" : "," + options);
  Spawn spawn{
      {FTPFS_PROGRAM, "-f", "-o", all, server.url(), mountpoint_}, "/", password_in_environment(), log_};
  process_.emplace(spawn);
}

// The mount table tells its readers of each change.
void Mount::await_mount() {
  const UniqueFd table{::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)};
  const UniqueFd end{::dup(process_->descriptor())};
  while (!is_mounted(mountpoint_)) {
    std::array<pollfd, 2> events{pollfd{table.get(), POLLPRI, 0}, pollfd{end.get(), POLLIN, 0}};
    const bool news = ::poll(events.data(), events.size(), static_cast<int>(patience.count())) > 0;
    if (!news || events[1].revents != 0) throw std::runtime_error("ftpfs did not mount: " + log());
  }
}

std::string Mount::log() const {
  return read_file(log_);
}

std::vector<std::string> Mount::complaints() const {
  static constexpr std::array<std::string_view, 5> marks{" warning: ", " error: ", " critical: ", "Sanitizer",
                                                         "runtime error"};
  std::vector<std::string> result;
  std::istringstream lines(log());
  for (std::string line; std::getline(lines, line);) {
    const auto marked = [&](std::string_view mark) { return line.find(mark) != std::string::npos; };
    if (std::ranges::any_of(marks, marked)) result.push_back(line);
  }
  return result;
}

std::size_t Mount::count_descriptors(bool sockets) const {
  if (!process_) return 0;
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(process_->pid()) + "/fd")) {
    std::error_code gone;  // closed between the listing and now
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (!gone && target.starts_with("socket:") == sockets) ++count;
  }
  return count;
}

std::size_t Mount::open_files() const {
  return count_descriptors(false);
}
std::size_t Mount::open_sockets() const {
  return count_descriptors(true);
}

void Mount::kill() {
  process_->signal(SIGKILL);
  process_->wait();
  ::umount2(mountpoint_.c_str(), MNT_DETACH);
}

std::optional<int> Mount::unmount() {
  const Outcome outcome = shell("umount " + mountpoint_.string(), "/", {});
  if (outcome.status != 0) return std::nullopt;
  return process_ ? process_->wait() : 0;
}

}  // namespace ftpfs::test
