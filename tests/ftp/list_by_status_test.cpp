// SPDX-License-Identifier: MIT
// Directories in the reply to STAT, as vsftpd prints them: what is spared, what cannot be forged, and when
// LIST is asked instead.
#include <cerrno>

#include <gmock/gmock.h>

#include <ftpfs/base/stop.hpp>

#include "remote_fixture.hpp"
#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;
using Action = Fault::Action;
using Moment = Fault::Moment;

void be_vsftpd(Behaviour& behaviour) {
  behaviour.greeting = "220 (vsFTPd 3.0.5)";
  behaviour.mlst = behaviour.mfmt = false;
  behaviour.list_missing_is_empty = behaviour.terse = behaviour.stat_lists = true;
}

class ListByStatus : public RemoteFixture {
 protected:
  ListByStatus() {
    be_vsftpd(behaviour());
    tree().file("/a", "content");
    tree().file("/d/inner", "inside");
    tree().file("/d/.hidden", "");
    tree().directory("/empty");
  }

  ftp::FtpConfig in_rows() const {
    ftp::FtpConfig chosen = config();
    chosen.pipelining = chosen.prime = true;
    return chosen;
  }
  void mount() { RemoteFixture::mount(in_rows()); }
  void mount(ftp::FtpConfig chosen) { RemoteFixture::mount(std::move(chosen)); }

  auto are_all() const { return UnorderedElementsAre("inner", ".hidden"); }
  bool asked(std::string_view verb) const {
    return std::ranges::any_of(server_.commands(), [&](const auto& line) { return line.starts_with(verb); });
  }
  void expect_by_status() {
    server_.take_commands();
    EXPECT_THAT(names("/d"), are_all());
    EXPECT_TRUE(asked("STAT") && !asked("LIST"));
  }
  void expect_by_list() {
    server_.take_commands();
    EXPECT_THAT(names("/d"), are_all());
    EXPECT_TRUE(asked("LIST") && !asked("STAT"));
  }
  // An offset that was left over would show in the next transfers.
  void expect_whole_transfers() {
    write("/new", "0123456789");
    EXPECT_EQ(tree().content("/new"), "0123456789");
    EXPECT_EQ(read("/new"), "0123456789");
  }
};

TEST_F(ListByStatus, IsOneTripWithoutAPort) {
  mount();
  server_.take_commands_in_a_row();
  EXPECT_THAT(names("/d"), are_all());
  settle(io_);
  EXPECT_THAT(server_.take_commands(),
              ElementsAre("CWD /d", "STAT -a", testing::MatchesRegex("REST [1-9][0-9]{14}"), "REST 0"));
  EXPECT_THAT(server_.take_commands_in_a_row(), testing::SizeIs(3));
  EXPECT_EQ(server_.data_connections(), 0u);
  expect_whole_transfers();
  expect_by_status();
}

// The first set-up asks whether REST says back what it is told; nobody has to wait for it.
TEST_F(ListByStatus, IsFoundOutInTheFirstSetUp) {
  ftp::FtpConfig chosen = in_rows();
  remote_ = std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                             make_logger(LogSink::none, spdlog::level::off), chosen);
  run(io_, remote_->connect({}));
  EXPECT_THAT(server_.take_commands(), AllOf(Contains("REST 999999999999999"), Contains("REST 0")));
  EXPECT_THAT(server_.take_commands_in_a_row(), Contains("REST 0"));
}

TEST_F(ListByStatus, ShowsWhatListShows) {
  for (const std::string name :
       {"  lead", "tail ", "back\\slash", "a -> b", "\xFF\xFE\xE9", "213 End of status", "a\rb", "-a", "~",
        "a\nb", "b\n213 End of status", "c\n213 End of status\r\n350 Restart position accepted (0).",
        "d\n213 End of status\r\n200 ok\r\n213 12345", "\xFF\n213 End of status\r\n350 (1).\r\n"})
    tree().file("/odd/" + name, name);
  tree().symlink("/odd/link", "inner");
  ftp::FtpConfig by_list = in_rows();
  by_list.list = ftp::ListMode::list;
  mount(by_list);
  const std::vector<Entry> expected = list("/odd");
  EXPECT_GT(expected.size(), 10u);
  EXPECT_FALSE(asked("STAT"));
  mount();
  const std::size_t sessions = server_.sessions();
  for (int again = 0; again < 2; ++again) EXPECT_EQ(list("/odd"), expected);
  EXPECT_FALSE(asked("LIST"));
  expect_by_status();
  EXPECT_EQ(server_.sessions(), sessions) << "nothing was out of step";
}

