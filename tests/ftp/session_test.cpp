// SPDX-License-Identifier: MIT
#include <cerrno>
#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include "dialogue.hpp"

namespace ftpfs::test {
namespace {

using ftp::Session;
using proto::Verb;

class SessionTest : public Dialogue {
 protected:
  // A session that is logged in; what follows its log-in is up to `script`.
  std::shared_ptr<Session> logged_in(const std::function<void(Script&)>& script) {
    script(log_in(network_.connection()));
    return open_session();
  }

  // Why opening a session fails that is greeted like this.
  int greeted(const std::string& greeting) {
    network_.connection().send(greeting).end();
    return failure(Session::open(context_, {}));
  }
};

TEST_F(SessionTest, LogsInAndLearnsWhatTheServerCanDo) {
  const auto session = logged_in([](Script&) {});
  EXPECT_TRUE(session->reusable());
  EXPECT_FALSE(session->disturbed());
  EXPECT_EQ(context_->profile.home, "/home/joe");
  EXPECT_TRUE(context_->profile.features.mlst);
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, ConnectsToTheHostAndPortOfTheConfiguration) {
  const auto session = logged_in([](Script&) {});
  EXPECT_EQ(network_.connects().front().host, "ftp.example.org");
  EXPECT_EQ(network_.connects().front().port, 21);
}

TEST_F(SessionTest, LaterSessionsDoNotAskAgainForWhatIsKnown) {
  const auto first = logged_in([](Script&) {});
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("331 password?\r\n")
      .expect("PASS secret\r\n")
      .send("230 welcome\r\n")
      .expect("OPTS UTF8 ON\r\n")
      .send("200 ok\r\n")
      .expect("TYPE I\r\n")
      .send("200 ok\r\n");
  const auto second = open_session();
  EXPECT_TRUE(second->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, FactsThatAreOffAreAskedFor) {
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("230 no password needed\r\n")
      .expect("FEAT\r\n")
      .send("211-Features\r\n MLST type*;size*;modify*;unix.mode;\r\n211 End\r\n")
      .expect("OPTS MLST type;size;modify;unix.mode;\r\n")
      .send("200 ok\r\n")
      .expect("TYPE I\r\n")
      .send("200 ok\r\n")
      .expect("PWD\r\n")
      .send("257 \"/\"\r\n");
  EXPECT_TRUE(open_session()->reusable());
  EXPECT_EQ(network_.missing(), "");
}

// wu-ftpd, old IIS, Azure.
TEST_F(SessionTest, AServerWithoutFeatIsFine) {
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("331 password?\r\n")
      .expect("PASS secret\r\n")
      .send("230 welcome\r\n")
      .expect("FEAT\r\n")
      .send("500 what?\r\n")
      .expect("OPTS UTF8 ON\r\n")  // it may know that all the same
      .send("500 what?\r\n")
      .expect("TYPE I\r\n")
      .send("200 ok\r\n")
      .expect("PWD\r\n")
      .send("502 no\r\n");
  EXPECT_TRUE(open_session()->reusable());
  EXPECT_FALSE(context_->profile.features.known);
  EXPECT_EQ(context_->profile.home, "/");
}

TEST_F(SessionTest, AnAccountThatNobodyHasGivenUsIsARefusedLogIn) {
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("331 password?\r\n")
      .expect("PASS secret\r\n")
      .send("332 Need account for login.\r\n");
  try {
    open_session();
    FAIL() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EACCES);
    EXPECT_EQ(error.server_said(), "332 Need account for login.");
  }
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, AnAccountInsteadOfAPasswordToo) {
  network_.connection().send("220 ready\r\n").expect("USER joe\r\n").send("332 Need account for login.\r\n");
  EXPECT_EQ(failure(Session::open(context_, {})), EACCES);
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, AnAccountIsToldToWhoeverAsksForOne) {
  for (const bool with_password : {true, false}) {
    context_ = new_context();
    context_->config.account = "sales";
    Script& script = network_.connection().send("220 ready\r\n").expect("USER joe\r\n");
    if (with_password) script.send("331 password?\r\n").expect("PASS secret\r\n");
    script.send("332 Need account for login.\r\n")
        .expect("ACCT sales\r\n")
        .send("230 in\r\n")
        .expect("FEAT\r\n")
        .send("211 none\r\n")
        .expect("TYPE I\r\n")
        .send("200 ok\r\n")
        .expect("PWD\r\n")
        .send("257 \"/\"\r\n");
    EXPECT_TRUE(open_session()->reusable());
    EXPECT_EQ(network_.missing(), "");
  }
}

TEST_F(SessionTest, AnAccountThatIsRefusedIsARefusedLogIn) {
  for (const char* refusal :
       {"530 No such account.", "532 Need another.", "332 Need account.", "331 Need password."}) {
    SCOPED_TRACE(refusal);
    context_ = new_context();
    context_->config.account = "sales";
    network_.connection()
        .send("220 ready\r\n")
        .expect("USER joe\r\n")
        .send("332 account?\r\n")
        .expect("ACCT sales\r\n")
        .send(std::string(refusal) + "\r\n");
    EXPECT_NE(failure(Session::open(context_, {})), 0);
    EXPECT_EQ(network_.missing(), "");
  }
}

// RFC 959: the password was superfluous, and so it is where the user is known by a certificate.
TEST_F(SessionTest, WhoIsLoggedInIsLoggedInWhateverItWasThatServed) {
  const auto rest = [](Script& script) {
    script.expect("FEAT\r\n")
        .send("211 none\r\n")
        .expect("TYPE I\r\n")
        .send("200 ok\r\n")
        .expect("PWD\r\n")
        .send("257 \"/\"\r\n");
  };
  for (const char* welcome : {"230 no password needed\r\n", "232 known by a certificate\r\n"}) {
    context_ = new_context();
    rest(network_.connection().send("220 ready\r\n").expect("USER joe\r\n").send(welcome));
    EXPECT_TRUE(open_session()->reusable()) << welcome;
  }
  context_ = new_context();
  rest(network_.connection()
           .send("220 ready\r\n")
           .expect("USER joe\r\n")
           .send("331 password?\r\n")
           .expect("PASS secret\r\n")
           .send("202 superfluous\r\n"));
  EXPECT_TRUE(open_session()->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, AServerThatWillBeReadySoonIsWaitedFor) {
  log_in(network_.connection().send("120 in a minute\r\n"));
  EXPECT_TRUE(open_session()->reusable());
}

TEST_F(SessionTest, RefusedCredentialsAreEACCESWithTheServersWords) {
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("331 password?\r\n")
      .expect("PASS secret\r\n")
      .send("530 Login incorrect.\r\n");
  try {
    open_session();
    FAIL() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EACCES);
    EXPECT_EQ(error.server_said(), "530 Login incorrect.");
  }
}

TEST_F(SessionTest, TooManyConnectionsIsNotAWrongPassword) {
  EXPECT_EQ(greeted("421 Too many connections (8) from this IP\r\n"), EUSERS);
  network_.connection()
      .send("220 ready\r\n")
      .expect("USER joe\r\n")
      .send("331 password?\r\n")
      .expect("PASS secret\r\n")
      .send("530 Sorry, the maximum number of clients (3) for this user are already connected.\r\n");
  EXPECT_EQ(failure(Session::open(context_, {})), EUSERS);
}

TEST_F(SessionTest, SomethingElseThanAnFtpServerIsEPROTO) {
  EXPECT_EQ(greeted("HTTP/1.1 400 Bad Request\r\n"), EPROTO);
  EXPECT_EQ(greeted("SSH-2.0-OpenSSH_9.2\r\n"), EPROTO);
}

// CVE-2000-0973 and its many successors: memory is bounded, and so is patience.
TEST_F(SessionTest, AnEndlessGreetingIsCutOff) {
  EXPECT_EQ(greeted("220-" + std::string(100'000, 'x')), EPROTO);
  std::string lines = "220-hello\r\n";
  for (int i = 0; i < 5000; ++i) lines += " and hello\r\n";
  EXPECT_EQ(greeted(lines), EPROTO);
}

TEST_F(SessionTest, TheGreetingHasItsOwnPatience) {
  network_.connection().ending(Ending::silence);
  EXPECT_EQ(failure(Session::open(context_, {})), ETIMEDOUT);
  EXPECT_EQ(waited_, context_->config.greeting_timeout);
}

TEST_F(SessionTest, StopEndsTheLogIn) {
  std::stop_source stop;
  network_.connection().send("220 ready\r\n").expect("USER joe\r\n").ending(Ending::silence);
  bool cancelled = false;
  asio::co_spawn(io_, Session::open(context_, stop.get_token()),
                 [&](std::exception_ptr error, std::shared_ptr<Session>) {
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const Cancelled&) {
                     cancelled = true;
                   }
                 });
  settle(io_);
  EXPECT_FALSE(cancelled);
  stop.request_stop();
  settle(io_);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(network_.conversation(0).aborted());
}

TEST_F(SessionTest, RepliesMayComeInAnyPieces) {
  log_in(network_.connection()).chop(1).expect("NOOP\r\n").send("200-a\r\n 200 not the end\r\n200 end\r\n");
  const auto session = open_session();
  EXPECT_EQ(play(session->command(Verb::noop, "", {})).code, 200);
  EXPECT_TRUE(session->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, AnyReplyIsAValue) {
  const auto session = logged_in([](Script& script) {
    script.expect("MKD /a\r\n").send("550 File exists\r\n").expect("NOOP\r\n").send("200 fine\r\n");
  });
  const proto::Reply refused = play(session->command(Verb::mkd, "/a", {}));
  EXPECT_EQ(refused.code, 550);
  EXPECT_EQ(refused.text, "File exists");
  EXPECT_EQ(play(session->command(Verb::noop, "", {})).code, 200);
  EXPECT_TRUE(session->reusable());
}

TEST_F(SessionTest, A421IsTheEndOfTheSession) {
  const auto session = logged_in([](Script& script) { script.expect("NOOP\r\n").send("421 Timeout.\r\n"); });
  EXPECT_THROW(play(session->command(Verb::noop, "", {})), ConnectionLost);
  EXPECT_FALSE(session->reusable());
}

// F25: taking it for the answer to the next command would shift all answers by one.
TEST_F(SessionTest, AReplyToNobodyEndsTheSessionBeforeTheNextCommand) {
  const auto session = logged_in([](Script& script) {
    script.expect("NOOP\r\n").send("200 fine\r\n226 late\r\n").ending(Ending::silence);
  });
  EXPECT_EQ(play(session->command(Verb::noop, "", {})).code, 200);
  EXPECT_FALSE(session->reusable());
  EXPECT_THROW(play(session->command(Verb::noop, "", {})), ConnectionLost);
}

// Neither is a reply, and so nothing would end them.
TEST_F(SessionTest, EmptyLinesAndTelnetWithoutEndEndTheSession) {
  for (const std::string nothing : {"\r\n", "\xFF\xF1"}) {
    std::string little;
    std::string flood;
    for (int i = 0; i < 1000; ++i) little += nothing;
    for (int i = 0; i < 1000; ++i) flood += little;
    context_ = new_context();
    const auto quiet =
        logged_in([&](Script& script) { script.send(little).expect("NOOP\r\n").send("200 fine\r\n"); });
    EXPECT_EQ(play(quiet->command(Verb::noop, "", {})).code, 200);
    context_ = new_context();
    const auto flooded =
        logged_in([&](Script& script) { script.send(flood).expect("NOOP\r\n").send("200 fine\r\n"); });
    EXPECT_THROW(play(flooded->command(Verb::noop, "", {})), ConnectionLost);
  }
}

// S17: one late 1xx is a known habit (pure-ftpd), many are a server that would keep us reading for ever.
TEST_F(SessionTest, OneLate150IsForgivenAFloodOfThemIsNot) {
  const auto late =
      logged_in([](Script& script) { script.send("150 late\r\n").expect("NOOP\r\n").send("200 fine\r\n"); });
  EXPECT_EQ(play(late->command(Verb::noop, "", {})).code, 200);

  context_ = new_context();
  const auto flooded = logged_in([](Script& script) {
    script.send("150 late\r\n150 later\r\n").expect("NOOP\r\n").send("200 fine\r\n");
  });
  EXPECT_THROW(play(flooded->command(Verb::noop, "", {})), ConnectionLost);
  EXPECT_FALSE(flooded->reusable());
}

TEST_F(SessionTest, WhatComesUnaskedDisturbsAnIdleSession) {
  const auto timed_out = logged_in([](Script& script) { script.send("421 Timeout.\r\n").end(); });
  EXPECT_TRUE(timed_out->disturbed() || !timed_out->reusable());
  EXPECT_THROW(play(timed_out->command(Verb::noop, "", {})), ConnectionLost);

  context_ = new_context();
  const auto closed = logged_in([](Script& script) { script.end(); });
  EXPECT_TRUE(closed->disturbed());
  EXPECT_THROW(play(closed->command(Verb::noop, "", {})), ConnectionLost);
}

// CVE-2026-28296 and its family: nothing of such a name may reach the wire.
TEST_F(SessionTest, ANameThatWouldBeASecondCommandIsRefusedAndNothingIsSent) {
  const auto session = logged_in([](Script& script) { script.expect("NOOP\r\n").send("200 fine\r\n"); });
  EXPECT_EQ(failure(session->command(Verb::dele, "a\r\nDELE b", {})), EINVAL);
  EXPECT_EQ(failure(session->command(Verb::dele, "a\nDELE b", {})), EINVAL);
  EXPECT_EQ(failure(session->command(Verb::dele, std::string("a\0b", 3), {})), EINVAL);
  EXPECT_TRUE(session->reusable());
  EXPECT_EQ(play(session->command(Verb::noop, "", {})).code, 200);
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(SessionTest, ASilentServerIsATimeOut) {
  const auto session = logged_in([](Script& script) { script.expect("NOOP\r\n").ending(Ending::silence); });
  EXPECT_EQ(failure(session->command(Verb::noop, "", {})), ETIMEDOUT);
  EXPECT_EQ(waited_, context_->config.timeout);
  EXPECT_FALSE(session->reusable());
}

TEST_F(SessionTest, StopInMidCommandGivesTheSessionUp) {
  const auto session = logged_in([](Script& script) { script.expect("NOOP\r\n").ending(Ending::silence); });
  std::stop_source stop;
  bool cancelled = false;
  asio::co_spawn(io_, session->command(Verb::noop, "", stop.get_token()),
                 [&](std::exception_ptr error, proto::Reply) {
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const Cancelled&) {
                     cancelled = true;
                   }
                 });
  settle(io_);
  stop.request_stop();
  settle(io_);
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(session->reusable());  // its reply may still come
}

TEST_F(SessionTest, StopBeforeACommandSendsNothing) {
  const auto session = logged_in([](Script&) {});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(play(session->command(Verb::noop, "", stop.get_token())), Cancelled);
  EXPECT_TRUE(session->reusable());
}

TEST_F(SessionTest, QuitsPolitely) {
  const auto session = logged_in([](Script& script) { script.expect("QUIT\r\n").send("221 bye\r\n"); });
  play(session->quit());
  EXPECT_EQ(network_.missing(), "");
  EXPECT_TRUE(network_.conversation(0).aborted());
}

TEST_F(SessionTest, QuitWaitsOneSecondAtMost) {
  const auto session = logged_in([](Script& script) { script.expect("QUIT\r\n").ending(Ending::silence); });
  play(session->quit());
  EXPECT_EQ(waited_, std::chrono::seconds(1));
}

TEST_F(SessionTest, ThePasswordIsNotLogged) {
  std::ostringstream log;
  auto logger = std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
  logger->set_level(spdlog::level::trace);
  context_ = std::make_shared<ftp::SessionContext>(io_.get_executor(), network_, clock_, logger, config());
  const auto session = logged_in([](Script&) {});
  logger->flush();
  EXPECT_THAT(log.str(), testing::HasSubstr("USER joe"));
  EXPECT_THAT(log.str(), testing::HasSubstr("PASS ***"));
  EXPECT_THAT(log.str(), testing::Not(testing::HasSubstr("secret")));
}

// The same log-in, cut off in each possible place in each possible way: always an Error, never a hang.
TEST_F(SessionTest, ALogInThatFailsAtAnyStepIsAnError) {
  const std::size_t steps = log_in(network_.connection()).size();
  open_session();
  for (const Ending ending : all_endings) {
    for (std::size_t step = 0; step < steps; ++step) {
      SCOPED_TRACE(name_of(ending) + " at step " + std::to_string(step));
      context_ = new_context();
      log_in(network_.connection()).fail_at(step, ending);
      const int code = failure(Session::open(context_, {}));
      const bool late = ending == Ending::timed_out || ending == Ending::silence;
      EXPECT_EQ(code, late ? ETIMEDOUT : EIO);
    }
  }
}

TEST_F(SessionTest, NothingMayComeBetweenACommandAndTheOneThatBelongsToIt) {
  log_in(network_.connection())
      .expect("RNFR a\r\n")
      .send("350 go on\r\n")
      .expect("RNTO b\r\n")
      .send("250 done\r\n");
  const auto session = open_session();
  EXPECT_TRUE(session->may_ask_behind());
  EXPECT_EQ(play(session->command(Verb::rnfr, "a", {})).code, 350);
  EXPECT_FALSE(session->may_ask_behind());
  EXPECT_EQ(play(session->command(Verb::rnto, "b", {})).code, 250);
  EXPECT_TRUE(session->may_ask_behind());
}

}  // namespace
}  // namespace ftpfs::test
