// SPDX-License-Identifier: MIT
// What mount(8) makes of us: types, fstab, the flags that it passes, remounting, boot without the server.
#include <fcntl.h>
#include <unistd.h>

#include "cli/installed.hpp"
#include "cli/on_terminal.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Mount8 : public InstalledTest {
 protected:
  void SetUp() override {
    InstalledTest::SetUp();
    if (!IsSkipped()) served_->with([](FakeServer& server) { server.tree().file("/hello", "world"); });
  }
  void expect_mounted(const Outcome& outcome) const {
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(outcome.output, "");
    EXPECT_TRUE(mounted());
    EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  }
};

TEST_F(Mount8, FindsUsByType) {
  for (const char* type : {"ftpfs", "fuse.ftpfs"}) {
    SCOPED_TRACE(type);
    expect_mounted(mount({"-t", type, source(), mountpoint(), "-o", options()}));
    EXPECT_EQ(mount_entry().at(2), "fuse.ftpfs");
    EXPECT_TRUE(has_option("nosuid"));
    EXPECT_TRUE(has_option("nodev"));
    EXPECT_EQ(umount({mountpoint()}).status, 0);
    EXPECT_FALSE(mounted());
  }
}

TEST_F(Mount8, ShowsTheSourceAsItWasGiven) {
  expect_mounted(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options()}));
  EXPECT_EQ(mount_entry().at(0), source());
  EXPECT_EQ(umount({source()}).status, 0);
  EXPECT_FALSE(mounted());
}

TEST_F(Mount8, ShowsNoPassword) {
  std::string secret = served_->url();
  secret.replace(secret.find('@'), 1, ":secret@");
  const std::string options =
      "log_level=debug,log_file=" + scratch("ftpfs.log").string() + ",spool_dir=" + scratch("spool").string();
  ASSERT_EQ(mount({"-t", "ftpfs", secret, mountpoint(), "-o", options}).status, 0);
  EXPECT_EQ(mount_entry().at(0), "joe@127.0.0.1:");
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  EXPECT_NE(read_file(scratch("ftpfs.log")).find("PASS"), std::string::npos);
}

TEST_F(Mount8, ReadsFstab) {
  const std::string table =
      fstab("# home\n" + line("ftpfs",
                              "rw,auto,nouser,_netdev,nofail,defaults,comment=home,x-systemd.automount,"
                              "x-systemd.idle-timeout=10min,noatime,noexec"));
  expect_mounted(mount({"-a", "-T", table}));
  EXPECT_TRUE(has_option("noexec"));
  const Outcome again = mount({"-a", "-T", table});  // there is nothing left to do
  EXPECT_EQ(again.status, 0) << again.output;
  EXPECT_EQ(again.output, "");
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  expect_mounted(mount({"--fstab", table, mountpoint()}));
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// As it stands in the fstab of people who come from curlftpfs, but for the name.
TEST_F(Mount8, ReadsTheLegacyForm) {
  if (!fs::exists("/usr/sbin/mount.fuse3")) GTEST_SKIP() << "no mount.fuse3";
  fs::create_symlink(scratch("ftpfs"), scratch("sbin") / "ftpfs");  // mount.fuse3 asks a shell for it
  expect_mounted(mount({"-a", "-T", fstab("ftpfs#" + line("fuse", "user"))}));
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  fs::remove(scratch("sbin") / "mount.fuse.ftpfs");
  expect_mounted(mount({"-a", "-T", fstab(line("fuse.ftpfs"))}));
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

TEST_F(Mount8, PassesItsFlags) {
  expect_mounted(mount({"-n", "-s", "-t", "ftpfs", source(), mountpoint(), "-o", options()}));
  EXPECT_EQ(umount({"-n", mountpoint()}).status, 0);
  expect_mounted(mount({"-t", "fuse.ftpfs", "-r", source(), mountpoint(), "-o", options()}));
  EXPECT_TRUE(has_option("ro"));
  EXPECT_EQ(umount({"-v", mountpoint()}).status, 0);
}

// mount -f: everything but the mount, and nothing that the server would hear of.
TEST_F(Mount8, FakesAMount) {
  EXPECT_EQ(mount({"-f", "-t", "ftpfs", source(), mountpoint(), "-o", options()}).status, 0);
  EXPECT_FALSE(mounted());
  EXPECT_EQ(mount({"-f", "-t", "ftpfs", source(), mountpoint(), "-o", "timout=3"}).status, 1);
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.sessions(); }), 0u);
}

TEST_F(Mount8, MountsInAnotherNamespace) {
  Process other({{"/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sleep", "1000"},
                 "/",
                 {},
                 scratch("log")});
  const std::string space = "/proc/" + std::to_string(other.pid()) + "/ns/mnt";
  ASSERT_TRUE(eventually([&] {
    std::error_code gone;
    return fs::read_symlink(space, gone) != fs::read_symlink("/proc/self/ns/mnt") &&
           read_file("/proc/" + std::to_string(other.pid()) + "/cmdline").starts_with("/bin/sleep");
  }));
  const Outcome outcome = mount({"-N", space, "-t", "ftpfs", source(), mountpoint(), "-o", options()});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_FALSE(mounted());
  const std::string table = read_file("/proc/" + std::to_string(other.pid()) + "/mounts");
  EXPECT_NE(table.find(" " + mountpoint().string() + " fuse.ftpfs "), std::string::npos) << table;
  EXPECT_EQ(umount({"-N", space, mountpoint()}).status, 0);
}

