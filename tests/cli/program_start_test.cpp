// SPDX-License-Identifier: MIT
// Starts against servers that cooperate, refuse, close, hang or talk nonsense.
#include <set>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Start : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    served_.emplace();
    served_->with([](FakeServer& server) {
      server.behaviour().home = "/home";
      server.tree().file("/home/hello", "world");
      server.tree().file("/home/dir/deep", "thought");
    });
  }

  // The commands of a start that succeeds, each once.
  std::set<std::string> verbs_of_a_start() {
    EXPECT_EQ(start(served_->url()).status, 0);
    const auto commands = served_->with([](FakeServer& server) { return server.take_commands(); });
    EXPECT_EQ(unmount().status, 0);
    std::set<std::string> verbs{"GREETING"};
    for (const std::string& command : commands) verbs.insert(command.substr(0, command.find(' ')));
    verbs.erase("QUIT");
    return verbs;
  }

  // Whatever the moment at which the server does that, the start fails in the same orderly way.
  void expect_refusal_at_every_step(Fault fault, const std::string& options = "") {
    for (const std::string& verb : verbs_of_a_start()) {
      SCOPED_TRACE(verb);
      fault.verb = verb;
      fault.times = 1000;
      served_->with([&](FakeServer& server) {
        server.inject(fault);
        if (verb != "EPSV") return;  // a server that only fails at this one is used with PASV
        Fault also = fault;
        also.verb = "PASV";
        server.inject(also);
      });
      expect_refusal(start(served_->url(), options), 32);
      served_->with([](FakeServer& server) {
        EXPECT_GT(server.faults_fired(), 0u);
        server.clear_faults();
      });
    }
  }

  std::optional<Served> served_;
};

TEST_F(Start, SucceedsWhenTheMountAnswers) {
  const Outcome outcome = start(served_->url());
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
  ASSERT_TRUE(mounted());
  EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Start, MountsTheDirectoryThatWasAskedFor) {
  EXPECT_EQ(start(served_->url("dir")).status, 0);
  EXPECT_TRUE(fs::exists(mountpoint() / "deep"));
  EXPECT_EQ(unmount().status, 0);
}

// A host that only takes uploads.
TEST_F(Start, SucceedsWhereTheRootMayNotBeListed) {
  served_->with([](FakeServer& server) {
    for (const char* verb : {"MLSD", "LIST", "MLST", "SIZE"})
      server.behaviour().replies[verb] = "550 Permission denied.";
  });
  ASSERT_EQ(start(served_->url()).status, 0);
  std::error_code error;
  EXPECT_TRUE(fs::directory_iterator(mountpoint(), error) == fs::directory_iterator());
  EXPECT_EQ(error.value(), EACCES);
  write_file(mountpoint() / "new", "content");
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.tree().content("/home/new"); }), "content");
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Start, IsRefusedOnAMountpointInUse) {
  ASSERT_EQ(start(served_->url()).status, 0);
  const Outcome again = start(served_->url());
  EXPECT_EQ(again.status, 32);
  EXPECT_EQ(std::ranges::count(again.output, '\n'), 1) << again.output;
  EXPECT_EQ(unmount().status, 0);
  EXPECT_FALSE(mounted());
}

TEST_F(Start, NobodyListens) {
  const std::string url = served_->url();
  served_.reset();
  const Outcome outcome = start(url);
  expect_refusal(outcome, 32);
  EXPECT_TRUE(outcome.output.starts_with("ftpfs: 127.0.0.1: ")) << outcome.output;
  EXPECT_NE(outcome.output.find("Connection refused"), std::string::npos) << outcome.output;
}

TEST_F(Start, RefusedLogInShowsTheServersWords) {
  served_->with([](FakeServer& server) { server.behaviour().replies["PASS"] = "530 No way,\x1b[2J joe."; });
  const Outcome outcome = start(served_->url(), "", "wrong");
  expect_refusal(outcome, 32);
  EXPECT_NE(outcome.output.find(" (server said: 530 No way,\\x1B[2J joe.)\n"), std::string::npos)
      << outcome.output;
}

TEST_F(Start, WrongPathShowsTheServersWords) {
  const Outcome outcome = start(served_->url("no/such/directory"));
  expect_refusal(outcome, 32);
  EXPECT_NE(outcome.output.find("(server said: 550 "), std::string::npos) << outcome.output;
}

TEST_F(Start, PathOfAFile) {
  expect_refusal(start(served_->url("hello")), 32);
}

TEST_F(Start, ServerClosesAtAnyStep) {
  expect_refusal_at_every_step({.verb = "", .action = Fault::Action::close});
}

TEST_F(Start, ServerResetsAtAnyStep) {
  expect_refusal_at_every_step({.verb = "", .action = Fault::Action::reset});
}

TEST_F(Start, ServerHangsAtAnyStep) {
  expect_refusal_at_every_step({.verb = "", .action = Fault::Action::stall}, "timeout=0.5");
}

TEST_F(Start, ServerTalksNonsenseAtAnyStep) {
  expect_refusal_at_every_step(
      {.verb = "", .action = Fault::Action::reply, .reply = "\x1b[31mHTTP/1.1 200 OK"});
}

TEST_F(Start, ListingThatIsCutOff) {
  served_->with([](FakeServer& server) {
    for (const char* verb : {"MLSD", "LIST"}) {
      server.inject({.verb = verb, .moment = Fault::Moment::data, .after_bytes = 10, .times = 1000});
    }
  });
  expect_refusal(start(served_->url()), 32);
}

// Whoever sits before it would take a minute of silence for a hang.
TEST_F(Start, SaysWhatItWaitsFor) {
  served_->with([](FakeServer& server) {
    server.inject({.verb = "GREETING",
                   .action = Fault::Action::reply,
                   .reply = "421 Too many users (3).",
                   .times = 1000});
  });
  Process starting(
      {command(served_->url(), "verbose"), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("output")});
  const std::string expected =
      "ftpfs: 127.0.0.1: waiting until the server takes one more connection (server said: 421 Too many users "
      "(3).)\n";
  EXPECT_TRUE(eventually([&] { return read_file(scratch("output")) == expected; }))
      << read_file(scratch("output"));
  starting.signal(SIGTERM);
  EXPECT_NE(starting.wait(), 0);
  EXPECT_FALSE(mounted());
}

TEST_F(Start, InTheForegroundFailsTheSameWay) {
  served_->with([](FakeServer& server) { server.behaviour().replies["PASS"] = "530 No."; });
  auto arguments = command(served_->url());
  arguments.emplace_back("-f");
  expect_refusal(run(arguments, {{"FTPFS_PASSWORD", "wrong"}}), 32);
}

}  // namespace
}  // namespace ftpfs::test
