// SPDX-License-Identifier: MIT
// What `ftpfs check` finds out, on servers with habits.
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
  EXPECT_TRUE(report.by_mlsd);
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
  EXPECT_FALSE(report.by_mlsd);
  EXPECT_EQ(report.dot_files, ftp::Support::no);
  EXPECT_EQ(report.restart, ftp::Support::no);
  EXPECT_EQ(report.mtime, ftp::MtimeCommand::none);
  EXPECT_EQ(report.mode, ftp::ModeCommand::none);
  EXPECT_EQ(report.writable, true);
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
