// SPDX-License-Identifier: MIT
// run_in_background, called from a process of its own, since it returns in two.
#include <array>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/cli/daemon.hpp>

namespace ftpfs::cli {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  // Everything until the last writer is gone.
  std::string rest() {
    in.reset();
    std::string text;
    char c = 0;
    while (::read(out.get(), &c, 1) == 1) text += c;
    return text;
  }
  void say(std::string_view text) const {
    ASSERT_EQ(::write(in.get(), text.data(), text.size()), std::ssize(text));
  }

  UniqueFd out;
  UniqueFd in;
};

// The command that starts the daemon: its standard error is a pipe.
class Command {
 public:
  explicit Command(const Work& work) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::dup2(errors_.in.get(), STDERR_FILENO);
    errors_.in.reset();
    ::_exit(static_cast<int>(run_in_background(work)));
  }
  ~Command() {
    if (!waited_) ::waitpid(pid_, nullptr, 0);
  }

  ::pid_t pid() const noexcept { return pid_; }
  int status() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    waited_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  std::string errors() { return errors_.rest(); }

 private:
  Pipe errors_;
  bool waited_ = false;
  ::pid_t pid_;
};

TEST(Daemon, TheCommandSucceedsWhenTheMountIsThereAndTheDaemonGoesOn) {
  Pipe life;
  Pipe permission;
  Command command([&](Readiness& readiness) {
    readiness.ready();
    char c = 0;
    if (::read(permission.out.get(), &c, 1) == 1) life.say("on");
    return ExitStatus::success;
  });
  EXPECT_EQ(command.status(), 0);
  permission.say("x");  // the command has ended, the daemon has not
  EXPECT_EQ(life.rest(), "on");
  EXPECT_EQ(command.errors(), "");
}

TEST(Daemon, LeavesSessionDirectoryAndTerminal) {
  Pipe life;
  Command command([&](Readiness& readiness) {
    readiness.ready();
    std::array<char, 256> directory{};
    const bool left = ::getsid(0) == ::getpid() && ::getcwd(directory.data(), directory.size()) != nullptr &&
                      std::string(directory.data()) == "/" && ::write(STDERR_FILENO, "lost", 4) == 4 &&
                      ::write(STDOUT_FILENO, "lost", 4) == 4;
    life.say(left ? "left" : "held");
    return ExitStatus::success;
  });
  EXPECT_EQ(command.status(), 0);
  EXPECT_EQ(life.rest(), "left");
  EXPECT_EQ(command.errors(), "");
}

TEST(Daemon, AFailureIsOneLineAndItsStatus) {
  Command command([](Readiness& readiness) {
    readiness.failed(ExitStatus::mount_failed, "ftpfs: host: no");
    return ExitStatus::success;  // what counts is what was reported
  });
  EXPECT_EQ(command.status(), 32);
  EXPECT_EQ(command.errors(), "ftpfs: host: no\n");
}

TEST(Daemon, ALongLineIsCutNotLost) {
  Command command([](Readiness& readiness) {
    readiness.failed(ExitStatus::usage, std::string(100'000, 'x'));
    return ExitStatus::usage;
  });
  EXPECT_EQ(command.status(), 1);
  EXPECT_EQ(command.errors(), std::string(2047, 'x') + "\n");
}

TEST(Daemon, ADaemonThatDiesIsReported) {
  Command command([](Readiness&) {
    ::signal(SIGTERM, SIG_DFL);
    ::raise(SIGTERM);
    return ExitStatus::success;
  });
  EXPECT_EQ(command.status(), 32);
  EXPECT_EQ(command.errors(),
            "ftpfs: the daemon was ended by signal 15 (Terminated) before the mount was there\n");
}

TEST(Daemon, ADaemonThatLeavesWithoutAWordIsReported) {
  Command command([](Readiness&) -> ExitStatus { ::_exit(7); });
  EXPECT_EQ(command.status(), 32);
  EXPECT_EQ(command.errors(), "ftpfs: the daemon ended with status 7 before the mount was there\n");
}

TEST(Daemon, EndsWithTheCommandAsLongAsNothingIsMounted) {
  Pipe life;
  Command command([&](Readiness&) -> ExitStatus {
    ::sigset_t termination;
    ::sigemptyset(&termination);
    ::sigaddset(&termination, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &termination, nullptr);
    life.say("started ");
    int signal = 0;
    ::sigwait(&termination, &signal);
    life.say("told to end");
    ::_exit(0);
  });
  std::array<char, 8> started{};
  ASSERT_EQ(::read(life.out.get(), started.data(), started.size()), 8);
  ::kill(command.pid(), SIGKILL);
  EXPECT_EQ(command.status(), 128 + SIGKILL);
  EXPECT_EQ(life.rest(), "told to end");
}

// As long as it is, signals come twice: to the group of the command, and by its end.
TEST(Daemon, IsWaitedForInTheBackgroundUntilItIsDecided) {
  for (const bool mounts : {true, false}) {
    Pipe life;
    Command command([&](Readiness& readiness) {
      const bool before = readiness.is_waited_for();
      if (mounts)
        readiness.ready();
      else
        readiness.failed(ExitStatus::usage, "ftpfs: no");
      life.say(before && !readiness.is_waited_for() ? "until then" : "wrong");
      return ExitStatus::success;
    });
    EXPECT_EQ(command.status(), mounts ? 0 : 1);
    EXPECT_EQ(life.rest(), "until then");
  }
  EXPECT_FALSE(Readiness().is_waited_for());
}

TEST(Daemon, InTheForegroundAFailureGoesToStandardError) {
  testing::internal::CaptureStderr();
  Readiness readiness;
  readiness.ready();
  readiness.failed(ExitStatus::usage, "ftpfs: no");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "ftpfs: no\n");
}

}  // namespace
}  // namespace ftpfs::cli
