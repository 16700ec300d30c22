// SPDX-License-Identifier: MIT
// `ftpfs list`: every mount that can be seen, and how it is.
#include <gmock/gmock.h>

#include "cli/mounted.hpp"

namespace ftpfs::test {
namespace {

using testing::HasSubstr;

class List : public MountedTest {
 protected:
  // Of our mount, as others may be on this machine.
  nlohmann::json entry() const {
    for (const auto& each : json({"list"})) {
      if (each["mountpoint"] == mountpoint().string()) return each;
    }
    return {{"state", "not there"}};
  }
};

TEST_F(List, TellsTheLivingFromTheDead) {
  EXPECT_EQ(entry()["state"], "not there");
  mount("writeback=1000");
  write("a", "precious");
  const auto alive = entry();
  EXPECT_EQ(alive["state"], "alive");
  EXPECT_EQ(alive["user"], "root");
  EXPECT_EQ(alive["unsent_files"], 1);
  EXPECT_THAT(ftpfs({"list"}).output, HasSubstr("alive, 1 file (8 B) to be sent\n"));
  process_->signal(SIGSTOP);
  EXPECT_EQ(entry()["state"], "not answering");
  process_->signal(SIGCONT);
  EXPECT_EQ(entry()["state"], "alive");
  kill_daemon();
  EXPECT_EQ(entry()["state"], "dead");
}

TEST_F(List, WhatWasMountedOverIsNotShown) {
  mount();
  ASSERT_EQ(::mount("none", mountpoint().c_str(), "tmpfs", 0, "size=4k"), 0);
  EXPECT_EQ(entry()["state"], "not there");
  ::umount(mountpoint().c_str());
  EXPECT_EQ(entry()["state"], "alive");
}

}  // namespace
}  // namespace ftpfs::test
