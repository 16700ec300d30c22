// SPDX-License-Identifier: MIT
// Which signals end a request with EINTR. The threads that ask are real processes: stopped ones, which keep
// their signals pending.
#include <cerrno>
#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/fuse/interruption.hpp>

#include "fuse/channel_test.hpp"

namespace ftpfs::test {
namespace {

using fuse::Urgency;
using fuse::urgency_for;
using fuse::urgency_in;

// A stopped process that handles SIGINT, SIGURG and SIGALRM, and blocks SIGUSR1.
class StoppedProcess {
 public:
  StoppedProcess() : pid_(::fork()) {
    if (pid_ == 0) {
      for (const int signal : {SIGINT, SIGURG, SIGALRM}) ::signal(signal, [](int) {});
      sigset_t blocked;
      sigemptyset(&blocked);
      sigaddset(&blocked, SIGUSR1);
      ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
      ::raise(SIGSTOP);
      for (;;) ::pause();
    }
    ::waitpid(pid_, nullptr, WUNTRACED);
  }
  ~StoppedProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  StoppedProcess(const StoppedProcess&) = delete;
  StoppedProcess& operator=(const StoppedProcess&) = delete;

  pid_t pid() const noexcept { return pid_; }
  void gets(int signal) const { ASSERT_EQ(::kill(pid_, signal), 0); }

 private:
  pid_t pid_;
};

std::string status(std::string_view pending, std::string_view caught) {
  return "Name:\tcat\nState:\tS (sleeping)\nSigQ:\t0/1\nSigPnd:\t0000000000000000\nShdPnd:\t" +
         std::string(pending) + "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\nSigCgt:\t" +
         std::string(caught) + "\nCapInh:\t0\n";
}

constexpr std::string_view none = "0000000000000000";
constexpr std::string_view interrupt = "0000000000000002";

TEST(Interruption, ReadsProc) {
  EXPECT_EQ(urgency_in(status(none, none)), Urgency::none);
  EXPECT_EQ(urgency_in(status(interrupt, none)), Urgency::final);
  EXPECT_EQ(urgency_in(status(interrupt, interrupt)), Urgency::wish);
  EXPECT_EQ(urgency_in(status("0000000000001000", none)), Urgency::none) << "SIGPIPE, ignored";
  EXPECT_EQ(urgency_in("Name:\tcat\nState:\tZ (zombie)\n"), Urgency::final);
  EXPECT_EQ(urgency_in(""), Urgency::unknown);
  EXPECT_EQ(urgency_in("Name:\tcat\nState:\tS (sleeping)\nGroups:\t0 1 2"), Urgency::unknown) << "cut short";
}

TEST(Interruption, AHandledSignalThatOnlyInformsIsNone) {
  const StoppedProcess process;
  process.gets(SIGURG);
  process.gets(SIGALRM);
  EXPECT_EQ(urgency_for(process.pid()), Urgency::none);
}

TEST(Interruption, ABlockedSignalIsNone) {
  const StoppedProcess process;
  process.gets(SIGUSR1);
  EXPECT_EQ(urgency_for(process.pid()), Urgency::none);
}

TEST(Interruption, CtrlZIsNone) {
  const StoppedProcess process;
  process.gets(SIGTSTP);
  EXPECT_EQ(urgency_for(process.pid()), Urgency::none);
}

TEST(Interruption, AHandledCtrlCIsAWish) {
  const StoppedProcess process;
  process.gets(SIGINT);
  EXPECT_EQ(urgency_for(process.pid()), Urgency::wish);
}

TEST(Interruption, ASignalThatEndsTheProcessIsFinal) {
  const StoppedProcess process;
  process.gets(SIGUSR2);
  EXPECT_EQ(urgency_for(process.pid()), Urgency::final);
}

TEST(Interruption, AProcessThatIsGoneIsFinal) {
  pid_t pid = 0;
  {
    const StoppedProcess process;
    pid = process.pid();
    EXPECT_EQ(urgency_for(pid), Urgency::none);
  }
  EXPECT_EQ(urgency_for(pid), Urgency::final);
}

TEST(Interruption, AThreadThatCannotBeSeenIsUnknown) {
  EXPECT_EQ(urgency_for(0), Urgency::unknown);
}

class InterruptionTest : public ChannelTest {
 protected:
  FakeKernel::Unique ask() {
    rig_.remote.on(Op::make_directory).hold();
    const auto request = kernel_.mkdir(FUSE_ROOT_ID, "d", 0755);
    wait_until_held(Op::make_directory);
    return request;
  }
};

TEST_F(InterruptionTest, GoOnAfterASignalThatOnlyInforms) {
  const StoppedProcess process;
  kernel_.pid = process.pid();
  const auto request = ask();
  process.gets(SIGURG);
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(kernel_.statfs()), 0);  // the interrupt came before it
  EXPECT_FALSE(kernel_.answered(request));
  rig_.remote.on(Op::make_directory).release();
  EXPECT_EQ(error_of(request), 0);
}

TEST_F(InterruptionTest, AHandledCtrlCEndsTheWaitAfterAWhile) {
  const StoppedProcess process;
  kernel_.pid = process.pid();
  const auto request = ask();
  process.gets(SIGINT);
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(request), EINTR);
}

TEST_F(InterruptionTest, AThreadThatCannotBeSeenEndsItsWaitAfterAWhile) {
  kernel_.pid = 0;
  const auto request = ask();
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(request), EINTR);
}

// The kernel tells only of the first signal.
TEST_F(InterruptionTest, AKillThatComesLaterIsFound) {
  const StoppedProcess process;
  kernel_.pid = process.pid();
  const auto request = ask();
  process.gets(SIGURG);
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(kernel_.statfs()), 0);
  EXPECT_FALSE(kernel_.answered(request));
  process.gets(SIGKILL);
  EXPECT_EQ(error_of(request), EINTR);
}

}  // namespace
}  // namespace ftpfs::test
