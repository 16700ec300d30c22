// SPDX-License-Identifier: MIT
// A server that misbehaves at run time. F numbers: each fault, what must happen, and that it did happen.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

std::string text_of(const Fault& fault) {
  constexpr const char* moments[] = {"received", "done", "replied", "data"};
  constexpr const char* actions[] = {"close", "reset", "stall", "reply", "extra"};
  return fault.verb + " " + moments[static_cast<int>(fault.moment)] + " " +
         actions[static_cast<int>(fault.action)] + " " + fault.reply;
}

awaitable<void> read_and_forget(Remote& remote, Path path) {
  co_await read_file(remote, std::move(path), 0);
}

awaitable<void> write_and_forget(Remote& remote, Path path) {
  const SinkRequest replace;
  co_await write_file(remote, std::move(path), "new", replace);
}

class FaultTest : public RemoteFixture {
 protected:
  FaultTest() {
    tree().file("/a", "content");
    tree().directory("/d");
    tree().file("/d/inner", "inside");
    mount();
  }

  void inject(Fault fault) { server_.inject(std::move(fault)); }
  std::size_t count(std::string_view verb) const {
    return std::ranges::count_if(server_.commands(),
                                 [&](const auto& line) { return line.starts_with(verb); });
  }
  void expect_all_fired() { EXPECT_EQ(server_.faults_left(), 0u); }
};

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

