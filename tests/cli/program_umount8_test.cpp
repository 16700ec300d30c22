// SPDX-License-Identifier: MIT
// What umount(8) makes of us: it returns when the daemon has ended.
#include <future>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cli/installed.hpp"
#include "cli/on_terminal.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Umount8 : public InstalledTest {
 protected:
  void SetUp() override {
    InstalledTest::SetUp();
    if (IsSkipped()) return;
    ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",timeout=60"}).status, 0);
  }

  std::string content(const std::string& path) const {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  void inject(Fault fault) const {
    fault.times = 1000;
    served_->with([&](FakeServer& server) { server.inject(fault); });
  }
  // The daemon, a child of ours, to be waited for.
  pid_t mount_anew() const {
    if (mounted()) umount({mountpoint()});
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    EXPECT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options()}).status, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    const std::vector<pid_t> ours = children();
    const auto daemon = std::ranges::find_if(ours, [&](pid_t pid) {
      return read_file("/proc/" + std::to_string(pid) + "/cmdline").find(mountpoint().string()) !=
             std::string::npos;
    });
    return daemon == ours.end() ? -1 : *daemon;
  }
  std::size_t sessions() const {
    return served_->with([](FakeServer& server) { return server.open_sessions(); });
  }
  // With a copy of all mounts that there are now, which no unmount of ours reaches.
  Process in_another_namespace() const {
    Process holder(
        {{"/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sleep", "1000"}, "/", {}, {}});
    const std::string name = "/proc/" + std::to_string(holder.pid()) + "/comm";
    EXPECT_TRUE(eventually([&] { return read_file(name) == "sleep\n"; }));
    return holder;
  }
  static std::string words_about(const Process& holder) {
    return "process " + std::to_string(holder.pid()) + " has it in another mount namespace\n";
  }
  // A file that close() could not send, and that is tried again later.
  void leave_unsent() const {
    inject({.verb = "STOR",
            .moment = Fault::Moment::done,
            .action = Fault::Action::reply,
            .reply = "451 Try again later."});
    const UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), "precious", 8), 8);
  }
};

// While it lives, nothing fails at the server any more, but nothing moves there either.
class Frozen {
 public:
  explicit Frozen(Served& served)
      : ended_(std::async(std::launch::async, [this, &served] {
          served.with([this](FakeServer& server) {
            server.clear_faults();
            release_.get_future().wait();
          });
        })) {}
  ~Frozen() { release_.set_value(); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

 private:
  std::promise<void> release_;
  std::future<void> ended_;
};

TEST_F(Umount8, WaitsUntilTheDaemonHasSavedAndEnded) {
  leave_unsent();
  std::optional<Frozen> frozen(std::in_place, *served_);
  Process waiting({{"/bin/umount", mountpoint()}, "/", {}, scratch("output")});
  EXPECT_TRUE(eventually([&] { return !mounted(); }));
  EXPECT_TRUE(eventually([&] {
    return read_file(scratch("output")) ==
           "ftpfs: " + mountpoint().string() + ": 1 file (8 bytes) to be sent, waiting\n";
  })) << read_file(scratch("output"));
  EXPECT_TRUE(waiting.running());
  frozen.reset();
  EXPECT_EQ(waiting.wait(), 0);
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_EQ(sessions(), 0u);
}

TEST_F(Umount8, CountsTheSecondsOnATerminal) {
  leave_unsent();
  std::optional<Frozen> frozen(std::in_place, *served_);
  const OnTerminal waiting = on_terminal({"/bin/umount", mountpoint()});
  const std::string seen = waiting.read_until("waiting for 1 s");
  EXPECT_TRUE(seen.starts_with("\r[....................]   0 %  1 file, 8 B left")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\x1b[K\rftpfs: " + mountpoint().string() +
                             ": 1 file (8 bytes) to be sent, waiting for 1 s"))
      << seen;
  frozen.reset();
  EXPECT_TRUE(waiting.rest().ends_with("\r\x1b[K"));
  EXPECT_EQ(waiting.status(), 0);
  EXPECT_EQ(content("/a"), "precious");
}

// With writeback more may wait than can be sent in the time that a daemon gives itself at its end.
TEST_F(Umount8, SendsWhatWaitsBeforeItUnmounts) {
  ASSERT_EQ(umount({mountpoint()}).status, 0);
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",writeback=1000"}).status, 0);
  for (const char* name : {"a", "b"}) write_file(mountpoint() / name, "precious");
  EXPECT_EQ(content("/a"), "(none)");
  const OnTerminal waiting = on_terminal({"/bin/umount", mountpoint()});
  const std::string seen = waiting.rest();
  EXPECT_TRUE(seen.starts_with("\r[....................]   0 %  2 files, 16 B left")) << seen;
  EXPECT_EQ(waiting.status(), 0);
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_EQ(content("/b"), "precious");
  EXPECT_FALSE(mounted());
}

// What is mounted without mount(8), too, and whatever the options of its line.
TEST_F(Umount8, IsFoundForEveryMountOfRoot) {
  const auto leaves_no_trace = [&] {
    const Outcome outcome = umount({mountpoint()});
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    EXPECT_EQ(sessions(), 0u);
    EXPECT_EQ(read_file("/run/mount/utab"), "");
  };
  EXPECT_NE(read_file("/run/mount/utab").find("uhelper=ftpfs"), std::string::npos);
  leaves_no_trace();
  ASSERT_EQ(mount({"-t", "ftpfs", source(), mountpoint(), "-o", options() + ",_netdev"}).status, 0);
  EXPECT_EQ(read_file("/run/mount/utab").find("uhelper=ftpfs"), std::string::npos);
  leaves_no_trace();
  ASSERT_EQ(run({FTPFS_PROGRAM, "-o", options(), source(), mountpoint()}).status, 0);
  leaves_no_trace();
}

