// SPDX-License-Identifier: MIT
// vsftpd shows directories in two ways, by LIST and in the reply to STAT. Which one must not matter.
#include <sys/stat.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Listing : public MountTest {
 protected:
  // Names, kinds, sizes, times and targets of all below a directory.
  std::string all_of(const std::string& name) {
    return sh("find '" + name + "' -mindepth 1 -printf '%P %y %m %s %Ts %l\\0' | sort -z | base64 -w0");
  }
  bool was_asked(const std::string& command) {
    return mounted().log().find(" > " + command) != std::string::npos;
  }

  void expect_same_by_list(const std::string& name) {
    mount();
    const std::string seen = all_of(name);
    EXPECT_TRUE(was_asked("STAT -a"));
    EXPECT_FALSE(was_asked("LIST"));
    mount("list=list");
    EXPECT_EQ(all_of(name), seen);
    EXPECT_TRUE(was_asked("LIST -a"));
    EXPECT_FALSE(was_asked("STAT"));
  }
};

TEST_P(Listing, ByStatusIsThatByList) {
  if (local_mode()) GTEST_SKIP() << "no server, no listing";
  start_server();
  fs::create_directories(root("odd/ blank/\xE4/deep"));
  for (const std::string name : {"plain", "  lead", "tail ", "back\\slash", "a -> b", "\xFF\xFE\xE9",
                                 "213 End of status", "a\rb", "-a", ".dot", "a\nb", "b\n213 End of status",
                                 "c\n213 End of status\r\n350 Restart position accepted (0).",
                                 "d\r\n213 End of status\r\n200 ok\r\n213 12345",
                                 "e\n-rw-r--r--    1 1        1               7 Nov 29 10:00 ghost",
                                 "\xFF\n213 End of status\r\n350 Restart position accepted (1).\r\n"})
    write_file(root("odd") / name, name);
  fs::create_symlink("plain", root("odd/link"));
  fs::create_symlink("../nowhere", root("odd/dangling"));
  fs::create_directories(root("odd/empty"));
  server().adopt();
  expect_same_by_list("odd");
  EXPECT_EQ(sh("ls -A odd/empty | wc -l"), "0\n");
  EXPECT_EQ(sh("cat odd/plain"), "plain");
}

TEST_P(Listing, ByStatusOfTenThousand) {
  if (local_mode()) GTEST_SKIP() << "no server, no listing";
  start_server();
  fs::create_directory(root("many"));
  for (int i = 0; i < 10'000; ++i) write_file(root("many/a file with a name " + std::to_string(i)), "");
  server().adopt();
  mount();
  EXPECT_EQ(sh("ls -f many | grep -c file"), "10000\n");
  EXPECT_TRUE(was_asked("STAT -a"));
  EXPECT_FALSE(was_asked("LIST"));
}

TEST_P(Listing, ByStatusHasTheTimesOfList) {
  if (local_mode()) GTEST_SKIP() << "no server, no listing";
  if (!fs::exists("/usr/share/zoneinfo/America/New_York")) GTEST_SKIP() << "no tz database here";
  start_server({.zone = "America/New_York", .config = {"use_localtime=YES"}});
  fs::create_directory(root("odd"));
  write_file(root("odd/new"), "1");
  write_file(root("odd/old"), "2");
  server().adopt();
  sh("touch -d '2026-07-01 12:34' $ROOT/odd/old");
  expect_same_by_list("odd");
}

// It may be entered all the same.
TEST_P(Listing, WhatMayNotBeReadIsNotEmpty) {
  if (local_mode()) GTEST_SKIP() << "root may read everything";
  start_server();
  fs::create_directory(root("closed"));
  write_file(root("closed/file"), "content");
  server().adopt();
  ASSERT_EQ(::chmod(root("closed").c_str(), 0311), 0);
  mount();
  EXPECT_NE(try_sh("ls closed").output.find("Permission denied"), std::string::npos);
  EXPECT_EQ(sh("cat closed/file"), "content");
}

TEST_P(Listing, WhereTheServerForbidsItListIsAsked) {
  if (local_mode()) GTEST_SKIP() << "no server, no listing";
  for (const std::string denied : {"STAT", "REST"}) {
    start_server({.config = {"cmds_denied=" + denied}});
    fs::create_directories(root("d"));
    write_file(root("d/file"), "content");
    server().adopt();
    mount();
    EXPECT_EQ(sh("ls d; cat d/file; echo more >> d/file; cat d/file"), "file\ncontentcontentmore\n");
    EXPECT_TRUE(was_asked("LIST -a"));
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, Listing, testing::Values(ServerKind::vsftpd), test_name);

}  // namespace
}  // namespace ftpfs::test