// F4: the command was carried out, its reply got lost: success, and done once.
TEST_F(FaultTest, AChangeWhoseReplyIsLostIsLookedAfterAndNotRepeated) {
  struct Case {
    std::string verb;
    std::function<void()> change;
    std::function<bool()> done;
  };
  const std::vector<Case> cases{
      {"DELE", [&] { unlink("/victim"); }, [&] { return !tree().exists("/victim"); }},
      {"MKD", [&] { mkdir("/made"); }, [&] { return tree().exists("/made"); }},
      {"RMD", [&] { rmdir("/empty"); }, [&] { return !tree().exists("/empty"); }},
      {"RNTO", [&] { rename("/victim", "/moved"); },
       [&] { return tree().exists("/moved") && !tree().exists("/victim"); }},
      {"RNTO", [&] { rename("/victim", "/a"); }, [&] { return tree().content("/a") == "v"; }},
      {"STOR", [&] { EXPECT_EQ(write("/new", "fresh").size, 5u); },
       [&] { return tree().content("/new") == "fresh"; }},
      {"APPE", [&] { EXPECT_EQ(append("/a", "+").size, 8u); },
       [&] { return tree().content("/a") == "content+"; }},
      {"SITE", [&] { set_mode("/victim", 0600); }, [&] { return tree().find("/victim")->mode == 0600; }},
      {"MFMT", [&] { set_mtime("/victim", 1'500'000'000); },
       [&] { return tree().find("/victim")->mtime == 1'500'000'000; }}};
  for (const bool terse : {false, true}) {
    for (const bool with_mlst : {true, false}) {
      for (const Case& one : cases) {
        for (const Action action : {Action::close, Action::reset}) {
          behaviour().terse = terse;
          behaviour().mlst = with_mlst;
          for (const char* path : {"/made", "/moved", "/new"}) tree().take(path);
          tree().file("/a", "content");
          tree().file("/victim", "v");
          tree().directory("/empty");
          mount();
          const Fault fault{one.verb, Moment::done, action};
          SCOPED_TRACE(text_of(fault) + (terse ? " terse" : "") + (with_mlst ? "" : " without MLST"));
          inject(fault);
          EXPECT_EQ(failure(one.change), 0);
          EXPECT_TRUE(one.done());
          const bool may_repeat = one.verb == "SITE" || one.verb == "MFMT";  // the same again is no harm
          EXPECT_TRUE(may_repeat || count(one.verb) == 1u);
          expect_all_fired();
        }
      }
    }
  }
}

// The other half of F4: it was not carried out. Then it is sent again.
TEST_F(FaultTest, AChangeThatWasNotCarriedOutIsSentAgain) {
  struct Case {
    std::string verb;
    std::function<void()> change;
    std::function<bool()> done;
  };
  const std::vector<Case> cases{
      {"DELE", [&] { unlink("/victim"); }, [&] { return !tree().exists("/victim"); }},
      {"MKD", [&] { mkdir("/made"); }, [&] { return tree().exists("/made"); }},
      {"RMD", [&] { rmdir("/empty"); }, [&] { return !tree().exists("/empty"); }},
      {"RNFR", [&] { rename("/victim", "/moved"); }, [&] { return tree().exists("/moved"); }},
      {"RNTO", [&] { rename("/victim", "/moved"); }, [&] { return tree().exists("/moved"); }},
      {"STOR", [&] { write("/new", "fresh"); }, [&] { return tree().content("/new") == "fresh"; }}};
  for (const Case& one : cases) {
    for (const Action action : {Action::close, Action::reset}) {
      for (const char* path : {"/made", "/moved", "/new"}) tree().take(path);
      tree().file("/victim", "v");
      tree().directory("/empty");
      mount();
      const Fault fault{one.verb, Moment::received, action};
      SCOPED_TRACE(text_of(fault));
      inject(fault);
      EXPECT_EQ(failure(one.change), 0);
      EXPECT_TRUE(one.done());
      EXPECT_EQ(count(one.verb), 2u);
      expect_all_fired();
    }
  }
}

// F4 by silence (a NAT that forgot us, F24): after the reply time-out it is looked after all the same.
TEST_F(FaultTest, AChangeThatIsNeverAnsweredIsLookedAfter) {
  const auto patience = std::chrono::seconds(31);
  inject({"DELE", Moment::done, Action::stall});
  EXPECT_EQ(run_through_stalls(remote_->remove_file(Path("/a"), {}), 1, patience), 0);
  EXPECT_FALSE(tree().exists("/a"));
  inject({"STOR", Moment::done, Action::stall});
  EXPECT_EQ(run_through_stalls(write_file(*remote_, Path("/new"), "fresh", {}), 1, patience), 0);
  EXPECT_EQ(tree().content("/new"), "fresh");
  EXPECT_EQ(count("DELE"), 1u);
  EXPECT_EQ(count("STOR"), 1u);
  expect_all_fired();
}

// A refusal after a lost reply must not be mistaken: DELE of what is gone is ENOENT only when it was gone
// before.
TEST_F(FaultTest, WhatWasMissingBeforeIsStillMissingAfterALostReply) {
  inject({"DELE", Moment::received, Action::reset});
  const int code = failure([&] { unlink("/never"); });
  EXPECT_THAT(code, testing::AnyOf(0, ENOENT));  // nobody can tell; the file is not there
  expect_all_fired();
}

// F5: cut at byte N of a download: never the whole, and the mount goes on.
TEST_F(FaultTest, ACutDownloadIsNeverTakenForTheWhole) {
  const std::string content(8192, 'c');
  tree().file("/big", content);
  for (const Action action : {Action::close, Action::reset}) {
    for (const std::size_t bytes : {0u, 1u, 4095u, 4096u, 8191u}) {
      const Fault fault{"RETR", Moment::data, action, {}, bytes};
      SCOPED_TRACE(text_of(fault) + std::to_string(bytes));
      inject(fault);
      EXPECT_NE(failure([&] { read("/big"); }), 0);
      expect_all_fired();
      EXPECT_TRUE(read("/big", 4096) == content.substr(4096));
    }
  }
}

TEST_F(FaultTest, ADownloadThatLosesItsControlConnectionFailsAtTheEnd) {
  for (const Action action : {Action::close, Action::reset}) {
    inject({"RETR", Moment::done, action});
    EXPECT_NE(failure([&] { read("/a"); }), 0);
    expect_all_fired();
    EXPECT_EQ(read("/a"), "content");
  }
}

// F7: an upload that is cut. The server says so.
TEST_F(FaultTest, ACutUploadIsAnError) {
  for (const Action action : {Action::close, Action::reset}) {
    for (const std::string reply :
         {"426 Connection lost", "451 Local error", "452 No space left", "552 Quota exceeded"}) {
      inject({"STOR", Moment::data, action, reply, 3});
      const int code = failure([&] { write("/new", std::string(3'000'000, 'x')); });
      SCOPED_TRACE(reply);
      const int expected = reply.starts_with("452") ? ENOSPC : reply.starts_with("552") ? EDQUOT : EIO;
      EXPECT_EQ(code, expected);
      expect_all_fired();
      EXPECT_EQ(write("/new", "fine").size, 4u);
    }
  }
}

// F8: an upload that is cut, and the server says that all is well. curl 7.88 believes it.
TEST_F(FaultTest, AnUploadThatArrivedInPartIsAnErrorEvenWith226) {
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    inject({"STOR", Moment::data, Action::reply, "226 Transfer complete.", 3});
    EXPECT_EQ(failure([&] { write("/new", "content"); }), EIO);
    expect_all_fired();
    inject({"APPE", Moment::data, Action::reply, "226 Transfer complete.", 1});
    EXPECT_EQ(failure([&] { append("/d/inner", "content"); }), EIO);
    expect_all_fired();
  }
}

// F11, F13: refusals in the beginning.
TEST_F(FaultTest, RefusalsKeepTheirMeaning) {
  const auto refuse = [&](std::string verb, std::string reply) {
    inject({std::move(verb), Moment::received, Action::reply, std::move(reply)});
  };
  const auto try_write = [&] { write("/new", "x"); };
  refuse("STOR", "452 Insufficient storage space");
  EXPECT_EQ(failure(try_write), ENOSPC);
  refuse("STOR", "552 Disk quota exceeded");
  EXPECT_EQ(failure(try_write), EDQUOT);
  refuse("STOR", "553 Permission denied");
  EXPECT_EQ(failure(try_write), EACCES);
  refuse("STOR", "550 Read-only file system");
  EXPECT_EQ(failure(try_write), EROFS);
  refuse("STOR", "553 File name too long");
  EXPECT_EQ(failure(try_write), ENAMETOOLONG);
  refuse("RETR", "550 Permission denied");
  EXPECT_EQ(failure([&] { read("/a"); }), EACCES);
  refuse("MKD", "550 Permission denied");
  EXPECT_EQ(failure([&] { mkdir("/new"); }), EACCES);
  refuse("DELE", "550 Permission denied");
  EXPECT_EQ(failure([&] { unlink("/a"); }), EACCES);
  refuse("RMD", "550 Device or resource busy");
  EXPECT_EQ(failure([&] { rmdir("/d"); }), EBUSY);
  refuse("RNFR", "550 Permission denied");
  EXPECT_EQ(failure([&] { rename("/a", "/b"); }), EACCES);
  expect_all_fired();
  EXPECT_EQ(server_.sessions(), 1u);  // none of this costs a session
}

// pyftpdlib 1.5.7 looks at permissions before RETR takes the offset: the next transfer would begin there.
TEST_F(FaultTest, AnOffsetWhoseTransferWasRefusedIsTakenBack) {
  inject({"RETR", Moment::received, Action::reply, "550 Not enough privileges."});
  EXPECT_EQ(failure([&] { read("/a", 3); }), EACCES);
  expect_all_fired();
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(count("REST 0"), 1u);
  EXPECT_EQ(read("/a", 3), "tent");
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(count("REST 0"), 1u);  // what has begun needs nothing taken back
  EXPECT_EQ(server_.sessions(), 1u);
}

// F11: busy for a moment, and for ever.
TEST_F(FaultTest, PassingRefusalsAreWaitedOut) {
  struct Case {
    std::string verb;
    std::function<awaitable<void>()> operation;
  };
  const std::vector<Case> cases{
      {"RETR", [&] { return read_and_forget(*remote_, Path("/a")); }},
      {"STOR", [&] { return write_and_forget(*remote_, Path("/a")); }},
      {"RNFR", [&] { return remote_->rename(Path("/a"), Path("/b"), {}); }},
      {"DELE", [&] { return remote_->remove_file(Path("/b"), {}); }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.verb);
    for (const auto& [reply, code] :
         {std::pair("450 Try again.", EBUSY), std::pair("451 Local error.", EIO)}) {
      inject({one.verb, Moment::received, Action::reply, reply, 0, 0, 4});
      EXPECT_EQ(run_through_stalls(one.operation(), 4, std::chrono::seconds(1)), code);
      expect_all_fired();
    }
    inject({one.verb, Moment::received, Action::reply, "450 Try again.", 0, 0, 3});
    EXPECT_EQ(run_through_stalls(one.operation(), 3, std::chrono::seconds(1)), 0);
    expect_all_fired();
  }
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(FaultTest, WhatARefusalForTheMomentSaysForSureIsNotWaitedFor) {
  inject({"RETR", Moment::received, Action::reply, "450 No such file"});
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  inject({"STOR", Moment::received, Action::reply, "451 No space left on device"});
  EXPECT_EQ(failure([&] { write("/a", "x"); }), ENOSPC);
  expect_all_fired();
}

// One slot, and a transfer given up whose end is told twice.
TEST_F(FaultTest, ASecondFinalReplyIsNoAnswerToTheNextCommand) {
  behaviour().late_226 = true;
  tree().file("/big", std::string(20'000'000, 'b'));
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  run(io_, remote_->open_source(Path("/big"), 0, {}));
  inject({"DELE", Moment::received, Action::reply, "550 Permission denied"});
  EXPECT_EQ(failure([&] { unlink("/a"); }), EACCES);
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_EQ(server_.open_sessions(), 1u);
}

// Neither file may be lost, however far the three renames have come.
TEST_F(FaultTest, ARenameThatFailsHalfWayLosesNothing) {
  behaviour().rename_replaces = false;
  for (const auto& [reply, code] :
       {std::pair("550 Cross-device link", EXDEV), std::pair("452 No space left on device", ENOSPC)}) {
    for (std::size_t passing = 0; passing < 3; ++passing) {
      tree().file("/from", "from");
      tree().file("/to", "to");
      inject({"RNTO", Moment::received, Action::reply, reply, 0, passing});
      const int failed = failure([&] { rename("/from", "/to"); });
      EXPECT_EQ(failed, code) << passing;
      EXPECT_EQ(tree().content("/from"), "from");
      EXPECT_EQ(tree().content("/to"), "to");
      server_.clear_faults();
    }
  }
}

TEST_F(FaultTest, WhatCannotBePutBackKeepsItsHiddenName) {
  behaviour().rename_replaces = false;
  tree().file("/d/from", "from");
  tree().file("/d/to", "to");
  inject({"RNTO", Moment::received, Action::reply, "452 No space left on device", 0, 2, 2});
  EXPECT_EQ(failure([&] { rename("/d/from", "/d/to"); }), ENOSPC);
  EXPECT_EQ(tree().content("/d/from"), "from");
  const std::vector<std::string> left = names("/d");
  const auto aside =
      std::ranges::find_if(left, [](const auto& name) { return name.starts_with(".ftpfs-old-"); });
  ASSERT_NE(aside, left.end());
  EXPECT_EQ(read("/d/" + *aside), "to");
}

// F12: a 550 that says nothing is never ENOENT for something that is there.
TEST_F(FaultTest, ABare550IsNotENOENTForWhatIsThere) {
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    const auto refused = [&](std::string verb, const std::function<void()>& operation) {
      inject({std::move(verb), Moment::received, Action::reply, "550 Failed."});
      return failure(operation);
    };
    EXPECT_THAT(refused("RETR", [&] { read("/a"); }), testing::AnyOf(EACCES, EIO));
    EXPECT_EQ(refused("DELE", [&] { unlink("/a"); }), EACCES);
    EXPECT_EQ(refused("RMD", [&] { rmdir("/d"); }), ENOTEMPTY);
    EXPECT_EQ(refused("RNFR", [&] { rename("/a", "/b"); }), EACCES);
    EXPECT_EQ(refused("RNTO", [&] { rename("/a", "/b"); }), EACCES);
    EXPECT_EQ(refused("STOR", [&] { write("/a", "x"); }), EACCES);
    EXPECT_EQ(refused("MKD", [&] { mkdir("/new"); }), EACCES);
    EXPECT_EQ(refused("MKD", [&] { mkdir("/d"); }), EEXIST);
    expect_all_fired();
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
TEST_F(FaultTest, A421InsteadOfAnAnswerIsInvisible) {
  for (const std::string verb : {"MLST", "EPSV", "MLSD", "DELE", "MKD", "STOR"}) {
    SCOPED_TRACE(verb);
    tree().take("/made");
    tree().file("/victim", "v");
    inject({verb, Moment::received, Action::reply, "421 Timeout."});
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

// F23: a data connection without progress. Real time: the limit is in the stream.
TEST_F(FaultTest, ADataConnectionWithoutProgressIsATimeOut) {
  ftp::FtpConfig impatient = config();
  impatient.timeout = std::chrono::milliseconds(200);
  mount(impatient);
  inject({"RETR", Moment::data, Action::stall, {}, 3});
  std::optional<int> code;
  asio::co_spawn(io_, read_file(*remote_, Path("/a"), 0), [&](std::exception_ptr error, std::string) {
    code = failure([&] {
      if (error) std::rethrow_exception(error);
    });
  });
  run_until(io_, [&] { return code.has_value(); });
  EXPECT_EQ(code, ETIMEDOUT);
  expect_all_fired();
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

// F35: half a listing shown as a whole makes `rsync --delete` destroy data.
TEST_F(FaultTest, HalfAListingIsNeverShown) {
  for (int i = 0; i < 100; ++i) tree().file("/d/file" + std::to_string(i), "x");
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    const std::string verb = with_mlst ? "MLSD" : "LIST";
    for (const Action action : {Action::close, Action::reset}) {
      for (const std::string reply : {"426 Connection lost", "451 Local error"}) {
        const Fault fault{verb, Moment::data, action, reply, 1000};
        SCOPED_TRACE(text_of(fault));
        inject(fault);
        std::size_t size = 0;
        const int code = failure([&] { size = names("/d").size(); });
        EXPECT_TRUE(code != 0 || size == 101) << size;
        expect_all_fired();
      }
    }
    EXPECT_EQ(names("/d").size(), 101u);
  }
}

// S13: a listing without end costs neither memory nor the mount.
TEST_F(FaultTest, AListingBeyondAnyMeasureIsEFBIG) {
  for (int i = 0; i < 9; ++i) tree().file("/d/file" + std::to_string(i), "x");
  struct Limits {
    std::uint64_t entries;
    std::uint64_t bytes;
    int code;
  };
  for (const Limits& limits : {Limits{10, 10'000, 0}, Limits{9, 10'000, EFBIG}, Limits{10, 300, EFBIG}}) {
    for (const bool with_mlst : {true, false}) {
      behaviour().mlst = with_mlst;
      ftp::FtpConfig bounded = config();
      bounded.max_entries = limits.entries;
      bounded.max_listing_bytes = limits.bytes;
      mount(bounded);
      EXPECT_EQ(failure([&] { list("/d"); }), limits.code);
      EXPECT_TRUE(stat("/a"));
    }
  }
}

// 18 and 5.5: one connection is enough, also with a reader that nobody reads from.
TEST_F(FaultTest, AStalledReaderGivesItsOnlySessionAway) {
  behaviour().max_sessions = 1;
  tree().file("/big", std::string(20'000'000, 'b'));
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  remote_.reset();
  run_until(io_, [&] { return server_.open_sessions() == 0; });
  mount(alone);
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  std::byte chunk[1000];
  EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
  EXPECT_TRUE(stat("/a"));
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_THROW(run(io_, source->read_some(chunk)), Revoked);
  EXPECT_EQ(read("/a"), "content");
}

TEST_F(FaultTest, ABusyUploadKeepsItsSessionUntilItIsDone) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  const auto sink = run(io_, remote_->open_sink(Path("/new"), {}, {}));
  const LocalFile content("content");
  run(io_, sink->write(content.fd(), 0, 7));
  std::optional<Attributes> seen;
  asio::co_spawn(io_, remote_->stat(Path("/a"), {}),
                 [&](std::exception_ptr, std::optional<Attributes> attributes) { seen = attributes; });
  settle(io_);
  EXPECT_FALSE(seen);
  EXPECT_EQ(run(io_, sink->commit()).size, 7u);
  run_until(io_, [&] { return seen.has_value(); });
  EXPECT_EQ(seen->size, 7u);
}

TEST_F(FaultTest, AnIdleUploadThatYieldsIsRevoked) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  SinkRequest request;
  request.yields = true;
  const auto sink = run(io_, remote_->open_sink(Path("/new"), request, {}));
  const LocalFile content("content");
  run(io_, sink->write(content.fd(), 0, 7));
  EXPECT_TRUE(stat("/a"));
  EXPECT_THROW(run(io_, sink->write(content.fd(), 0, 7)), Revoked);
  EXPECT_THROW(run(io_, sink->commit()), Revoked);
}

// Section 9: a download that is given up costs no session.
TEST_F(FaultTest, ADownloadGivenUpLeavesItsSessionUsable) {
  tree().file("/big", std::string(20'000'000, 'b'));
  for (int i = 0; i < 5; ++i) {
    auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
    std::byte chunk[1000];
    EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
    source.reset();
    EXPECT_TRUE(stat("/a"));
  }
  EXPECT_LE(server_.sessions(), 2u);
}

// An upload that is given up must not look whole: RST, not FIN.
TEST_F(FaultTest, AnUploadGivenUpIsNotCommitted) {
  auto sink = run(io_, remote_->open_sink(Path("/new"), {}, {}));
  run(io_, sink->write(as_bytes("half")));
  sink.reset();
  EXPECT_TRUE(stat("/a"));
  run_until(io_, [&] { return server_.open_sessions() <= 2; });
  const auto found = stat("/new");
  EXPECT_TRUE(!found || found->size <= 4);
}

}  // namespace
}  // namespace ftpfs::test
