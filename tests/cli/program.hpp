// SPDX-License-Identifier: MIT
// Tests that run the program itself. Each has a mount namespace, a network and a scratch directory of its
// own.
#pragma once

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <ftpfs/fuse/mount_table.hpp>

#include "cli/on_terminal.hpp"
#include "cli/served.hpp"
#include "mount/process.hpp"
#include "mount/sandbox.hpp"
#include "support/secrets.hpp"

namespace ftpfs::test {

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = enter_sandbox()) GTEST_SKIP() << *obstacle;
    scratch_.emplace();
    std::filesystem::create_directory(mountpoint());
  }

  // Whatever a test is about: nothing that the program wrote (its logs, what each command said, what was seen
  // on a terminal, its spool) has a password in it.
  void TearDown() override {
    if (!scratch_) return;
    EXPECT_EQ(files_that_tell(scratch_->path(), with_secrets_), std::vector<std::string>{});
  }

  std::filesystem::path scratch(const std::string& name) const { return scratch_->path() / name; }
  std::filesystem::path mountpoint() const { return scratch("mnt"); }
  // Where the test itself hands a secret over: nobody else can read it.
  std::string file_with_secret(const std::string& name, const std::string& text) {
    write_file(scratch(name), text);
    std::filesystem::permissions(scratch(name), std::filesystem::perms(0600));
    with_secrets_.insert(scratch(name));
    return scratch(name).string();
  }
  bool mounted() const { return fuse::topmost_mount(mountpoint().string()).has_value(); }

  // A file of one line. By a program that takes no offence when the daemon takes files away meanwhile.
  bool is_spooled(const std::string& line) const {
    return shell("grep -rqsxF -- '" + line + "' spool", scratch(""), {}).status == 0;
  }

  // The command line of a start with a spool and a short time-out.
  std::vector<std::string> command(const std::string& source, const std::string& options = "") const {
    const std::string all =
        "spool_dir=" + scratch("spool").string() + ",timeout=1" + (options.empty() ? "" : "," + options);
    return {FTPFS_PROGRAM, "-o", all, source, mountpoint()};
  }
  // The same in the foreground, which logs everything that the search for secrets is to see.
  std::vector<std::string> foreground(const std::string& source, const std::string& options = "") const {
    auto arguments = command(source, "log_level=debug" + (options.empty() ? "" : "," + options));
    arguments.emplace_back("-f");
    return arguments;
  }
  // What a log says at the level that users have.
  static std::string complaints_of(const std::string& log) {
    std::istringstream lines(log);
    std::string complaints;
    for (std::string line; std::getline(lines, line);) {
      const auto has = [&](const char* level) { return line.find(level) != line.npos; };
      if (!has(" debug: ") && !has(" info: ")) complaints += line + "\n";
    }
    return complaints;
  }

  Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const {
    const std::filesystem::path output = scratch("output-" + std::to_string(++runs_));
    Process process({std::move(arguments), "/", std::move(environment), output});
    const std::optional<int> status = process.wait();
    return {status.value_or(124), read_file(output)};
  }
  OnTerminal on_terminal(std::vector<std::string> arguments) const {
    return OnTerminal(std::move(arguments), scratch("terminal"));
  }

  // Starts in the background, as joe unless `password` is wrong.
  Outcome start(const std::string& source, const std::string& options = "",
                const std::string& password = "secret") const {
    return run(command(source, options), {{"FTPFS_PASSWORD", password}});
  }

  Outcome unmount() const { return run({"/bin/umount", mountpoint()}); }

  // One line, and nothing on the mountpoint.
  void expect_refusal(const Outcome& outcome, int status) const {
    EXPECT_EQ(outcome.status, status) << outcome.output;
    EXPECT_EQ(std::ranges::count(outcome.output, '\n'), 1) << outcome.output;
    EXPECT_TRUE(outcome.output.starts_with("ftpfs: ")) << outcome.output;
    EXPECT_FALSE(mounted());
    EXPECT_TRUE(std::filesystem::is_empty(mountpoint()));
  }

 private:
  std::optional<Scratch> scratch_;
  std::set<std::filesystem::path> with_secrets_;
  mutable int runs_ = 0;
};

}  // namespace ftpfs::test
