// SPDX-License-Identifier: MIT
// The control connection at run time: it dies, hangs, speaks out of turn, or the server goes away.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

// F3: the control connection dies at any step of an operation without effects: nobody notices.
TEST_F(FaultTest, ADyingControlConnectionIsInvisibleToWhoeverOnlyLooks) {
  struct Case {
    std::string verb;
    std::function<void(Behaviour&)> server;
    std::function<void()> look;
  };
  const auto modern = [](Behaviour&) {};
  const auto old = [](Behaviour& b) { b.mlst = false; };
  const auto stat_a = [&] { EXPECT_EQ(stat("/a").value().size, 7u); };
  const auto list_d = [&] { EXPECT_THAT(names("/d"), testing::ElementsAre("inner")); };
  const auto open_a = [&] { run(io_, remote_->open_source(Path("/a"), 3, {})); };
  const std::vector<Case> cases{{"MLST", modern, stat_a}, {"EPSV", modern, list_d}, {"MLSD", modern, list_d},
                                {"SIZE", old, stat_a},    {"MDTM", old, stat_a},    {"CWD", old, list_d},
                                {"LIST", old, list_d},    {"EPSV", modern, open_a}, {"REST", modern, open_a},
                                {"RETR", modern, open_a}};
  for (const Case& one : cases) {
    for (const Moment moment : {Moment::received, Moment::done, Moment::replied}) {
      for (const Action action : {Action::close, Action::reset}) {
        const bool read_fails_later = one.verb == "RETR" && moment != Moment::received;
        if (read_fails_later) continue;  // the data is under way: see F5
        behaviour() = Behaviour();
        one.server(behaviour());
        mount();
        const Fault fault{one.verb, moment, action};
        SCOPED_TRACE(text_of(fault));
        inject(fault);
        one.look();
        stat_a();
        list_d();
        expect_all_fired();
      }
    }
  }
}

TEST_F(FaultTest, AServerThatWantsTlsIsUnderstood) {
  inject({"USER", Moment::received, Action::reply, "530 Non-anonymous sessions must use encryption."});
  try {
    mount();
    ADD_FAILURE() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EACCES);
    EXPECT_THAT(error.what(), testing::HasSubstr("the server wants TLS, and tls=off does without"));
  }
  inject({"PASS", Moment::received, Action::reply, "530 Login incorrect."});
  try {
    mount();
    ADD_FAILURE() << "logged in";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("TLS")));
  }
}

TEST_F(FaultTest, ALogInThatDiesIsAnError) {
  for (const std::string verb : {"GREETING", "USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD"}) {
    for (const Action action : {Action::close, Action::reset}) {
      const Fault fault{verb, Moment::received, action, {}, 0, 0, 2};  // the retry, too
      SCOPED_TRACE(text_of(fault));
      inject(fault);
      EXPECT_NE(failure([&] { mount(); }), 0);
      server_.clear_faults();
      mount();
      EXPECT_TRUE(stat("/a"));
    }
  }
}

// F15: what FEAT promised is gone in the middle of a session.
TEST_F(FaultTest, AFeatureThatIsWithdrawnIsDoneWithout) {
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(read("/a", 2), "ntent");
  behaviour().mlst = behaviour().rest = behaviour().epsv = false;
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_FALSE(stat("/missing"));
  EXPECT_EQ(read("/a", 2), "ntent");
  EXPECT_EQ(write("/new", "x").size, 1u);
}

// F2, F26: the server is away for a while.
TEST_F(FaultTest, RecoversByItselfWhenTheServerIsBack) {
  server_.shut_down();
  EXPECT_THAT(failure([&] { stat("/a"); }), testing::AnyOf(ECONNREFUSED, EIO));
  EXPECT_THAT(failure([&] { unlink("/a"); }), testing::AnyOf(ECONNREFUSED, EIO));
  server_.start_again();
  EXPECT_TRUE(stat("/a"));
}

TEST_F(FaultTest, ARestartedServerIsNotNoticed) {
  EXPECT_TRUE(stat("/a"));
  server_.shut_down();
  server_.start_again();
  EXPECT_TRUE(stat("/a"));
  EXPECT_EQ(read("/a"), "content");
}

