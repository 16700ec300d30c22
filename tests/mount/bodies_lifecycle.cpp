// SPDX-License-Identifier: MIT
// Mounting and unmounting: exit codes, the background, signals, secrets.
#include <algorithm>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Lifecycle : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    if (local_mode()) GTEST_SKIP() << "about the program itself";
    fs::create_directory(tmp("here"));
  }
  // `ftpfs SOURCE MOUNTPOINT` without -f.
  // What goes to the background becomes our child.
  Outcome start(const std::string& source, const fs::path& where, const std::string& password) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    return run_ftpfs({"-o", "spool_dir=" + tmp("spool").string(), source, where},
                     {{"FTPFS_PASSWORD", password}});
  }
  // Unmounts, and returns how the program in the background ended; nothing when it does not end.
  std::optional<int> unmount_and_wait() {
    const std::vector<pid_t> ours = children();
    const auto daemon = std::ranges::find_if(ours, [](pid_t pid) {
      std::error_code zombie;
      return fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", zombie) ==
             fs::canonical(FTPFS_PROGRAM);
    });
    EXPECT_EQ(shell("umount " + tmp("here").string(), "/", {}).status, 0);
    int status = -1;
    if (daemon == ours.end()) return std::nullopt;
    if (!eventually([&] { return ::waitpid(*daemon, &status, WNOHANG) == *daemon; })) return std::nullopt;
    return status;
  }
  std::string password() const { return std::string(test_password); }
};

TEST_P(Lifecycle, GoesToTheBackgroundWhenTheMountAnswers) {
  server().put("file", "x");
  const Outcome outcome = start(server().url(), tmp("here"), password());
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output, "");
  EXPECT_TRUE(is_mounted(tmp("here")));
  EXPECT_TRUE(fs::exists(tmp("here/file")));
  EXPECT_EQ(unmount_and_wait(), 0);
}

TEST_P(Lifecycle, RefusedLoginLeavesNothing) {
  if (is(ServerKind::vsftpd)) GTEST_SKIP() << "the test set-up of vsftpd checks no password";
  const Outcome outcome = start(server().url(), tmp("here"), "wrong");
  EXPECT_EQ(outcome.status, 32);
  EXPECT_NE(outcome.output.find("530"), std::string::npos) << outcome.output;
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  EXPECT_FALSE(is_mounted(tmp("here")));
}

TEST_P(Lifecycle, WrongPathLeavesNothing) {
  const Outcome outcome = start(server().url() + "no/such/directory", tmp("here"), password());
  EXPECT_EQ(outcome.status, 32);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  EXPECT_FALSE(is_mounted(tmp("here")));
}

TEST_P(Lifecycle, UnreachableServerLeavesNothing) {
  server().stop();
  const Outcome outcome = start(server().url(), tmp("here"), password());
  EXPECT_EQ(outcome.status, 32);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
  EXPECT_FALSE(is_mounted(tmp("here")));
}

TEST_P(Lifecycle, MissingMountpoint) {
  const Outcome outcome = start(server().url(), tmp("nowhere"), password());
  EXPECT_EQ(outcome.status, 32);
  EXPECT_EQ(std::count(outcome.output.begin(), outcome.output.end(), '\n'), 1) << outcome.output;
}

TEST_P(Lifecycle, MountsASubdirectory) {
  fs::create_directories(root("pub/with blank"));
  server().put("pub/with blank/file", "deep");
  server().adopt();
  const Outcome outcome = start(server().url() + "pub/with%20blank", tmp("here"), password());
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(read_file(tmp("here/file")), "deep");
  write_file(tmp("here/new"), "made");
  EXPECT_EQ(read_file(root("pub/with blank/new")), "made");
  EXPECT_EQ(unmount_and_wait(), 0);
}

// With the mount gone, the data that was written but not closed is on the server.
class Signals : public Lifecycle {
 protected:
  void flushes_and_unmounts(int signal) {
    expect_unmounted();
    expect_complaints();  // a file is still open, and it may say so
    UniqueFd file{::open(mnt("unsaved").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
    ASSERT_TRUE(file);
    ASSERT_EQ(::write(file.get(), "precious", 8), 8);
    mounted().process().signal(signal);
    EXPECT_EQ(mounted().process().wait(), 0);
    EXPECT_EQ(read_file(root("unsaved")), "precious");
    EXPECT_FALSE(is_mounted(mnt("").parent_path()));
  }
};

TEST_P(Signals, TerminationFlushesAndUnmounts) {
  flushes_and_unmounts(SIGTERM);
}
TEST_P(Signals, InterruptFlushesAndUnmounts) {
  flushes_and_unmounts(SIGINT);
}

TEST_P(Signals, UnmountWhileSomebodyReads) {
  server().put("big", noise(8'000'000));
  const fs::path where = mounted().path();
  UniqueFd file{::open(mnt("big").c_str(), O_RDONLY | O_CLOEXEC)};
  std::string bytes(1000, '\0');
  ASSERT_EQ(::read(file.get(), bytes.data(), bytes.size()), 1000);
  EXPECT_EQ(error_of(::umount(where.c_str())), EBUSY);
  ASSERT_EQ(::umount2(where.c_str(), MNT_DETACH), 0);
  EXPECT_FALSE(is_mounted(where));
  EXPECT_TRUE(mounted().process().running());
  EXPECT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 7'000'000), 1000);  // the open file still works
  EXPECT_EQ(bytes, read_file(root("big")).substr(7'000'000, 1000));
  file.reset();
  EXPECT_EQ(mounted().process().wait(), 0);
  expect_unmounted();
}

TEST_P(Signals, UnmountWithTheServerGone) {
  sh("ls");
  server().stop();
  expect_complaints();
  EXPECT_EQ(mounted().unmount(), 0);
  expect_unmounted();
}

TEST_P(Signals, PasswordIsNowhereToBeSeen) {
  server().put("file", "x");
  sh("cat file");
  const std::string command = read_file("/proc/" + std::to_string(mounted().process().pid()) + "/cmdline");
  EXPECT_EQ(command.find(password()), std::string::npos) << command;
  EXPECT_EQ(read_file("/proc/self/mountinfo").find(password()), std::string::npos);
  EXPECT_EQ(mounted().log().find(password()), std::string::npos);
  sh("findmnt -no SOURCE,FSTYPE,OPTIONS $PWD | grep -q 'tester@127.0.0.1.*fuse.ftpfs.*nosuid,nodev'");
}

TEST_P(Signals, SpoolIsEmptyAfterwards) {
  sh("echo x > file; echo y >> file");
  EXPECT_EQ(mounted().unmount(), 0);
  expect_unmounted();
  for (const auto& entry : fs::recursive_directory_iterator(mounted().spool())) {
    EXPECT_TRUE(entry.is_directory() || entry.file_size() == 0) << entry.path();
  }
}

FTPFS_ON_ALL_SERVERS(Lifecycle);
FTPFS_ON_ALL_SERVERS(Signals);

}  // namespace
}  // namespace ftpfs::test
