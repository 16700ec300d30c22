// SPDX-License-Identifier: MIT
// Several commands in one round trip: when, in which order, and with whom never.
#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using Rows = Behaviour::Rows;

class Pipelining : public RemoteFixture {
 protected:
  Pipelining() {
    tree().file("/a", "content");
    tree().file("/b", "more");
    tree().directory("/d");
  }

  // MLST tells all in one command: its absence makes rows.
  void without_facts() {
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().list_missing_is_empty = behaviour().terse = true;
  }

  void log_in() {
    ftp::FtpConfig wanted = config();
    wanted.pipelining = true;
    mount(wanted);
    in_set_up_ = server_.take_commands_in_a_row();
    all_in_set_up_ = server_.commands_of(server_.sessions() - 1);
  }

  // A log-in to a server that leaves a command unanswered: time has to pass.
  void log_in_patiently() {
    ftp::FtpConfig wanted = config();
    wanted.pipelining = true;
    remote_ = std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                               make_logger(LogSink::none, spdlog::level::off), wanted);
    bool done = false;
    asio::co_spawn(io_, remote_->connect({}), [&](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      done = true;
    });
    for (int second = 0; second < 20 && !done; ++second) {
      settle(io_);
      clock_.advance(std::chrono::seconds(1));
    }
    run_until(io_, [&] { return done; });
    server_.take_commands_in_a_row();
  }

  // What `operation` sent before the command ahead was answered.
  template <class Operation>
  std::vector<std::string> in_a_row(Operation operation) {
    server_.take_commands_in_a_row();
    operation();
    return server_.take_commands_in_a_row();
  }

  std::vector<std::string> in_set_up_;
  std::vector<std::string> all_in_set_up_;
};

TEST_F(Pipelining, TheSetUpIsOneTrip) {
  log_in();
  EXPECT_THAT(in_set_up_, ElementsAre("TYPE I", "PWD"));
  EXPECT_EQ(server_.sessions(), 1u);
}

// What vsftpd has decides about nothing but UTF-8.
TEST_F(Pipelining, OnVsftpdFeatGoesAlong) {
  behaviour().greeting = "220 (vsFTPd 3.0.5)";
  for (const bool utf8 : {true, false}) {
    behaviour().utf8 = utf8;
    log_in();
    EXPECT_THAT(in_set_up_, ElementsAre("REST 999999999999999", "REST 0", "TYPE I", "PWD"));
    EXPECT_EQ(std::ranges::count(all_in_set_up_, "FEAT"), 1);
    EXPECT_EQ(std::ranges::count(all_in_set_up_, "OPTS UTF8 ON"), utf8 ? 1 : 0);
  }
}

TEST_F(Pipelining, CanBeTurnedOff) {
  without_facts();
  mount();
  EXPECT_THAT(in_a_row([&] {
                stat("/a");
                stat("/b");
                read("/a", 3);
                read("/a", 3);
              }),
              IsEmpty());
}

TEST_F(Pipelining, SizeAndTimeAreAskedInOneTrip) {
  without_facts();
  log_in();
  std::optional<Attributes> found;
  EXPECT_THAT(in_a_row([&] { found = stat("/b"); }), ElementsAre("MDTM /b"));
  EXPECT_EQ(found->size, 4u);
  ASSERT_TRUE(found->mtime);
  EXPECT_EQ(found->mtime->seconds, tree().find("/b")->mtime);
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(write("/new", "x").size, 1u); }), ElementsAre("MDTM /new"));
}

TEST_F(Pipelining, SizeAndTimeThatFeatDoesNotListAreAskedInOneTripOnceBothHaveBeenTold) {
  without_facts();
  behaviour().feat = false;
  log_in();
  EXPECT_THAT(in_a_row([&] { stat("/a"); }), IsEmpty());
  EXPECT_THAT(in_a_row([&] { stat("/b"); }), ElementsAre("MDTM /b"));
}

TEST_F(Pipelining, WhatFeatListsInVainIsAskedInOneTripOnlyOnce) {
  without_facts();
  behaviour().size = behaviour().mdtm = false;
  behaviour().overstates = true;
  log_in();
  EXPECT_THAT(in_a_row([&] { stat("/a"); }), Contains("MDTM /a"));
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(stat("/b")->size, 4u); }), Not(Contains("MDTM /b")));
}

