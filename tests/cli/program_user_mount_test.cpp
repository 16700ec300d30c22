// SPDX-License-Identifier: MIT
// A line of fstab with `user`: somebody who is not root mounts and unmounts, with fusermount3 behind it.
#include <sys/sysmacros.h>

#include "cli/installed.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class UserMount : public InstalledTest {
 protected:
  void SetUp() override {
    InstalledTest::SetUp();
    if (IsSkipped()) return;
    const ::passwd* user = ::getpwnam("daemon");
    if (user == nullptr || !fs::exists("/usr/bin/setpriv") || !fs::exists("/usr/bin/fusermount3"))
      GTEST_SKIP() << "no user daemon, no setpriv, or no fusermount3";
    if (!fs::exists("/etc/fstab")) GTEST_SKIP() << "no /etc/fstab that could be covered";
    served_->with([](FakeServer& server) { server.tree().file("/hello", "world"); });
    fs::create_directory(scratch("spool"));
    fs::permissions(scratch("spool"), fs::perms::owner_all);
    for (const fs::path& theirs : {mountpoint(), scratch("spool"), scratch("cred")})
      ASSERT_EQ(::chown(theirs.c_str(), user->pw_uid, user->pw_gid), 0);
    uid_ = user->pw_uid;
    ASSERT_EQ(::mknod(scratch("fuse").c_str(), S_IFCHR, makedev(10, 229)), 0);  // as udev would make it
    ASSERT_EQ(::chmod(scratch("fuse").c_str(), 0666), 0);
    ASSERT_EQ(::mount(scratch("fuse").c_str(), "/dev/fuse", nullptr, MS_BIND, nullptr), 0);
    covered_device_ = true;
  }
  void TearDown() override {
    if (covered_) ::umount2("/etc/fstab", MNT_DETACH);
    if (covered_device_) ::umount2("/dev/fuse", MNT_DETACH);
    InstalledTest::TearDown();
  }

  void cover_fstab(const std::string& text) {
    ASSERT_EQ(::mount(fstab(text).c_str(), "/etc/fstab", nullptr, MS_BIND, nullptr), 0);
    covered_ = true;
  }
  Outcome as_user(std::vector<std::string> command, const std::string& user = "daemon") const {
    command.insert(command.begin(),
                   {"--reuid=" + user, "--regid=" + user, "--clear-groups", "/usr/bin/env", "-i"});
    return bare("/usr/bin/setpriv", command);
  }

  uid_t uid_ = 0;
  bool covered_ = false;
  bool covered_device_ = false;
};

TEST_F(UserMount, MountsAndUnmountsWithoutRoot) {
  cover_fstab(line("ftpfs", "noauto,user,exec"));
  const Outcome mounted_by_user = as_user({"/bin/mount", mountpoint()});
  EXPECT_EQ(mounted_by_user.status, 0) << mounted_by_user.output;
  EXPECT_EQ(mounted_by_user.output, "");
  ASSERT_TRUE(mounted());
  EXPECT_TRUE(has_option("user_id=" + std::to_string(uid_)));
  EXPECT_TRUE(has_option("nosuid"));
  EXPECT_EQ(as_user({"/bin/cat", mountpoint() / "hello"}).output, "world");
  EXPECT_EQ(as_user({"/bin/sh", "-c", "echo made > " + (mountpoint() / "new").string()}).status, 0);
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.tree().content("/new"); }), "made\n");
  const Outcome unmounted = as_user({"/bin/umount", mountpoint()});
  EXPECT_EQ(unmounted.status, 0) << unmounted.output;
  EXPECT_FALSE(mounted());
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.open_sessions(); }), 0u);
}

TEST_F(UserMount, IsUnmountedByFusermount) {
  cover_fstab(line("fuse.ftpfs", "noauto,user"));
  ASSERT_EQ(as_user({"/bin/mount", mountpoint()}).status, 0);
  EXPECT_EQ(as_user({"/usr/bin/fusermount3", "-u", mountpoint()}).status, 0);
  EXPECT_TRUE(eventually([&] { return !mounted(); }));
}

