// SPDX-License-Identifier: MIT
// The server goes away and comes back while programs use the mount.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Outage : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    served_.emplace();
    served_->with([](FakeServer& server) {
      server.tree().file("/hello", "world");
      server.tree().file("/other", "one");
      server.tree().file("/big", std::string(4'000'000, 'b'));
    });
  }

  void mount(const std::string& options) {
    const auto arguments = foreground(served_->url(), options + ",dcache_timeout=0,attr_timeout=0");
    process_.emplace(Spawn{arguments, "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
    ASSERT_TRUE(eventually([&] { return mounted() || !process_->running(); }));
    ASSERT_TRUE(mounted()) << log();
  }
  void go_away() {
    served_->with([](FakeServer& server) { server.shut_down(); });
  }
  void come_back() {
    served_->with([](FakeServer& server) { server.start_again(); });
  }
  Process start(const std::string& command) const {
    return Process({{"/bin/sh", "-c", command}, mountpoint(), {}, scratch("output")});
  }
  // Asks for something and gets no answer.
  bool waits(Process& program) const {
    return eventually([&] {
             const std::string where = read_file("/proc/" + std::to_string(program.pid()) + "/wchan");
             return where.find("request_wait_answer") != std::string::npos || !program.running();
           }) &&
           program.running();
  }
  bool noticed() const {
    return eventually([this] { return log().find("the server is away") != std::string::npos; });
  }
  std::string log() const { return read_file(scratch("log")); }
  std::string content(const std::string& path) {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  void expect_clean_end() {
    EXPECT_EQ(unmount().status, 0);
    EXPECT_EQ(process_->wait(), 0) << log();
  }

  std::optional<Served> served_;
  std::optional<Process> process_;
};

TEST_F(Outage, SoftCallsFailAndWorkAgainWithoutANewMount) {
  mount("soft");
  UniqueFd file(::open((mountpoint() / "big").c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(1000, '\0');
  ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 0), 1000);
  go_away();
  std::error_code error;
  EXPECT_FALSE(fs::exists(mountpoint() / "hello", error));
  EXPECT_EQ(error.value(), EIO) << "it is not known to be missing";
  EXPECT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 3'000'000), -1);
  EXPECT_EQ(errno, EIO);
  EXPECT_TRUE(noticed());
  come_back();
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  EXPECT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 3'000'000), 1000);
  EXPECT_EQ(bytes, std::string(1000, 'b'));
  file.reset();
  expect_clean_end();
}

TEST_F(Outage, HardCallsWaitForTheServer) {
  mount("hard");
  go_away();
  Process reads = start("exec cat hello");
  Process removes = start("exec rm other");
  EXPECT_TRUE(waits(reads) && waits(removes));
  Process writes = start("echo fresh > new");  // may wait for a lock of the directory, which a lookup holds
  EXPECT_TRUE(noticed());
  EXPECT_TRUE(writes.running());
  come_back();
  EXPECT_EQ(reads.wait(), 0);
  EXPECT_EQ(writes.wait(), 0);
  EXPECT_EQ(removes.wait(), 0);
  EXPECT_EQ(read_file(scratch("output")), "world");
  EXPECT_EQ(content("/new"), "fresh\n");
  EXPECT_EQ(content("/other"), "(none)");
  expect_clean_end();
}

// What was being sent goes out once more, and close() returns when it has arrived.
TEST_F(Outage, AHardCloseWaitsThroughSeveralDeathsOfTheServer) {
  mount("hard");
  served_->with([](FakeServer& server) {
    server.inject({.verb = "STOR", .moment = Fault::Moment::data, .after_bytes = 100'000, .times = 3});
  });
  Process copies = start("exec cp big copy");
  EXPECT_EQ(copies.wait(), 0) << read_file(scratch("output")) << log();
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.faults_left(); }), 0u);
  EXPECT_EQ(content("/copy"), content("/big"));
  expect_clean_end();
}

TEST_F(Outage, ASignalEndsAHardWait) {
  mount("hard");
  go_away();
  for (const int signal : {SIGINT, SIGKILL}) {
    Process reads = start("exec cat hello");
    Process removes = start("exec rm other");
    ASSERT_TRUE(waits(reads) && waits(removes));
    reads.signal(signal);
    removes.signal(signal);
    EXPECT_EQ(reads.wait(), 128 + signal);
    EXPECT_EQ(removes.wait(), 128 + signal);
  }
  come_back();
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  EXPECT_EQ(content("/other"), "one") << "nobody wants that removal any more";
  expect_clean_end();
}

// F36: the computer sleeps, and the server ends its sessions meanwhile.
TEST_F(Outage, AMountThatSleptGoesOn) {
  mount("soft");
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  process_->signal(SIGSTOP);
  served_->with([](FakeServer& server) { server.dismiss_idle(""); });
  process_->signal(SIGCONT);
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  expect_clean_end();
  EXPECT_EQ(complaints_of(log()), "");
}

// Nobody who waits keeps the mount from ending.
TEST_F(Outage, AHardMountEndsWhenItIsTold) {
  mount("hard");
  go_away();
  Process reads = start("exec cat hello");
  ASSERT_TRUE(waits(reads));
  process_->signal(SIGTERM);
  EXPECT_EQ(process_->wait(), 0) << log();
  EXPECT_NE(reads.wait(), 0);
  EXPECT_FALSE(mounted());
}

}  // namespace
}  // namespace ftpfs::test
