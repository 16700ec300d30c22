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

INSTANTIATE_TEST_SUITE_P(Ftp, FaultTest, both_paces(), pace_name);

// F3: the control connection dies at any step of an operation without effects: nobody notices.
TEST_P(FaultTest, ADyingControlConnectionIsInvisibleToWhoeverOnlyLooks) {
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

TEST_P(FaultTest, AServerThatWantsTlsIsUnderstood) {
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

TEST_P(FaultTest, ALogInThatDiesIsAnError) {
  for (const std::string verb : {"GREETING", "USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD"}) {
    for (const Action action : {Action::close, Action::reset}) {
      const Fault fault{verb, Moment::received, action, {}, 0, 0, 9};  // retries, too
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
TEST_P(FaultTest, AFeatureThatIsWithdrawnIsDoneWithout) {
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(read("/a", 2), "ntent");
  behaviour().mlst = behaviour().rest = behaviour().epsv = false;
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_FALSE(stat("/missing"));
  EXPECT_EQ(read("/a", 2), "ntent");
  EXPECT_EQ(write("/new", "x").size, 1u);
}

// Forms of setting a time or a mode: another one is used, or there is none.
TEST_P(FaultTest, ASettingThatIsWithdrawnIsMadeInAnotherWay) {
  const auto mtime = [&] { return tree().find("/a")->mtime; };
  behaviour().mdtm_sets = behaviour().mff = true;
  mount();
  set_mtime("/a", 1'500'000'000);
  set_mode("/a", 0600);
  EXPECT_EQ(count("MFMT"), 1u);
  EXPECT_EQ(count("MFF"), 1u);
  behaviour().mfmt = behaviour().mff = false;
  set_mtime("/a", 1'500'000'001);
  EXPECT_EQ(mtime(), 1'500'000'001);
  set_mode("/a", 0640);
  EXPECT_EQ(tree().find("/a")->mode, 0640u);
  server_.take_commands();
  set_mtime("/a", 1'500'000'002);
  set_mode("/a", 0600);
  EXPECT_EQ(mtime(), 1'500'000'002);
  EXPECT_EQ(count("MFMT") + count("MFF"), 0u);
  behaviour().replies["MDTM"] = "502 Command not implemented.";
  behaviour().site_chmod = false;
  EXPECT_EQ(failure([&] { set_mtime("/a", 1'500'000'003); }), EOPNOTSUPP);
  EXPECT_EQ(failure([&] { set_mode("/a", 0640); }), EOPNOTSUPP);
}

// One after the other, until only a listing tells anything.
TEST_P(FaultTest, WhatTellsOfFilesMayBeWithdrawnUntilOnlyListingsAreLeft) {
  const auto expect_all_told = [&] {
    EXPECT_EQ(stat("/a").value().size, 7u);
    EXPECT_EQ(stat("/d").value().kind, Kind::directory);
    EXPECT_FALSE(stat("/missing"));
    EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
    EXPECT_EQ(write("/new", "fresh").size, 5u);
    append("/new", "+");
    EXPECT_EQ(tree().content("/new"), "fresh+");
    rename("/new", "/moved");
    unlink("/moved");
  };
  for (bool Behaviour::*one : {&Behaviour::mlsd, &Behaviour::mlst, &Behaviour::mdtm, &Behaviour::size}) {
    expect_all_told();
    behaviour().*one = false;
  }
  expect_all_told();
}

// The next session is told so; names stay what they were.
TEST_P(FaultTest, Utf8ThatIsRefusedLaterChangesNoNames) {
  tree().file("/d/\u00e4rger", "x");
  EXPECT_THAT(names("/d"), testing::UnorderedElementsAre("inner", "\u00e4rger"));
  behaviour().utf8 = behaviour().feat = false;
  server_.dismiss_idle("");
  server_.take_commands();
  EXPECT_THAT(names("/d"), testing::UnorderedElementsAre("inner", "\u00e4rger"));
  EXPECT_EQ(count("OPTS UTF8 ON"), 1u);
  EXPECT_EQ(read("/d/\u00e4rger"), "x");
}

// F2, F26: the server is away for a while.
TEST_P(FaultTest, RecoversByItselfWhenTheServerIsBack) {
  server_.shut_down();
  EXPECT_THAT(failure([&] { stat("/a"); }), testing::AnyOf(ECONNREFUSED, EIO));
  EXPECT_THAT(failure([&] { unlink("/a"); }), testing::AnyOf(ECONNREFUSED, EIO));
  server_.start_again();
  EXPECT_TRUE(stat("/a"));
}

TEST_P(FaultTest, ARestartedServerIsNotNoticed) {
  EXPECT_TRUE(stat("/a"));
  server_.shut_down();
  server_.start_again();
  EXPECT_TRUE(stat("/a"));
  EXPECT_EQ(read("/a"), "content");
}

// F17: "421 Timeout" exactly when a command is sent.
class LastWords : public FaultFixture, public testing::WithParamInterface<std::tuple<const char*, Pace>> {
 protected:
  LastWords() : FaultFixture(std::get<Pace>(GetParam())) {}
};

INSTANTIATE_TEST_SUITE_P(Of, LastWords,
                         testing::Combine(testing::Values("421 Timeout.", "500 OOPS: child died"),
                                          both_paces()));

TEST_P(LastWords, InsteadOfAnAnswerAreInvisible) {
  for (const std::string verb : {"MLST", "EPSV", "MLSD", "DELE", "MKD", "STOR", "SIZE", "CWD", "REST", "RETR",
                                 "APPE", "RNFR", "RNTO", "RMD", "SITE", "MFMT"}) {
    SCOPED_TRACE(verb);
    for (const char* path : {"/made", "/moved"}) tree().take(path);
    tree().file("/a", "content");
    tree().file("/victim", "v");
    tree().directory("/empty");
    behaviour().mlsd = verb != "CWD";
    mount();
    inject({verb, Moment::received, Action::reply, std::get<0>(GetParam())});
    EXPECT_TRUE(stat("/a"));
    EXPECT_EQ(read("/a", 2), "ntent");
    set_mode("/a", 0600);
    set_mtime("/a", 1'500'000'000);
    append("/a", "+");
    EXPECT_EQ(tree().content("/a"), "content+");
    rename("/a", "/moved");
    rename("/moved", "/a");
    rmdir("/empty");
    EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
    mkdir("/made");
    unlink("/victim");
    EXPECT_EQ(write("/new", "x").size, 1u);
    expect_all_fired();
  }
}

TEST_P(FaultTest, ASessionDismissedWhileIdleIsInvisible) {
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
TEST_P(FaultTest, AServerThatHangsIsATimeOut) {
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
TEST_P(FaultTest, AnMlstThatIsNeverAnsweredIsNotSentAgain) {
  inject({"MLST", Moment::received, Action::stall, {}, 0, 0, 1000});
  EXPECT_EQ(run_through_stalls(remote_->stat(Path("/a"), {}), 1, std::chrono::seconds(31)), 0);
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_TRUE(stat("/d"));
  EXPECT_FALSE(stat("/missing"));
  EXPECT_EQ(write("/new", "fresh").size, 5u);
  EXPECT_EQ(count("MLST"), 1u);
  EXPECT_FALSE(remote_->capabilities().cheap_stat);
}

TEST_P(FaultTest, AStopEndsAnyWait) {
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
TEST_P(FaultTest, AnExtraReplyShiftsNoAnswers) {
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
