// SPDX-License-Identifier: MIT
// `ftpfs flush`: what waits is on the server when it returns, or it says what is not.
#include <gmock/gmock.h>

#include "cli/mounted.hpp"
#include "cli/on_terminal.hpp"

namespace ftpfs::test {
namespace {

using testing::HasSubstr;

class Flush : public MountedTest {};

TEST_F(Flush, ReturnsWhenTheServerHasEverything) {
  mount("writeback=1000");
  write("a", "precious");
  write("b", "more");
  EXPECT_EQ(content("/a"), "(none)");
  const Outcome outcome = ftpfs({"flush", mountpoint()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "ftpfs: " + mountpoint().string() + ": 2 files (12 bytes) to be sent, waiting\n");
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_EQ(content("/b"), "more");
  EXPECT_EQ(json({"status", mountpoint()})["queue"]["files"], 0);
}

TEST_F(Flush, SaysNothingWhereNothingWaits) {
  mount();
  write("a", "precious");
  for (const std::string& what : {mountpoint().string(), (mountpoint() / "a").string()}) {
    const Outcome outcome = ftpfs({"flush", what});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.output, "");
  }
  // All mounts of this machine: those of tests beside this one have a say.
  EXPECT_THAT(ftpfs({"flush"}).output, testing::Not(HasSubstr(mountpoint().string())));
  EXPECT_EQ(json({"flush", mountpoint()})["failed"].size(), 0u);
}

TEST_F(Flush, FailsByNameAndWithTheServersWords) {
  mount("writeback=1000");
  write("a", "precious");
  write("b", "precious");
  served_->with([](FakeServer& server) {
    server.inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "552 Quota exceeded."});
  });
  const Outcome outcome = ftpfs({"flush", mountpoint()});
  EXPECT_EQ(outcome.status, 32);
  const std::string failed = content("/a") == "precious" ? "b" : "a";
  EXPECT_THAT(outcome.output,
              HasSubstr("ftpfs: " + (mountpoint() / failed).string() + " is not on the server: "));
  EXPECT_THAT(outcome.output, HasSubstr("(server said: 552 Quota exceeded.)\n"));
  EXPECT_EQ(content("/" + failed), "(none)");
  EXPECT_EQ(ftpfs({"flush", mountpoint()}).status, 0) << "it was kept, and has another chance";
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_EQ(content("/b"), "precious");
}

TEST_F(Flush, WhatIsBeingWrittenIsLeftAlone) {
  put("/a", "old and whole");
  mount("writeback=1000");
  // Not this process: each program that it starts closes a copy of the descriptor, which counts as close().
  const Process writes(
      {{"/usr/bin/python3", "-c", "import time; f = open('a', 'wb', 0); f.write(b'half'); time.sleep(1000)"},
       mountpoint(),
       {},
       scratch("writer")});
  ASSERT_TRUE(eventually([&] { return json({"status", mountpoint()})["queue"]["bytes"] == 4; }));
  const Outcome outcome = ftpfs({"flush", mountpoint()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output,
              HasSubstr((mountpoint() / "a").string() + " is being written and was left alone\n"));
  EXPECT_EQ(content("/a"), "old and whole");
}

TEST_F(Flush, DrawsABarOnATerminal) {
  mount("writeback=1000");
  write("a", std::string(1000, 'x'));
  const OnTerminal flushing = on_terminal({FTPFS_PROGRAM, "flush", mountpoint()});
  const std::string seen = flushing.rest();
  EXPECT_THAT(seen, HasSubstr("\r[....................]   0 %  1 file, 1000 B left"));
  EXPECT_TRUE(seen.ends_with("\r\x1b[K")) << "and takes it away";
  EXPECT_EQ(flushing.status(), 0);
  EXPECT_EQ(content("/a"), std::string(1000, 'x'));
}

}  // namespace
}  // namespace ftpfs::test
