// SPDX-License-Identifier: MIT
// Words of the server and names of its files, made to drive a terminal or to forge lines: what reaches a log
// or standard error is one harmless line.
#include <sstream>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

// Clears the screen, rings, sets the title, the C1 form of CSI, what printf() and syslog() would expand.
const std::string evil =
    "\x1b[2J\x07\x1b]0;title\x07\x9b"
    "31m%n%s%1$s\x7f\xc2\x9b";

class Words : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    served_.emplace();
    served_->with([](FakeServer& server) {
      Behaviour& can = server.behaviour();
      can.greeting = "220-Welcome " + evil + "\r\nftpfs 10:00:00.000 error: not saved: forged\r\n220 " + evil;
      can.replies["NOOP"] = "500 " + evil;
      server.tree().file("/" + evil, "content");
      server.tree().file("/refused", "content");
      server.inject({.verb = "RETR",
                     .action = Fault::Action::reply,
                     .reply = "550-" + evil + "\r\nftpfs 10:00:00.000 error: forged too\r\n550 " + evil,
                     .times = 1000});
    });
  }

  // No control character, nor one of the second kind (C1) in UTF-8.
  static bool harmless(const std::string& line) {
    const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    for (std::size_t at = line.find('\xc2'); at != line.npos; at = line.find('\xc2', at + 1)) {
      if (at + 1 < line.size() && static_cast<unsigned char>(line[at + 1]) < 0xa0) return false;
    }
    return std::ranges::none_of(line, control);
  }

  std::optional<Served> served_;
};

TEST_F(Words, InTheLogAreEscapedAndForgeNoLine) {
  auto arguments = command(served_->url());
  arguments.insert(arguments.end(), {"-f", "-vvv"});
  Process process({arguments, "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); })) << read_file(scratch("log"));
  EXPECT_EQ(shell("cat refused ./*title*; cat ./*title*; test -e nothing", mountpoint(), {}).status, 1);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
  const std::string log = read_file(scratch("log"));
  EXPECT_NE(log.find("\\x1B[2J\\x07"), std::string::npos) << log;
  EXPECT_NE(log.find("%n%s%1$s"), std::string::npos);
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with("ftpfs ")) << escaped(line);
    EXPECT_FALSE(line.starts_with("ftpfs 10:00:00.000 error: ")) << escaped(line);
    EXPECT_TRUE(harmless(line)) << escaped(line, 4000);
  }
}

TEST_F(Words, OnStandardErrorAreOneLine) {
  served_->with([](FakeServer& server) { server.behaviour().replies["PASS"] = "530 " + evil; });
  const Outcome outcome = start(served_->url());
  expect_refusal(outcome, 32);
  EXPECT_TRUE(harmless(outcome.output.substr(0, outcome.output.size() - 1))) << escaped(outcome.output, 4000);
}

TEST_F(Words, OfACheckAreOneLineEach) {
  const Outcome outcome =
      run({FTPFS_PROGRAM, "check", "-o", "timeout=1", served_->url()}, {{"FTPFS_PASSWORD", "secret"}});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(harmless(line)) << escaped(line, 4000);
  EXPECT_EQ(outcome.output.find("\nftpfs 10:00"), std::string::npos) << outcome.output;
}

}  // namespace
}  // namespace ftpfs::test
