// SPDX-License-Identifier: MIT
#include "mount/fixture.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <utility>

#include "support/secrets.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

// The end of a log: what a failed test needs to be understood.
std::string tail(const std::string& text) {
  constexpr std::size_t enough = 8000;
  return text.size() <= enough ? text : "...\n" + text.substr(text.find('\n', text.size() - enough) + 1);
}

}  // namespace

std::string test_name(const testing::TestParamInfo<ServerKind>& kind) {
  std::string name(name_of(kind.param));
  std::erase(name, '-');
  return name;
}

void MountFixture::SetUp() {
  const std::optional<std::string> obstacle = enter_sandbox();
  if (obstacle) GTEST_SKIP() << "no mount tests here: " << *obstacle;
  const std::optional<std::string> missing = why_missing(kind());
  if (missing) GTEST_SKIP() << *missing;
  scratch_.emplace();
  fs::create_directory(tmp());
}

void MountFixture::TearDown() {
  if (!mount_) return;
  if (!unmounted_by_body_) {
    EXPECT_TRUE(at_rest()) << "descriptors left open: " << mount_->open_files() << ", before the body "
                           << files_before_;
    EXPECT_EQ(mount_->unmount(), 0) << "exit status after umount";
  }
  EXPECT_FALSE(is_mounted(mount_->path())) << "still mounted";
  if (!complaints_expected_) {
    EXPECT_EQ(mount_->complaints(), std::vector<std::string>{});
  }
  if (HasFailure()) {
    std::cout << "--- the end of ftpfs' log\n" << tail(mount_->log());
    std::cout << "--- the end of the server's output\n" << tail(server_->log());
  }
}

void MountFixture::start_server(ServerOptions options) {
  server_.emplace(kind(), scratch_->path(), std::move(options));
}

void MountFixture::mount(const std::string& options) {
  mount_options_ = options;
  mount_.emplace(server(), scratch_->path(), options);
  files_before_ = mount_->open_files();
}

void MountFixture::remount() {
  EXPECT_EQ(mounted().unmount(), 0) << "exit status after umount";
  if (!complaints_expected_) {
    EXPECT_EQ(mount_->complaints(), std::vector<std::string>{});
  }
  mount(std::string(mount_options_));
}

bool MountFixture::at_rest() {
  return eventually([this] { return mount_->open_files() <= files_before_; });
}

RealServer& MountFixture::server() {
  if (!server_) start_server();
  return *server_;
}

Mount& MountFixture::mounted() {
  if (!mount_) mount();
  return *mount_;
}

std::map<std::string, std::string> MountFixture::environment() {
  return {{"MNT", mnt()}, {"ROOT", root()}, {"TMP", tmp()}, {"LC_ALL", "C.UTF-8"}};
}

Outcome MountFixture::try_sh(const std::string& command) {
  const bool is_long = std::getenv("FTPFS_LONG") != nullptr;
  constexpr std::chrono::minutes hang{3};  // and no measure of speed: the machine may be busy
  const Outcome outcome = shell(command, mnt(), environment(), is_long ? std::chrono::hours(1) : hang);
  EXPECT_EQ(line_that_tells(outcome.output), "") << "$ " << command;
  return outcome;
}

std::string MountFixture::sh(const std::string& command) {
  const Outcome outcome = try_sh(command);
  EXPECT_EQ(outcome.status, 0) << "$ " << command << "\n" << outcome.output;
  return outcome.output;
}

Process MountFixture::start_sh(const std::string& command, const fs::path& output) {
  return Process({{"/bin/sh", "-c", command}, mnt(), environment(), output});
}

bool MountFixture::has(const std::string& program) {
  return shell("command -v " + program, "/", {}).status == 0;
}

}  // namespace ftpfs::test
