// SPDX-License-Identifier: MIT
// Tests that run the program itself. Each has a mount namespace, a network and a scratch directory of its
// own.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <ftpfs/fuse/mount_table.hpp>

#include "cli/served.hpp"
#include "mount/process.hpp"
#include "mount/sandbox.hpp"

namespace ftpfs::test {

class ProgramTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto obstacle = enter_sandbox()) GTEST_SKIP() << *obstacle;
    scratch_.emplace();
    std::filesystem::create_directory(mountpoint());
  }

  // Whatever a test is about: what the program said has no password in it, nor its base64.
  void TearDown() override {
    if (!scratch_) return;
    for (const char* said : {"log", "output"}) {
      const std::string text = std::filesystem::exists(scratch(said)) ? read_file(scratch(said)) : "";
      if (text.starts_with("Usage: ")) continue;  // explains where secrets come from
      for (const char* secret : {"secret", "c2VjcmV0"})
        EXPECT_EQ(text.find(secret), std::string::npos) << text;
    }
  }

  std::filesystem::path scratch(const std::string& name) const { return scratch_->path() / name; }
  std::filesystem::path mountpoint() const { return scratch("mnt"); }
  bool mounted() const { return fuse::topmost_mount(mountpoint().string()).has_value(); }

  // The command line of a start with a spool and a short time-out.
  std::vector<std::string> command(const std::string& source, const std::string& options = "") const {
    const std::string all =
        "spool_dir=" + scratch("spool").string() + ",timeout=1" + (options.empty() ? "" : "," + options);
    return {FTPFS_PROGRAM, "-o", all, source, mountpoint()};
  }

  Outcome run(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) const {
    const std::filesystem::path output = scratch("output");
    std::filesystem::remove(output);
    Process process({std::move(arguments), "/", std::move(environment), output});
    const std::optional<int> status = process.wait();
    return {status.value_or(124), read_file(output)};
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
};

}  // namespace ftpfs::test