TEST_F(Umount8, SaysNothingWhereNothingIsLeft) {
  const Outcome outcome = umount({mountpoint()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST_F(Umount8, DoesNotAskTheServer) {
  served_->with([](FakeServer& server) {
    server.take_commands();
    server.shut_down();
  });
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  EXPECT_FALSE(mounted());
}

TEST_F(Umount8, SaysThatItIsInUse) {
  const UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const Outcome outcome = umount({mountpoint()});
  EXPECT_EQ(outcome.status, 32);
  EXPECT_EQ(outcome.output, "umount: " + mountpoint().string() + ": target is busy.\n");
  EXPECT_TRUE(mounted());
}

TEST_F(Umount8, LazilyWaitsForNothing) {
  UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  EXPECT_EQ(umount({"-l", mountpoint()}).status, 0);
  EXPECT_FALSE(mounted());
  EXPECT_EQ(::write(file.get(), "precious", 8), 8);
  file.reset();
  EXPECT_EQ(content("/a"), "precious");
}

// Nobody can be asked, and umount(2) works all the same.
TEST_F(Umount8, ADaemonThatHangsKeepsNobodyWaiting) {
  for (const std::string flag : {"-l", "-f"}) {
    const pid_t daemon = mount_anew();
    ASSERT_GT(daemon, 0);
    ASSERT_EQ(::kill(daemon, SIGSTOP), 0);
    EXPECT_EQ(umount({flag, mountpoint()}).status, 0);
    EXPECT_FALSE(mounted());
    ASSERT_EQ(::kill(daemon, SIGCONT), 0);
    EXPECT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  }
}

// Its daemon serves that one, too.
TEST_F(Umount8, WhatIsMountedElsewhereTooIsNotWaitedFor) {
  fs::create_directory(mountpoint() / "dir");
  write_file(mountpoint() / "dir/file", "content");
  const fs::path other = scratch("other");
  fs::create_directory(other);
  ASSERT_EQ(::mount((mountpoint() / "dir").c_str(), other.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  EXPECT_FALSE(mounted());
  EXPECT_EQ(read_file(other / "file"), "content");
  EXPECT_EQ(::umount2(other.c_str(), 0), 0);
}

TEST_F(Umount8, NorWhatAnotherMountNamespaceHas) {
  const Process holder = in_another_namespace();
  const Outcome outcome = umount({mountpoint()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output,
            "ftpfs: " + mountpoint().string() + ": its daemon goes on: " + words_about(holder));
  EXPECT_FALSE(mounted());
  EXPECT_GT(sessions(), 0u);
  holder.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return sessions() == 0; }));
}

// The daemon sends it as it would have, and whoever unmounts is told that it is still to come.
TEST_F(Umount8, WhatWaitsIsSentThoughAnotherMountNamespaceHasIt) {
  leave_unsent();
  Process holder = in_another_namespace();
  const Outcome outcome = umount({mountpoint()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.output.ends_with(
      "ftpfs: " + mountpoint().string() +
      ": its daemon goes on, with 1 file (8 bytes) to be sent: " + words_about(holder)))
      << outcome.output;
  EXPECT_FALSE(mounted());
  EXPECT_TRUE(is_spooled("precious"));
  served_->with([](FakeServer& server) { server.clear_faults(); });
  EXPECT_TRUE(eventually([&] { return !is_spooled("precious"); }));
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_TRUE(holder.running());
  EXPECT_GT(sessions(), 0u);
}

// The kernel gives the number of a file system that is gone to the next one, which may be in any namespace,
// while our daemon still sends.
TEST_F(Umount8, ALaterMountOfTheSameNumberIsNoneOfOurs) {
  const fuse::MountEntry mount = fuse::topmost_mount(mountpoint().string()).value();
  EXPECT_EQ(fuse::who_else_has(mount), std::nullopt) << "this one has it, and the daemon";
  const Process holder = in_another_namespace();
  EXPECT_EQ(fuse::who_else_has(mount), holder.pid());
  fuse::MountEntry earlier = mount;
  earlier.source = "ftp://another/";
  EXPECT_EQ(fuse::who_else_has(earlier), std::nullopt);
  earlier = mount;
  earlier.type = "tmpfs";
  EXPECT_EQ(fuse::who_else_has(earlier), std::nullopt);
}

TEST_F(Umount8, ReadOnlyWhereItIsInUse) {
  const UniqueFd directory(::open(mountpoint().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(umount({"-r", mountpoint()}).status, 0);
  EXPECT_TRUE(mounted());
  EXPECT_TRUE(has_option("ro"));
}

TEST_F(Umount8, ADeadMountGoes) {
  const pid_t daemon = mount_anew();
  ASSERT_GT(daemon, 0);
  ASSERT_EQ(::kill(daemon, SIGKILL), 0);
  EXPECT_EQ(::waitpid(daemon, nullptr, 0), daemon);
  EXPECT_EQ(umount({mountpoint()}).status, 0);
  EXPECT_FALSE(mounted());
}

TEST_F(Umount8, RefusesWhatItDoesNotKnow) {
  const std::string helper = "/usr/sbin/umount.fuse.ftpfs";
  EXPECT_EQ(run({helper}).status, 1);
  EXPECT_EQ(run({helper, mountpoint(), "-x"}).status, 1);
  EXPECT_EQ(run({helper, mountpoint(), "more"}).status, 1);
  EXPECT_EQ(run({helper, scratch("nowhere")}).status, 32);
  EXPECT_TRUE(mounted());
}

}  // namespace
}  // namespace ftpfs::test
