// SPDX-License-Identifier: MIT
// What every body of the mount tests starts from: a server of the kind under test, ftpfs mounting it, and a
// shell that stands in the mount. Afterwards the fixture checks what every body must leave behind: an exit
// status of 0, a log without complaints, as many open files as before, nothing mounted.
//
// In shell commands: $ROOT is the directory the server serves, $MNT the same through ftpfs (also the current
// directory), $TMP a local scratch directory.
#pragma once

#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "mount/mount.hpp"
#include "mount/process.hpp"
#include "mount/sandbox.hpp"
#include "mount/server.hpp"

namespace ftpfs::test {

class MountFixture : public testing::Test {
 protected:
  virtual ServerKind kind() const = 0;
  void SetUp() override;
  void TearDown() override;

  // Starts server and mount. A body that needs nothing special just uses them.
  void start_server(ServerOptions options = {});
  void mount(const std::string& options = "");
  void remount();  // ends the mount as a user would, and mounts again: nothing comes from a cache

  void kill_daemon() { mounted().kill(); }  // -9; mount() next

  RealServer& server();
  Mount& mounted();
  std::filesystem::path mnt(const std::string& name = "") { return mounted().path() / name; }
  std::filesystem::path root(const std::string& name = "") { return server().root() / name; }
  std::filesystem::path tmp(const std::string& name = "") const { return scratch_->path() / "tmp" / name; }

  // Whether the daemon has as many files open as right after mounting.
  bool at_rest();

  // A command that must succeed; returns what it printed.
  std::string sh(const std::string& command);
  // A command that may fail.
  Outcome try_sh(const std::string& command);
  // The same, side by side with the test.
  Process start_sh(const std::string& command, const std::filesystem::path& output = {});
  // Stops the test, with a word, when a program it needs is not installed.
  static bool has(const std::string& program);

  bool is(ServerKind other) const { return kind() == other; }
  // The body breaks something on purpose: the log may complain about that.
  void expect_complaints() { complaints_expected_ = true; }
  // The body ends the mount itself.
  void expect_unmounted() { unmounted_by_body_ = true; }

 private:
  std::map<std::string, std::string> environment();

  std::optional<Scratch> scratch_;
  std::optional<RealServer> server_;
  std::optional<Mount> mount_;
  std::string mount_options_;
  std::size_t files_before_ = 0;
  bool complaints_expected_ = false;
  bool unmounted_by_body_ = false;
};

class MountTest : public MountFixture, public testing::WithParamInterface<ServerKind> {
 protected:
  ServerKind kind() const override { return GetParam(); }
};

std::string test_name(const testing::TestParamInfo<ServerKind>& kind);

// The errno a system call left, 0 when it succeeded.
inline int error_of(long result) {
  return result < 0 ? errno : 0;
}

}  // namespace ftpfs::test

// Each suite runs on all four servers; test names end in the server's, so that `ctest -R vsftpd` picks one.
#define FTPFS_ON_ALL_SERVERS(Suite)                                                                        \
  INSTANTIATE_TEST_SUITE_P(Servers, Suite,                                                                 \
                           testing::Values(ServerKind::vsftpd, ServerKind::proftpd, ServerKind::pure_ftpd, \
                                           ServerKind::pyftpdlib),                                         \
                           test_name)