TEST_F(ListByStatus, AnEmptyDirectoryIsOne) {
  mount();
  EXPECT_THAT(names("/empty"), testing::IsEmpty());
  EXPECT_FALSE(asked("LIST"));
}

TEST_F(ListByStatus, WhatIsMissingIsNotTakenForAnother) {
  mount();
  EXPECT_THAT(names("/d"), are_all());
  EXPECT_EQ(failure([&] { list("/missing"); }), ENOENT);
  EXPECT_EQ(failure([&] { list("/a"); }), ENOTDIR);
  EXPECT_EQ(failure([&] { list("/a\rb"); }), EINVAL);
  expect_by_status();
  expect_whole_transfers();
}

// vsftpd then prints nothing at all, and LIST says why.
TEST_F(ListByStatus, ADirectoryThatMayNotBeReadIsNotEmpty) {
  behaviour().unreadable = "/empty";
  mount();
  EXPECT_EQ(failure([&] { list("/empty"); }), EACCES);
  expect_by_status();
}

TEST_F(ListByStatus, WithoutTheDirectoryItselfItProvesNothing) {
  behaviour().hides_self = true;
  mount();
  EXPECT_THAT(names("/d"), are_all());
  expect_by_list();
}

TEST_F(ListByStatus, WhereItIsRefusedListIsAsked) {
  for (const std::string reply :
       {"550 Permission denied.", "500 Unknown command.", "213 /d", "211 FTP server"}) {
    SCOPED_TRACE(reply);
    behaviour().replies["STAT"] = reply;
    mount();
    EXPECT_THAT(names("/d"), are_all());
    expect_by_list();
    expect_whole_transfers();
    behaviour().replies.clear();
  }
}

// Of unknown length, with any names in it: the session is of no more use.
TEST_F(ListByStatus, AnotherReplyOfSeveralLinesIsNotBelieved) {
  behaviour().replies["STAT"] = "211-FTP server status:\r\n     Connected\r\n211 End of status";
  mount();
  EXPECT_THAT(names("/d"), are_all());
  expect_by_list();
}

TEST_F(ListByStatus, WithoutAnEchoNothingTellsTheEnd) {
  for (const std::string reply :
       {"550 Permission denied.", "350 Restart position accepted (0).", "350 Restarting."}) {
    SCOPED_TRACE(reply);
    behaviour().replies["REST"] = reply;
    mount();
    EXPECT_THAT(names("/d"), are_all());
    EXPECT_FALSE(asked("STAT"));
    behaviour().replies.clear();
  }
}

// Nobody may use a session whose offset could not be taken back.
TEST_F(ListByStatus, AnOffsetThatStaysEndsTheSession) {
  server_.inject({.verb = "REST", .action = Action::reply, .reply = "550 No.", .skip = 1});
  mount();
  EXPECT_EQ(server_.faults_left(), 0u);
  EXPECT_EQ(server_.sessions(), 2u);
  expect_by_list();
  expect_whole_transfers();

  mount();
  server_.inject({.verb = "REST", .action = Action::reply, .reply = "550 No.", .skip = 1});
  EXPECT_THAT(names("/d"), are_all());
  EXPECT_EQ(server_.faults_left(), 0u);
  expect_by_list();
  expect_whole_transfers();
}

TEST_F(ListByStatus, OnlyWhereNothingElseIsWanted) {
  ftp::FtpConfig bounded = in_rows();
  bounded.download_rate = 1 << 20;
  mount(bounded);
  EXPECT_THAT(server_.commands_of(server_.sessions() - 1), Not(Contains(StartsWith("REST"))));
  std::vector<ftp::FtpConfig> others(4, in_rows());
  others[0].list = ftp::ListMode::list;
  others[1].list = ftp::ListMode::mlsd;
  others[2].list_options = "-a";
  others[3].pipelining = false;
  for (const ftp::FtpConfig& other : others) {
    mount(other);
    expect_by_list();
  }
  behaviour().greeting = "220 ProFTPD Server";
  mount();
  expect_by_list();
}

// F35. Whoever is cut off in the middle asks LIST for a while: what ended the session may be the reply
// itself.
TEST_F(ListByStatus, HalfAListingIsNeverShown) {
  const std::size_t whole = 21 + 5 * 65;  // about: some places are in the lines, some behind them
  for (const Action action : {Action::close, Action::reset}) {
    for (std::size_t at = 0; at < whole; at += 13) {
      SCOPED_TRACE(at);
      mount();
      server_.inject({.verb = "STAT", .moment = Moment::replying, .action = action, .after_bytes = at});
      EXPECT_THAT(names("/d"), are_all());
      EXPECT_EQ(server_.faults_left(), 0u);
      EXPECT_THAT(names("/d"), are_all());
    }
  }
  expect_by_list();
  clock_.advance(std::chrono::minutes(2));
  expect_by_status();
}