TEST_F(UserMount, IsNotUnmountedBySomebodyElse) {
  if (::getpwnam("games") == nullptr) GTEST_SKIP() << "no user games";
  cover_fstab(line("ftpfs", "noauto,user"));
  ASSERT_EQ(as_user({"/bin/mount", mountpoint()}).status, 0);
  EXPECT_NE(as_user({"/bin/umount", mountpoint()}, "games").status, 0);
  EXPECT_TRUE(mounted());
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// Not even root may look into it, and is told so at once.
// fusermount3 says it to the terminal and nothing to us.
TEST_F(UserMount, ARefusalOfFusermountIsToldWhole) {
  cover_fstab(line("ftpfs", "noauto,user"));
  std::ofstream(scratch("fuse.conf")) << "mount_max = 0\n";
  if (!fs::exists("/etc/fuse.conf")) GTEST_SKIP() << "no /etc/fuse.conf that could be covered";
  ASSERT_EQ(::mount(scratch("fuse.conf").c_str(), "/etc/fuse.conf", nullptr, MS_BIND, nullptr), 0);
  const Outcome refused = as_user({"/bin/mount", mountpoint()});
  ::umount2("/etc/fuse.conf", MNT_DETACH);
  EXPECT_NE(refused.status, 0);
  EXPECT_NE(refused.output.find("too many FUSE filesystems"), std::string::npos) << refused.output;
  EXPECT_NE(refused.output.find(": fusermount3 refuses, for the reason above\n"), std::string::npos)
      << refused.output;
  EXPECT_FALSE(mounted());
}

TEST_F(UserMount, IsListedForOthersAsFarAsItCanBeSeen) {
  cover_fstab(line("ftpfs", "noauto,user"));
  const int before = run({FTPFS_PROGRAM, "status"}).status;  // of what else may be mounted on this machine
  const int flushed_before = run({FTPFS_PROGRAM, "flush"}).status;
  ASSERT_EQ(as_user({"/bin/mount", mountpoint()}).status, 0);
  EXPECT_EQ(run({FTPFS_PROGRAM, "flush"}).status, flushed_before);
  EXPECT_EQ(run({FTPFS_PROGRAM, "flush", mountpoint()}).status, 1);
  const Outcome all = run({FTPFS_PROGRAM, "status"});
  EXPECT_EQ(all.status, before) << "what somebody else has mounted is no failure";
  EXPECT_NE(all.output.find(mountpoint().string()), std::string::npos) << all.output;
  const std::string others = run({FTPFS_PROGRAM, "list"}).output;
  const std::string own = as_user({FTPFS_PROGRAM, "list"}).output;
  EXPECT_NE(others.find("  daemon  not yours\n"), std::string::npos) << others;
  EXPECT_NE(own.find("  daemon  alive\n"), std::string::npos) << own;
  EXPECT_EQ(run({FTPFS_PROGRAM, "status", mountpoint()}).status, 1);
  EXPECT_EQ(as_user({FTPFS_PROGRAM, "status", mountpoint()}).status, 0);
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// Without allow_other a mount is its user's alone, whatever the modes of its files say.
TEST_F(UserMount, IsNotShownToSomebodyElse) {
  if (::getpwnam("games") == nullptr) GTEST_SKIP() << "no user games";
  cover_fstab(line("ftpfs", "noauto,user"));
  ASSERT_EQ(as_user({"/bin/mount", mountpoint()}).status, 0);
  EXPECT_EQ(as_user({"/bin/cat", mountpoint() / "hello"}).output, "world");
  const Outcome other = as_user({"/bin/cat", mountpoint() / "hello"}, "games");
  EXPECT_NE(other.status, 0);
  EXPECT_NE(other.output.find("Permission denied"), std::string::npos) << other.output;
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// What is not dumpable belongs to root in /proc: no debugger of the user's other programs gets at the
// password.
TEST_F(UserMount, TheMemoryOfTheDaemonIsNotForOtherProgramsOfTheUser) {
  std::vector<std::string> command{
      "/usr/bin/setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", scratch("ftpfs"), "-f", "-o",
      options(),          source(),         mountpoint()};
  Process process({command, "/", {}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); })) << read_file(scratch("log"));
  const std::string own = "/proc/" + std::to_string(process.pid());
  struct ::stat memory {};
  EXPECT_EQ(::stat((own + "/mem").c_str(), &memory), 0);
  EXPECT_EQ(memory.st_uid, 0u);
  EXPECT_NE(as_user({"/bin/cat", own + "/environ"}).status, 0);
  EXPECT_EQ(as_user({"/usr/bin/fusermount3", "-u", mountpoint()}).status, 0);
  EXPECT_EQ(process.wait(), 0);
}

TEST_F(UserMount, CredentialsOfRootAreNotReadable) {
  ASSERT_EQ(::chown(scratch("cred").c_str(), 0, 0), 0);
  cover_fstab(line("ftpfs", "noauto,user"));
  const Outcome outcome = as_user({"/bin/mount", mountpoint()});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "ftpfs: " + scratch("cred").string() + ": Permission denied\n");
}

}  // namespace
}  // namespace ftpfs::test