TEST_F(Pipelining, WhatIsMissingOrADirectoryIsToldAsEver) {
  without_facts();
  log_in();
  stat("/a");
  EXPECT_EQ(stat("/d")->kind, Kind::directory);
  EXPECT_FALSE(stat("/missing"));
}

TEST_F(Pipelining, TheOffsetGoesWithTheCommand) {
  log_in();
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 3), "tent"); }), ElementsAre("RETR /a"));
}

TEST_F(Pipelining, AnOffsetThatFeatDoesNotListGoesWithTheCommandOnceItHasWorked) {
  behaviour().feat = false;
  log_in();
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 3), "tent"); }), IsEmpty());
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 4), "ent"); }), ElementsAre("RETR /a"));
}

// Its set-up has asked for one already.
TEST_F(Pipelining, OnVsftpdTheFirstOffsetGoesWithTheCommand) {
  behaviour().greeting = "220 (vsFTPd 3.0.5)";
  behaviour().feat = false;
  log_in();
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 3), "tent"); }), ElementsAre("RETR /a"));
  behaviour().replies["REST"] = "502 No.";
  log_in();
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 3), "tent"); }), IsEmpty());
}

TEST_F(Pipelining, AnOffsetThatFeatListsInVainIsReadAndThrownAway) {
  behaviour().rest = false;
  behaviour().overstates = true;
  log_in();
  EXPECT_EQ(read("/a", 3), "tent");
  EXPECT_THAT(in_a_row([&] { EXPECT_EQ(read("/a", 4), "ent"); }), IsEmpty());
}

// The file would come from its beginning, and be taken for its end.
TEST_F(Pipelining, AnOffsetThatIsRefusedInARowIsNotBelieved) {
  log_in();
  read("/a", 3);
  server_.inject({"REST", Fault::Moment::received, Fault::Action::reply, "501 Not now."});
  EXPECT_EQ(read("/a", 4), "ent");
  EXPECT_EQ(server_.faults_left(), 0u);
  EXPECT_EQ(read("/a", 4), "ent");
}

TEST_F(Pipelining, AnOffsetBeforeAFileThatIsNotThereIsTakenBack) {
  log_in();
  read("/a", 3);
  EXPECT_EQ(failure([&] { read("/missing", 4); }), ENOENT);
  EXPECT_EQ(read("/a"), "content");
}

TEST_F(Pipelining, LaterSessionsAreSetUpInOneTrip) {
  tree().file("/big", std::string(20'000'000, 'b'));
  log_in();
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  EXPECT_THAT(in_a_row([&] { stat("/a"); }), ElementsAre("TYPE I"));
}

TEST_F(Pipelining, ALineThatDiesInTheMiddleOfARowIsRepeated) {
  without_facts();
  log_in();
  stat("/a");
  for (const auto moment : {Fault::Moment::received, Fault::Moment::replied}) {
    for (const char* verb : {"SIZE", "MDTM"}) {
      server_.inject({verb, moment, Fault::Action::close});
      EXPECT_EQ(stat("/b")->size, 4u) << verb;
      EXPECT_EQ(server_.faults_left(), 0u) << verb;
    }
  }
}

TEST_F(Pipelining, AServerThatMixesUpARowGetsNoMore) {
  behaviour().rows = Rows::mangled;
  without_facts();
  log_in();
  EXPECT_EQ(server_.sessions(), 1u);
  EXPECT_THAT(in_a_row([&] {
                stat("/a");
                stat("/b");
              }),
              IsEmpty());
}

TEST_F(Pipelining, AServerThatLosesARowGetsNoMore) {
  behaviour().rows = Rows::lost;
  without_facts();
  log_in_patiently();
  EXPECT_EQ(server_.sessions(), 2u);
  EXPECT_THAT(in_a_row([&] {
                stat("/a");
                stat("/b");
              }),
              IsEmpty());
}

TEST_F(Pipelining, IisIsNotEvenTried) {
  behaviour().greeting = "220 Microsoft FTP Service";
  behaviour().rows = Rows::lost;
  log_in();
  EXPECT_THAT(in_set_up_, IsEmpty());
  EXPECT_EQ(server_.sessions(), 1u);
}

}  // namespace
}  // namespace ftpfs::test
