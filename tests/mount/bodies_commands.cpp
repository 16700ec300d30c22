// SPDX-License-Identifier: MIT
// The commands about a running mount, on real servers: what they tell is what the server has.
#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

class Commands : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (!IsSkipped() && local_mode()) GTEST_SKIP() << "about the program itself";
  }
  std::string ftpfs(const std::string& arguments) { return sh(FTPFS_PROGRAM " " + arguments); }
};

TEST_P(Commands, FlushReturnsWhenTheServerHasIt) {
  start_server();
  mount("writeback=1000");
  sh("for i in 1 2 3 4 5 6 7 8; do head -c ${i}00000 /dev/urandom > file$i; done; mkdir dir; echo x > dir/y");
  EXPECT_EQ(sh("ls $ROOT"), "dir\n");
  ftpfs("flush .");
  EXPECT_EQ(sh("for i in 1 2 3 4 5 6 7 8; do cmp file$i $ROOT/file$i; done; cat $ROOT/dir/y"), "x\n");
  EXPECT_NE(ftpfs("status .").find("To be sent  nothing\n"), std::string::npos);
}

TEST_P(Commands, TheUrlOfAFileIsWhereItLies) {
  start_server();
  mount();
  sh("mkdir 'my dir'; echo 'you found it' > 'my dir/a%b#c?'");
  if (!has("curl")) GTEST_SKIP() << "no curl";
  const std::string url =
      sh(FTPFS_PROGRAM " status --json 'my dir/a%b#c?' | sed -n 's/.*\"url\": \"\\(.*\\)\",*/\\1/p'");
  EXPECT_EQ(sh("curl -sS --user " + std::string(test_user) + ":" + std::string(test_password) + " '" +
               url.substr(0, url.find('\n')) + "'"),
            "you found it\n");
}

FTPFS_ON_ALL_SERVERS(Commands);

}  // namespace
}  // namespace ftpfs::test
