// SPDX-License-Identifier: MIT
// Tests of what is left when the program dies or its mount is taken from it, and of what the next start makes
// of that.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cli/mounted.hpp"

namespace ftpfs::test {

class CrashedTest : public MountedTest {
 protected:
  void kill() {
    kill_daemon();
    ::umount2(mountpoint().c_str(), MNT_DETACH);
  }

  std::vector<std::filesystem::path> in_spool(std::string_view beginning) const {
    std::vector<std::filesystem::path> found;
    std::error_code gone;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch("spool"), gone))
      if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path());
    return found;
  }
  bool recovered() const {
    return eventually([this] { return in_spool(".record-").empty(); });
  }
  void expect_clean_end() {
    EXPECT_EQ(unmount().status, 0);
    EXPECT_EQ(process_->wait(), 0) << log();
  }
};

}  // namespace ftpfs::test