// F17: "421 Timeout" exactly when a command is sent.
class LastWords : public FaultTest, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Of, LastWords, testing::Values("421 Timeout.", "500 OOPS: child died"));

TEST_P(LastWords, InsteadOfAnAnswerAreInvisible) {
  for (const std::string verb : {"MLST", "EPSV", "MLSD", "DELE", "MKD", "STOR"}) {
    SCOPED_TRACE(verb);
    tree().take("/made");
    tree().file("/victim", "v");
    inject({verb, Moment::received, Action::reply, GetParam()});
    EXPECT_TRUE(stat("/a"));
    EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
    mkdir("/made");
    unlink("/victim");
    EXPECT_EQ(write("/new", "x").size, 1u);
    expect_all_fired();
  }
}

TEST_F(FaultTest, ASessionDismissedWhileIdleIsInvisible) {
  for (const std::string farewell : {"421 Timeout.", ""}) {
    EXPECT_TRUE(stat("/a"));
    server_.dismiss_idle(farewell);
    EXPECT_TRUE(stat("/a"));
    server_.dismiss_idle(farewell);
    EXPECT_EQ(write("/new", "x").size, 1u);
    server_.dismiss_idle(farewell);
    unlink("/new");
  }
}

// F19, F21: silence is a time-out, and the next one works.
TEST_F(FaultTest, AServerThatHangsIsATimeOut) {
  const auto patience = std::chrono::seconds(31);
  EXPECT_TRUE(stat("/a"));  // MLST works here
  for (const std::size_t times : {1u, 2u}) {
    for (const Moment moment : {Moment::received, Moment::done}) {
      inject({"MLST", moment, Action::stall, {}, 0, 0, times});
      const auto code = run_through_stalls(remote_->stat(Path("/a"), {}), times, patience);
      EXPECT_EQ(code, times == 1 ? 0 : ETIMEDOUT);
      expect_all_fired();
      EXPECT_TRUE(stat("/a"));
    }
  }
}

// uftpd 2.13 lists MLST and hangs when it is asked (far2l #1067).
TEST_F(FaultTest, AnMlstThatIsNeverAnsweredIsNotSentAgain) {
  inject({"MLST", Moment::received, Action::stall, {}, 0, 0, 1000});
  EXPECT_EQ(run_through_stalls(remote_->stat(Path("/a"), {}), 1, std::chrono::seconds(31)), 0);
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_TRUE(stat("/d"));
  EXPECT_FALSE(stat("/missing"));
  EXPECT_EQ(write("/new", "fresh").size, 5u);
  EXPECT_EQ(count("MLST"), 1u);
  EXPECT_FALSE(remote_->capabilities().cheap_stat);
}

TEST_F(FaultTest, AStopEndsAnyWait) {
  inject({"MLST", Moment::received, Action::stall});
  std::stop_source stop;
  std::optional<int> code;
  asio::co_spawn(io_, remote_->stat(Path("/a"), stop.get_token()),
                 [&](std::exception_ptr error, std::optional<Attributes>) {
                   code = failure([&] {
                     if (error) std::rethrow_exception(error);
                   });
                 });
  run_until(io_, [&] { return server_.faults_fired() == 1; });
  settle(io_);
  EXPECT_FALSE(code);
  stop.request_stop();
  run_until(io_, [&] { return code.has_value(); });
  EXPECT_EQ(code, EINTR);
  EXPECT_TRUE(stat("/a"));
}

// F25: a reply that belongs to nobody must not answer the next command.
TEST_F(FaultTest, AnExtraReplyShiftsNoAnswers) {
  for (const std::string stray : {"226 Transfer complete.", "550 No such file or directory.", "250 Done."}) {
    for (const std::string verb : {"MLST", "MLSD", "RETR", "DELE"}) {
      SCOPED_TRACE(verb + " " + stray);
      tree().file("/victim", "v");
      inject({verb, Moment::replied, Action::reply, stray});
      EXPECT_EQ(stat("/a").value().size, 7u);
      EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
      EXPECT_EQ(read("/a"), "content");
      unlink("/victim");
      EXPECT_EQ(stat("/a").value().size, 7u);
      EXPECT_FALSE(stat("/missing"));
      EXPECT_TRUE(stat("/d"));
      expect_all_fired();
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
