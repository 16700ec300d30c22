// SPDX-License-Identifier: MIT
// What `ftpfs check` finds out, on servers with habits.
#include <algorithm>
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/ftp/report.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ExamineTest : public RemoteFixture {
 protected:
  ftp::ServerReport examine(bool may_write = true) {
    mount();
    return run(io_, remote_->examine(may_write, {}));
  }
};

TEST_F(ExamineTest, AModernServer) {
  tree().file("/hello", "hello");
  const ftp::ServerReport report = examine();
  EXPECT_EQ(report.greeting, "Fake server ready.");
  EXPECT_EQ(report.system, "UNIX Type: L8");
  EXPECT_FALSE(report.tls);
  EXPECT_EQ(report.user, "joe");
  EXPECT_EQ(report.home, "/");
  EXPECT_THAT(report.features, testing::Contains("REST STREAM"));
  EXPECT_THAT(report.features, testing::Not(testing::Contains("End.")));
  EXPECT_TRUE(report.round_trip);
  EXPECT_EQ(report.entries, 1u);
  EXPECT_EQ(report.listed_by, proto::Verb::mlsd);
  EXPECT_EQ(report.dot_files, ftp::Support::yes);
  EXPECT_EQ(report.data_command, proto::Verb::epsv);
  EXPECT_EQ(report.restart, ftp::Support::yes);
  EXPECT_EQ(report.writable, true);
  EXPECT_EQ(report.overwrite, ftp::Overwrite::replaces);
  EXPECT_EQ(report.mtime, ftp::MtimeCommand::mfmt);
  EXPECT_EQ(report.mode, ftp::ModeCommand::site_chmod);
  EXPECT_TRUE(report.clock_ahead);
  EXPECT_THAT(report.troubles, IsEmpty());
  ASSERT_TRUE(report.connections);
  EXPECT_FALSE(report.connections->refused);
}

TEST_F(ExamineTest, NothingIsLeftBehind) {
  tree().file("/hello", "hello");
  examine();
  EXPECT_EQ(names("/"), std::vector<std::string>{"hello"});
  run_until(io_, [&] { return server_.open_sessions() <= 1; });
}

TEST_F(ExamineTest, WithoutLeaveToWriteNothingIsWritten) {
  const ftp::ServerReport report = examine(false);
  EXPECT_FALSE(report.writable);
  EXPECT_FALSE(report.overwrite);
  EXPECT_THAT(server_.commands(), testing::Not(testing::Contains(testing::StartsWith("STOR"))));
}

TEST_F(ExamineTest, AServerThatTakesNoFiles) {
  behaviour().replies["STOR"] = "550 Permission denied.";
  const ftp::ServerReport report = examine();
  EXPECT_EQ(report.writable, false);
  ASSERT_THAT(report.troubles, SizeIs(1));
  EXPECT_EQ(report.troubles[0].step, "upload");
  EXPECT_EQ(report.troubles[0].server_said, "550 Permission denied.");
}

TEST_F(ExamineTest, AServerThatCanDoLittle) {
  Behaviour& can = behaviour();
  can.mlsd = can.mlst = can.rest = can.mfmt = can.site_chmod = false;
  can.list_options = false;
  const ftp::ServerReport report = examine();
  EXPECT_EQ(report.listed_by, proto::Verb::list);
  EXPECT_EQ(report.dot_files, ftp::Support::no);
  EXPECT_EQ(report.restart, ftp::Support::no);
  EXPECT_EQ(report.mtime, ftp::MtimeCommand::none);
  EXPECT_EQ(report.mode, ftp::ModeCommand::none);
  EXPECT_EQ(report.writable, true);
}

// How it lists is told, and a data connection was tried all the same.
TEST_F(ExamineTest, OfListingsByStatus) {
  behaviour().greeting = "220 (vsFTPd 3.0.5)";
  behaviour().mlst = behaviour().mfmt = false;
  behaviour().stat_lists = true;
  ftp::FtpConfig in_rows = config();
  in_rows.pipelining = true;
  mount(in_rows);
  const ftp::ServerReport report = run(io_, remote_->examine(false, {}));
  EXPECT_EQ(report.listed_by, proto::Verb::stat);
  EXPECT_TRUE(report.data_command);
  EXPECT_THAT(server_.commands(), testing::Contains("LIST -a"));
}

