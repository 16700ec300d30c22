// SPDX-License-Identifier: MIT
// Data connections that are made before they are needed.
#include <algorithm>

#include <gmock/gmock.h>

#include "primed_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;

TEST_F(PrimedTest, ALoneTransferPreparesNothing) {
  log_in();
  EXPECT_THAT(sent_for("/a"), ElementsAre("EPSV", "RETR /a"));
  clock_.advance(std::chrono::seconds(5));
  EXPECT_THAT(sent_for("/b"), ElementsAre("EPSV", "RETR /b"));
}

TEST_F(PrimedTest, TheNextOneOfARowIsPrepared) {
  log_in();
  EXPECT_THAT(sent_for("/a"), ElementsAre("EPSV", "RETR /a"));
  EXPECT_THAT(sent_for("/b"), ElementsAre("EPSV", "RETR /b", "EPSV"));
  EXPECT_THAT(sent_for("/c"), ElementsAre("RETR /c", "EPSV"));
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(PrimedTest, CanBeTurnedOff) {
  mount();
  get_going();
  EXPECT_THAT(sent_for("/c"), ElementsAre("EPSV", "RETR /c"));
}

TEST_F(PrimedTest, NotInActiveMode) {
  ftp::FtpConfig wanted = config();
  wanted.prime = wanted.active.on = true;
  mount(wanted);
  EXPECT_EQ(read("/a"), "/a");
  EXPECT_EQ(read("/b"), "/b");
  EXPECT_EQ(std::ranges::count(server_.commands(), "EPSV"), 0);
}

TEST_F(PrimedTest, AnyKindOfTransferUsesIt) {
  behaviour().mlst = false;
  log_in();
  get_going();
  server_.take_commands();
  list("/d");
  write("/new", "x");
  append("/new", "y");
  settle(io_);
  const std::vector<std::string> sent = server_.take_commands();
  EXPECT_EQ(tree().find("/new")->content, "xy");
  // A port before the first, and one after each transfer; LIST and LIST -a are two.
  EXPECT_EQ(std::ranges::count(sent, "EPSV"), 4);
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(PrimedTest, TheNextPortIsAskedForTogetherWithTheSizeOfAnUpload) {
  behaviour().mlst = behaviour().mfmt = false;
  log_in();
  stat("/a");
  get_going();
  write("/new", "x");
  settle(io_);
  EXPECT_THAT(server_.take_commands(), ElementsAre("STOR /new", "SIZE /new", "MDTM /new", "EPSV"));
  EXPECT_THAT(server_.take_commands_in_a_row(), ElementsAre("MDTM /new", "EPSV"));
}

TEST_F(PrimedTest, TheFirstPortOfAListingIsAskedForTogetherWithItsDirectory) {
  behaviour().mlst = false;
  log_in();
  read("/a");  // shows that EPSV works
  server_.take_commands();
  server_.take_commands_in_a_row();
  clock_.advance(std::chrono::seconds(20));
  list("/d");
  EXPECT_THAT(server_.take_commands_in_a_row(), ElementsAre("EPSV"));
  EXPECT_THAT(server_.take_commands(), ElementsAre("CWD /d", "EPSV", "LIST", "EPSV", "LIST -a"));
}

TEST_F(PrimedTest, OtherCommandsDoNotWaitForItNorUseItUp) {
  log_in();
  get_going();
  EXPECT_TRUE(stat("/a"));
  unlink("/b");
  EXPECT_THAT(server_.take_commands(), ElementsAre("MLST /a", "DELE /b"));
  EXPECT_THAT(sent_for("/c"), ElementsAre("RETR /c", "EPSV"));
}

TEST_F(PrimedTest, IsClosedWhenNobodyUsesIt) {
  log_in();
  get_going();
  clock_.advance(std::chrono::seconds(16));
  settle(io_);
  EXPECT_THAT(sent_for("/c"), ElementsAre("EPSV", "RETR /c"));
}

TEST_F(PrimedTest, AConnectionThatTheServerHasClosedIsNotUsed) {
  behaviour().commands_end_data = true;
  log_in();
  get_going();
  EXPECT_TRUE(stat("/a"));
  settle(io_);
  EXPECT_THAT(sent_for("/c"), ElementsAre("EPSV", "RETR /c", "EPSV"));
}

TEST_F(PrimedTest, AServerThatFindsNoConnectionThereGetsNoMore) {
  for (const char* words : {"425 Use PORT or PASV first.", "426 Connection closed."}) {
    log_in();
    get_going();
    server_.inject({"RETR", Fault::Moment::received, Fault::Action::reply, words});
    EXPECT_EQ(read("/c"), "/c") << words;
    EXPECT_EQ(server_.faults_left(), 0u) << words;
    EXPECT_THAT(sent_for("/a"), ElementsAre("EPSV", "RETR /a")) << words;
    EXPECT_THAT(sent_for("/b"), ElementsAre("EPSV", "RETR /b")) << words;
  }
}

TEST_F(PrimedTest, ARefusalOfThePortIsNoHarm) {
  log_in();
  EXPECT_EQ(read("/a"), "/a");
  server_.inject({"EPSV", Fault::Moment::received, Fault::Action::reply, "425 No free port."});
  server_.take_commands();
  behaviour().epsv = true;
  EXPECT_EQ(read("/b"), "/b");
  settle(io_);
  EXPECT_EQ(server_.faults_left(), 0u);
}

TEST_F(PrimedTest, ALineThatDiesMeanwhileIsNoticed) {
  for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
    for (const auto moment : {Fault::Moment::received, Fault::Moment::done, Fault::Moment::replied}) {
      log_in();
      EXPECT_EQ(read("/a"), "/a");
      EXPECT_EQ(read("/b"), "/b");
      // The port that the last one left is used by this; the one after it dies.
      server_.inject({"EPSV", moment, action});
      EXPECT_EQ(read("/c"), "/c");
      EXPECT_EQ(read("/a"), "/a");
      EXPECT_EQ(write("/new", "x").size, 1u);
      EXPECT_EQ(server_.faults_left(), 0u);
    }
  }
}

TEST_F(PrimedTest, AServerThatNeverTellsThePortIsNotAskedAheadAgain) {
  log_in();
  get_going();
  server_.inject({"EPSV", Fault::Moment::received, Fault::Action::stall});
  EXPECT_THAT(sent_for("/c"), ElementsAre("RETR /c", "EPSV"));
  clock_.advance(std::chrono::seconds(31));
  settle(io_);
  EXPECT_EQ(read("/a"), "/a");  // on another session
  EXPECT_THAT(sent_for("/b"), ElementsAre("EPSV", "RETR /b"));
  EXPECT_THAT(sent_for("/c"), ElementsAre("EPSV", "RETR /c"));
}

TEST_F(PrimedTest, APortThatNobodyAnswersOnIsLeft) {
  log_in();
  get_going();
  behaviour().epsv_port_closed = true;
  EXPECT_THAT(sent_for("/c"), ElementsAre("RETR /c", "EPSV"));
  behaviour().epsv_port_closed = false;
  EXPECT_THAT(sent_for("/a"), ElementsAre("EPSV", "RETR /a"));
  EXPECT_THAT(sent_for("/b"), ElementsAre("EPSV", "RETR /b"));
}

TEST_F(PrimedTest, AFileThatIsRefusedLeavesTheSessionUsable) {
  log_in();
  get_going();
  EXPECT_EQ(failure([&] { read("/missing"); }), ENOENT);
  EXPECT_EQ(read("/a"), "/a");
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(PrimedTest, AnUnmountSaysGoodbye) {
  log_in();
  get_going();
  run(io_, remote_->close());
  EXPECT_THAT(server_.take_commands(), ElementsAre("QUIT"));
}

TEST_F(PrimedTest, AStreamFromWithinAFileComesWithItsFacts) {
  log_in();
  get_going();
  EXPECT_TRUE(stat("/d/inner"));
  read("/a", 1);
  settle(io_);
  server_.take_commands();
  const auto source = run(io_, remote_->open_source(Path("/d/inner"), 2, {}));
  EXPECT_THAT(server_.take_commands(), ElementsAre("MLST /d/inner", "REST 2", "RETR /d/inner"));
  ASSERT_TRUE(source->shown());
  EXPECT_EQ(source->shown()->size, 6u);
}

}  // namespace
}  // namespace ftpfs::test
