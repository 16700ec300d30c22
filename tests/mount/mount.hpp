// SPDX-License-Identifier: MIT
// The program under test, mounting a server for one test. It runs in the foreground as a child, so that its
// exit status and its log are seen; the mount goes with the object, gently if it can be.
//
// With FTPFS_TEST_LOCAL set, the server's directory itself appears at the mountpoint instead: that proves the
// bodies, for what holds on a local file system must hold on ours.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mount/process.hpp"
#include "mount/server.hpp"

namespace ftpfs::test {

bool local_mode();

// Whether something is mounted there. Looks at the mount table, never at the file system, so it cannot hang.
bool is_mounted(const std::filesystem::path& mountpoint);

// Runs ftpfs to its end: for starts that must fail, and for those that go to the background. What it says has
// no secret in it.
Outcome run_ftpfs(const std::vector<std::string>& arguments,
                  const std::map<std::string, std::string>& environment);

class Mount {
 public:
  // Files below `directory`: mountpoint, spool, log. Returns when the mount is there.
  Mount(const RealServer& server, const std::filesystem::path& directory, const std::string& options = "");
  ~Mount();  // also looks for secrets in all that it logged

  const std::filesystem::path& path() const noexcept { return mountpoint_; }
  const std::filesystem::path& spool() const noexcept { return spool_; }
  Process& process() { return *process_; }
  std::string log() const;
  // The lines of the log that say somebody lost something, we had to recover, or a sanitizer found a fault.
  std::vector<std::string> complaints() const;
  // Open descriptors of the daemon. Sockets are left out: spare sessions stay open for a while, and may.
  std::size_t open_files() const;
  std::size_t open_sockets() const;

  // kill -9, and the dead mount out of the way.
  void kill();
  // umount(8), as a user would; then the program's exit status.
  std::optional<int> unmount();

 private:
  std::size_t count_descriptors(bool sockets) const;
  void start(const RealServer& server, const std::string& options);
  void await_mount();

  std::filesystem::path mountpoint_;
  std::filesystem::path spool_;
  std::filesystem::path log_;
  std::optional<Process> process_;
};

}  // namespace ftpfs::test