TEST_F(Mount8, RefusesWhatItDoesNotKnow) {
  const Outcome outcome = mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",tls_pinn=x"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.output, "ftpfs: unknown option 'tls_pinn'; did you mean 'tls_pin'?\n");
  EXPECT_FALSE(mounted());
}

TEST_F(Mount8, RemountsReadOnlyAndBack) {
  const std::string table = fstab(line("ftpfs"));
  expect_mounted(mount({"--fstab", table, mountpoint()}));
  write_file(mountpoint() / "new", "x");
  const Outcome remounted = mount({"--fstab", table, "-o", "remount,ro", mountpoint()});
  EXPECT_EQ(remounted.status, 0) << remounted.output;
  EXPECT_TRUE(has_option("ro"));
  EXPECT_EQ(::open((mountpoint() / "new").c_str(), O_WRONLY), -1);
  EXPECT_EQ(errno, EROFS);
  EXPECT_EQ(mount({"--fstab", table, "-o", "remount,rw,noexec", mountpoint()}).status, 0);
  EXPECT_TRUE(has_option("rw"));
  EXPECT_TRUE(has_option("noexec"));
  write_file(mountpoint() / "new", "more");
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.tree().content("/new"); }), "more");
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

TEST_F(Mount8, SaysWhyItDoesNotRemount) {
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",ro"}).status, 0);
  const Outcome writable = mount({"-o", "remount,rw", mountpoint()});
  EXPECT_EQ(writable.status, 1);
  EXPECT_NE(writable.output.find("it was mounted read-only"), std::string::npos) << writable.output;
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options()}).status, 0);
  UniqueFd file(::open((mountpoint() / "open").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const Outcome busy = mount({"-o", "remount,ro", mountpoint()});
  EXPECT_EQ(busy.status, 32);
  EXPECT_NE(busy.output.find("files are open for writing"), std::string::npos) << busy.output;
  file.reset();
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// At a terminal there is somebody to ask, elsewhere there is not.
TEST_F(Mount8, AsksForThePasswordWhereSomebodySits) {
  const std::vector<std::string> command{"/bin/mount",
                                         "-t",
                                         "ftpfs",
                                         served_->url(),
                                         mountpoint(),
                                         "-o",
                                         "spool_dir=" + scratch("spool").string()};
  const OnTerminal program = on_terminal(command);
  EXPECT_EQ(program.read_until(": "), "Password for joe@127.0.0.1: ");
  program.type("secret\n");
  EXPECT_EQ(program.rest(), "\r\n");
  EXPECT_EQ(program.status(), 0);
  EXPECT_TRUE(mounted());
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  const Outcome unattended = run(command);
  EXPECT_EQ(unattended.status, 1);
  EXPECT_TRUE(unattended.output.starts_with("ftpfs: no password for user 'joe'")) << unattended.output;
}

// At boot, with nobody there.
TEST_F(Mount8, NofailDoesNotHideThatTheServerIsDown) {
  const std::string table = fstab(line("ftpfs", "nofail"));
  served_->with([](FakeServer& server) { server.shut_down(); });
  const Outcome outcome = mount({"-a", "-T", table});
  EXPECT_EQ(outcome.status, 32) << outcome.output;
  EXPECT_NE(outcome.output.find("ftpfs: 127.0.0.1: "), std::string::npos) << outcome.output;
  EXPECT_FALSE(mounted());
}

TEST_F(Mount8, IsThereBeforeTheServerIs) {
  const std::string table = fstab(line("ftpfs", "delay_connect"));
  served_->with([](FakeServer& server) { server.shut_down(); });
  const Outcome outcome = mount({"-a", "-T", table});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  ASSERT_TRUE(mounted());
  std::error_code error;
  EXPECT_TRUE(fs::directory_iterator(mountpoint(), error) == fs::directory_iterator());
  EXPECT_TRUE(error) << "an empty directory would be a lie";
  served_->with([](FakeServer& server) { server.start_again(); });
  EXPECT_TRUE(eventually([&] {
    std::error_code unreachable;
    return fs::exists(mountpoint() / "hello", unreachable);
  }));
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

// What is wrong on this machine is told at once.
TEST_F(Mount8, DelayedLogInsWantTheirFiles) {
  const Outcome outcome = mount({"-t", "ftpfs", source(), mountpoint(), "-o",
                                 options() + ",delay_connect,tls=require,cacert=/nowhere"});
  EXPECT_EQ(outcome.status, 32);
  EXPECT_NE(outcome.output.find("cacert=/nowhere"), std::string::npos) << outcome.output;
  EXPECT_FALSE(mounted());
}

// A wrong password shows when somebody looks, with what the server says in the log.
TEST_F(Mount8, DelayedLogInsMayFail) {
  served_->with([](FakeServer& server) { server.behaviour().replies["PASS"] = "530 No."; });
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",delay_connect"}).status, 0);
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.sessions(); }), 0u);
  std::error_code error;
  EXPECT_TRUE(fs::directory_iterator(mountpoint(), error) == fs::directory_iterator());
  EXPECT_EQ(error.value(), EACCES);
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

TEST_F(Mount8, MayLeaveTheDirectoryUnlisted) {
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",no_check_root"}).status, 0);
  const auto commands = served_->with([](FakeServer& server) { return server.take_commands(); });
  EXPECT_NE(std::ranges::find(commands, "PASS secret"), commands.end());
  EXPECT_EQ(std::ranges::count_if(commands, [](const std::string& c) { return c.starts_with("MLSD"); }), 0);
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  EXPECT_EQ(umount({mountpoint()}).status, 0);
}

}  // namespace
}  // namespace ftpfs::test
