// SPDX-License-Identifier: MIT
// Tests of the commands about a mount: the program mounts a fake server, in the foreground as our child, and
// is asked by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cli/program.hpp"

namespace ftpfs::test {

class MountedTest : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!IsSkipped()) served_.emplace();
  }
  void TearDown() override {
    if (process_ && process_->running()) process_->signal(SIGCONT);
    ::umount2(mountpoint().c_str(), MNT_DETACH);
    process_.reset();  // it writes nothing more
    ProgramTest::TearDown();
  }

  // Does not wait for the mount.
  void spawn(const std::string& options = "") {
    process_.emplace(
        Spawn{foreground(served_->url(), options), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
  }
  void mount(const std::string& options = "") {
    spawn(options);
    ASSERT_TRUE(eventually([&] { return mounted() || !process_->running(); }));
    ASSERT_TRUE(mounted()) << log();
  }
  void kill_daemon() {
    process_->signal(SIGKILL);
    EXPECT_EQ(process_->wait(), 128 + SIGKILL);
  }

  Outcome ftpfs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), FTPFS_PROGRAM);
    return run(std::move(arguments));
  }
  // Of a command that must succeed.
  nlohmann::json json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const Outcome outcome = ftpfs(std::move(arguments));
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    const nlohmann::json parsed = nlohmann::json::parse(outcome.output, nullptr, false);
    EXPECT_FALSE(parsed.is_discarded()) << outcome.output;
    return parsed;
  }

  std::string log() const { return read_file(scratch("log")); }
  std::string content(const std::string& path) const {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  void put(const std::string& path, const std::string& text) const {
    served_->with([&](FakeServer& server) { server.tree().file(path, text); });
  }
  // Each time, until well_again().
  void inject(Fault fault) const {
    fault.times = 1000;
    served_->with([&](FakeServer& server) { server.inject(fault); });
  }
  void well_again() const {
    served_->with([](FakeServer& server) { server.clear_faults(); });
  }
  std::size_t fired() const {
    return served_->with([](FakeServer& server) { return server.faults_fired(); });
  }
  // close() says so, where the server takes it at once or, with writeback, this disk does.
  void write(const std::string& name, const std::string& bytes) const {
    const UniqueFd file(
        ::open((mountpoint() / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    ASSERT_TRUE(file) << log();
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ASSERT_EQ(::fsync(file.get()), 0) << log();
  }

  mutable std::optional<Served> served_;
  std::optional<Process> process_;
};

}  // namespace ftpfs::test