TEST_F(ListByStatus, ASessionThatWasDeadBeforeIsNobodysFault) {
  mount();
  server_.dismiss_idle("");
  expect_by_status();
  server_.inject({.verb = "STAT", .action = Action::reset});
  EXPECT_THAT(names("/d"), are_all());
  expect_by_status();
}

TEST_F(ListByStatus, SilenceInTheMiddleIsATimeOut) {
  mount();
  server_.inject({.verb = "STAT", .moment = Moment::replying, .action = Action::stall, .after_bytes = 60});
  const std::stop_token never;
  EXPECT_EQ(run_through_stalls(remote_->list(Path("/d"), never), 1, std::chrono::seconds(31)), 0);
  expect_by_list();
}

TEST_F(ListByStatus, WhatDripsArrives) {
  mount();
  server_.inject({.verb = "STAT", .moment = Moment::replying, .action = Action::drip, .after_bytes = 3});
  expect_by_status();
  EXPECT_EQ(server_.faults_left(), 0u);
}

TEST_F(ListByStatus, WhoeverLeavesLeavesNothingBehind) {
  mount();
  server_.inject({.verb = "STAT", .moment = Moment::replying, .action = Action::stall, .after_bytes = 60});
  std::stop_source stop;
  bool cancelled = false;
  asio::co_spawn(io_, remote_->list(Path("/d"), stop.get_token()),
                 [&](std::exception_ptr failure, std::vector<Entry>) {
                   try {
                     if (failure) std::rethrow_exception(failure);
                   } catch (const Cancelled&) {
                     cancelled = true;
                   }
                 });
  run_until(io_, [&] { return server_.faults_left() == 0; });
  settle(io_);
  stop.request_stop();
  run_until(io_, [&] { return cancelled; });
  expect_by_status();
}

// S13: without end, it costs neither memory nor the mount.
TEST_F(ListByStatus, BeyondAnyMeasureItIsEFBIG) {
  for (int i = 0; i < 9; ++i) tree().file("/many/file" + std::to_string(i), "x");
  struct Limits {
    std::uint64_t entries;
    std::uint64_t bytes;
    int code;
  };
  for (const Limits& limits : {Limits{10, 10'000, 0}, Limits{8, 10'000, EFBIG}, Limits{10, 300, EFBIG}}) {
    ftp::FtpConfig bounded = in_rows();
    bounded.max_entries = limits.entries;
    bounded.max_listing_bytes = limits.bytes;
    mount(bounded);
    EXPECT_EQ(failure([&] { list("/many"); }), limits.code);
    EXPECT_FALSE(asked("LIST"));
    EXPECT_TRUE(stat("/a"));
  }
  ftp::FtpConfig bounded = in_rows();
  bounded.max_listing_bytes = 1 << 15;
  mount(bounded);
  server_.inject({.verb = "STAT", .moment = Moment::replying, .action = Action::flood, .after_bytes = 100});
  EXPECT_EQ(failure([&] { list("/d"); }), EFBIG);
  EXPECT_EQ(server_.faults_left(), 0u);
  expect_by_status();
}

class ListByStatusInTls : public TlsFixture {};

TEST_F(ListByStatusInTls, IsTheSame) {
  be_vsftpd(behaviour());
  tree().file("/odd/\xFF\xFE\n213 End of status\r\n350 (1).", "");
  for (int i = 0; i < 2000; ++i) tree().file("/odd/a long name for many records " + std::to_string(i), "");
  ftp::FtpConfig chosen = config();
  chosen.pipelining = chosen.prime = true;
  mount(chosen);
  EXPECT_GE(names("/odd").size(), 2001u);
  EXPECT_THAT(server_.commands(), AllOf(Contains("STAT -a"), Not(Contains(StartsWith("LIST")))));
  EXPECT_EQ(read("/a"), "content");
  server_.inject({.verb = "STAT", .moment = Moment::replying, .action = Action::close, .after_bytes = 5000});
  EXPECT_GE(names("/odd").size(), 2001u);
  EXPECT_EQ(server_.faults_left(), 0u);
}

}  // namespace
}  // namespace ftpfs::test