TEST_F(ExamineTest, WhatBecomesOfNames) {
  const ftp::ServerReport good = examine();
  EXPECT_EQ(good.names.charset, "UTF-8");
  EXPECT_THAT(good.names.changed, IsEmpty());
  EXPECT_THAT(good.names.kept,
              testing::IsSupersetOf({"capitals", "blanks at the end", "letters beyond ASCII", "?"}));
  EXPECT_EQ(good.names.folds_case, false);

  behaviour().trims_blanks = true;
  behaviour().folds_case = true;
  behaviour().utf8 = false;
  const ftp::ServerReport odd = examine();
  EXPECT_EQ(odd.names.charset, "");
  EXPECT_THAT(odd.names.changed, testing::ElementsAre("blanks at the end"));
  EXPECT_EQ(odd.names.folds_case, true);
  EXPECT_THAT(names("/"), IsEmpty());
}

TEST_F(ExamineTest, TheZoneOfListings) {
  behaviour().mlsd = behaviour().mlst = false;
  behaviour().zone = [](std::time_t) { return 2 * 3600; };
  behaviour().now = 1'700'000'000;
  tree().file("/hello", "hello", 1'699'990'000);
  const ftp::ServerReport report = examine();
  EXPECT_FALSE(report.zones.told);
  EXPECT_EQ(report.zones.list, std::vector<std::chrono::seconds>{std::chrono::hours(2)});
  EXPECT_EQ(report.zones.mdtm.count(), 0);
}

TEST_F(ExamineTest, RenamesThatDoNotReplace) {
  behaviour().rename_replaces = false;
  EXPECT_EQ(examine().overwrite, ftp::Overwrite::refuses);
  EXPECT_THAT(names("/"), IsEmpty());
}

TEST_F(ExamineTest, RenamesThatPretend) {
  behaviour().rename_lies = true;
  EXPECT_EQ(examine().overwrite, ftp::Overwrite::pretends);
  EXPECT_THAT(names("/"), IsEmpty());
}

class CutShort : public ExamineTest {
 protected:
  // Ends as soon as `moment` has come.
  template <class Moment>
  int examine_until(Moment moment) {
    mount();
    std::stop_source stop;
    std::optional<int> code;
    asio::co_spawn(io_, remote_->examine(true, stop.get_token()),
                   [&code](std::exception_ptr error, ftp::ServerReport) {
                     code = 0;
                     try {
                       if (error) std::rethrow_exception(error);
                     } catch (const Error& failure) {
                       code = failure.code();
                     }
                   });
    run_until(io_, [&] { return moment() || code; });
    stop.request_stop();
    settle(io_);
    if (!code) clock_.advance(std::chrono::seconds(5));
    run_until(io_, [&] { return code.has_value(); });
    return *code;
  }
  bool has_come(std::string_view verb) {
    return std::ranges::any_of(server_.commands(), [&](const auto& line) { return line.starts_with(verb); });
  }
};

// Ctrl-C.
TEST_F(CutShort, NothingIsLeftBehindWhereverItWasStopped) {
  for (const std::string verb : {"STOR", "RETR", "MFMT", "SITE CHMOD", "RNTO"}) {
    SCOPED_TRACE(verb);
    EXPECT_EQ(examine_until([&] { return has_come(verb); }), EINTR);
    EXPECT_TRUE(has_come("DELE"));
    EXPECT_TRUE(tree().find("/")->children.empty());
  }
}

TEST_F(CutShort, AServerThatIsSilentDoesNotHoldTheUser) {
  server_.inject({"RETR", Fault::Moment::received, Fault::Action::stall});
  server_.inject({"DELE", Fault::Moment::received, Fault::Action::stall});
  EXPECT_EQ(examine_until([&] { return has_come("RETR"); }), EINTR);
}

// The session dies, and so does the log-in that the next step wants.
TEST_F(CutShort, NothingIsLeftBehindWhenNoSessionCanBeHad) {
  server_.inject({"RETR", Fault::Moment::received, Fault::Action::reset});
  server_.inject({"GREETING", Fault::Moment::received, Fault::Action::reset, {}, 0, 1, 2});
  EXPECT_EQ(examine_until([] { return false; }), EIO);
  EXPECT_TRUE(tree().find("/")->children.empty());
}

TEST_F(ExamineTest, WhatCannotBeRemovedIsTold) {
  behaviour().replies["DELE"] = "550 Permission denied.";
  const ftp::ServerReport report = examine();
  ASSERT_THAT(report.troubles, SizeIs(1));
  EXPECT_EQ(report.troubles[0].step, "clean up");
  EXPECT_THAT(report.troubles[0].what, testing::HasSubstr("/.ftpfs-check-"));
}

TEST_F(ExamineTest, ALimitOfConnectionsIsFound) {
  behaviour().max_sessions = 3;
  const ftp::ServerReport report = examine();
  ASSERT_TRUE(report.connections);
  EXPECT_EQ(report.connections->open, 3u);
  EXPECT_TRUE(report.connections->refused);
  EXPECT_EQ(report.connections->server_said, "421 Too many connections from your host.");
}

}  // namespace
}  // namespace ftpfs::test
