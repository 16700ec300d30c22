// SPDX-License-Identifier: MIT
// Data connections that are made before they are needed.
#include <algorithm>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PrimedTest : public RemoteFixture {
 protected:
  PrimedTest() {
    for (const char* name : {"/a", "/b", "/c"}) tree().file(name, name);
    tree().file("/d/inner", "inside");
  }

  void log_in() {
    ftp::FtpConfig wanted = config();
    wanted.pipelining = wanted.prime = true;
    mount(wanted);
  }

  // Transfers follow one another: the next one is prepared.
  void get_going() {
    EXPECT_EQ(read("/a"), "/a");
    EXPECT_EQ(read("/b"), "/b");
    settle(io_);
    server_.take_commands();
    server_.take_commands_in_a_row();
  }

  std::vector<std::string> sent_for(std::string_view path) {
    server_.take_commands();
    EXPECT_EQ(read(path), path);
    settle(io_);
    return server_.take_commands();
  }
};

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

// On a far server the next data connection is not there yet when the next transfer begins.
TEST_F(PrimedTest, OneTransferAfterTheOtherThatWaitsGetsOneSessionMore) {
  log_in();
  get_going();
  server_.inject({.verb = "EPSV",
                  .moment = Fault::Moment::replying,
                  .action = Fault::Action::drip,
                  .after_bytes = 25,
                  .times = 100,
                  .pause = std::chrono::milliseconds(1)});
  for (int again = 0; again < 12; ++again) EXPECT_EQ(read("/c"), "/c");
  server_.clear_faults();
  settle(io_);
  EXPECT_EQ(server_.sessions(), 2u);
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

// An upload that does not wait for its 150.
class UnheardUpload : public PrimedTest {
 protected:
  UnheardUpload() { request_.unheard = true; }

  std::unique_ptr<Sink> begin() { return run(io_, remote_->open_sink(Path("/new"), request_, {})); }

  SinkRequest request_;
  LocalFile content_{"content"};
};

TEST_F(UnheardUpload, SendsItsDataBeforeTheServerHasAnswered) {
  log_in();
  get_going();
  server_.inject({"STOR", Fault::Moment::received, Fault::Action::stall});
  const auto sink = begin();
  EXPECT_EQ(run(io_, sink->write(content_.fd(), 0, 7)), 7u);
  settle(io_);
  EXPECT_EQ(server_.faults_left(), 0u);
}

TEST_F(UnheardUpload, ArrivesWhole) {
  log_in();
  for (int again = 0; again < 3; ++again) {
    const auto sink = begin();
    run(io_, sink->write(content_.fd(), 0, 7));
    EXPECT_EQ(run(io_, sink->commit()).size, 7u);
    EXPECT_EQ(tree().content("/new"), "content");
  }
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(UnheardUpload, IsToldTheRefusalAtTheEnd) {
  log_in();
  get_going();
  for (const char* words : {"553 Not here.", "552 Disk full.", "550 No."}) {
    server_.inject({"STOR", Fault::Moment::received, Fault::Action::reply, words});
    const int code = failure([&] {
      const auto sink = begin();
      run(io_, sink->write(content_.fd(), 0, 7));
      run(io_, sink->commit());
    });
    EXPECT_NE(code, 0) << words;
    EXPECT_NE(code, ENOENT) << words;
    EXPECT_FALSE(tree().exists("/new")) << words;
    EXPECT_EQ(read("/a"), "/a") << words;
  }
}

TEST_F(UnheardUpload, IsGivenUpWithoutATrace) {
  log_in();
  get_going();
  auto sink = begin();
  sink.reset();
  EXPECT_EQ(read("/a"), "/a");
}

// Whoever does one thing at a time keeps commands for later: they may follow the end of the data.
class OneAtATime : public PrimedTest {
 protected:
  OneAtATime() {
    behaviour().greeting = "220 (vsFTPd 3.0.5)";
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().list_missing_is_empty = behaviour().terse = true;
    tree().file("/.hidden", "");
    tree().file("/d/.hidden", "");
    log_in();
    stat("/a");
    list("/");
    list("/");
    settle(io_);
    server_.take_commands();
    server_.take_commands_in_a_row();
  }
};

TEST_F(OneAtATime, AListingIsOneTripAndThePortOfTheNextComesWithItsEnd) {
  const auto names_are = testing::UnorderedElementsAre(".hidden", "inner");
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(names("/d"), names_are);
    settle(io_);
    EXPECT_THAT(server_.take_commands(), ElementsAre("CWD /d", "LIST -a", "EPSV"));
    const std::vector<std::string> in_a_row = server_.take_commands_in_a_row();
    EXPECT_EQ(std::ranges::count(in_a_row, "LIST -a"), 1);
  }
}

// What the listing of the directory where we still are would look like.
TEST_F(OneAtATime, ADirectoryThatIsMissingIsNotTakenForAnother) {
  EXPECT_EQ(failure([&] { list("/missing"); }), ENOENT);
  settle(io_);
  EXPECT_THAT(names("/d"), testing::UnorderedElementsAre(".hidden", "inner"));
  EXPECT_EQ(failure([&] { list("/a"); }), ENOTDIR);
  EXPECT_THAT(names("/d"), testing::UnorderedElementsAre(".hidden", "inner"));
}

TEST_F(OneAtATime, AnUploadIsMeasuredBesideItsOwnReply) {
  EXPECT_EQ(write("/new", "content").size, 7u);
  settle(io_);
  EXPECT_THAT(server_.take_commands(), ElementsAre("STOR /new", "SIZE /new", "MDTM /new", "EPSV"));
}

// Found by the soak: what is asked behind the upload had no time-out of its own, and close() waited for ever.
TEST_F(OneAtATime, AnUploadThatIsNeverAnsweredIsLookedAfterThoughMoreWasAskedBehindIt) {
  server_.inject({"STOR", Fault::Moment::done, Fault::Action::stall});
  awaitable<Attributes> upload = write_file(*remote_, Path("/new"), "content", {});
  EXPECT_EQ(run_through_stalls(std::move(upload), 1, std::chrono::seconds(31)), 0);
  EXPECT_EQ(server_.faults_left(), 0u);
  EXPECT_EQ(tree().content("/new"), "content");
}

TEST_F(OneAtATime, AnAppendIsOneTripWithTheQuestionsBeforeAndAfter) {
  EXPECT_EQ(append("/a", "more").size, 6u);
  settle(io_);
  EXPECT_THAT(server_.take_commands(), ElementsAre("SIZE /a", "APPE /a", "SIZE /a", "MDTM /a", "EPSV"));
  EXPECT_EQ(append("/fresh", "new").size, 3u);
  EXPECT_EQ(tree().content("/a"), "/amore");
  EXPECT_EQ(tree().content("/fresh"), "new");
  server_.inject({"APPE", Fault::Moment::received, Fault::Action::reply, "553 No."});
  EXPECT_NE(failure([&] { append("/a", "lost"); }), 0);
  EXPECT_EQ(tree().content("/a"), "/amore");
}

// May be written to and not read: SIZE is 550, and yet there is something to append to.
TEST_F(OneAtATime, AnAppendToAFileThatTellsNoSizeIsCountedFromItsListing) {
  server_.inject({.verb = "SIZE",
                  .moment = Fault::Moment::received,
                  .action = Fault::Action::reply,
                  .reply = "550 Could not get file size.",
                  .times = 3});
  EXPECT_EQ(append("/a", "more").size, 6u);
  EXPECT_EQ(tree().content("/a"), "/amore");
}

TEST_F(OneAtATime, AnUploadThatIsRefusedAtItsEndIsAnErrorWhateverTheSize) {
  for (const char* words : {"552 Quota.", "451 Local error.", "426 Broken."}) {
    server_.inject({"STOR", Fault::Moment::done, Fault::Action::reply, words});
    EXPECT_NE(failure([&] { write("/new", "content"); }), 0) << words;
    EXPECT_EQ(server_.faults_left(), 0u);
    EXPECT_EQ(read("/a"), "/a");
  }
}

TEST_F(OneAtATime, ADownloadThatIsRefusedAtItsEndIsAnError) {
  for (const char* words : {"451 Local error.", "426 Broken."}) {
    server_.inject({"RETR", Fault::Moment::done, Fault::Action::reply, words});
    EXPECT_NE(failure([&] { read("/a"); }), 0) << words;
    EXPECT_EQ(read("/b"), "/b");
    EXPECT_THAT(names("/d"), testing::UnorderedElementsAre(".hidden", "inner"));
  }
}

TEST_F(OneAtATime, ALineThatDiesAtAnyCommandOfARowIsRepeated) {
  for (const char* verb : {"CWD", "LIST", "EPSV", "STOR", "SIZE", "MDTM"}) {
    for (const auto moment : {Fault::Moment::received, Fault::Moment::done, Fault::Moment::replied}) {
      server_.inject({verb, moment, Fault::Action::close});
      EXPECT_THAT(names("/d"), testing::UnorderedElementsAre(".hidden", "inner")) << verb;
      // Only who can choose another name may send an upload again that may come late.
      const bool may_be_late = verb == std::string("STOR") && moment == Fault::Moment::received;
      if (may_be_late) {
        EXPECT_EQ(failure([&] { write("/new", "content"); }), EIO);
      }
      EXPECT_EQ(write("/new", "content").size, 7u) << verb;
      EXPECT_EQ(tree().content("/new"), "content") << verb;
      server_.clear_faults();
    }
  }
}

// Random reads, resumed streams: what the file is comes along.
TEST_F(OneAtATime, AStreamFromWithinAFileIsOneTripWithTheLook) {
  EXPECT_EQ(read("/d/inner", 2), "side");  // REST is known to work now
  settle(io_);
  server_.take_commands();
  server_.take_commands_in_a_row();
  const auto source = run(io_, remote_->open_source(Path("/d/inner"), 3, {}));
  EXPECT_THAT(server_.take_commands(),
              ElementsAre("SIZE /d/inner", "MDTM /d/inner", "REST 3", "RETR /d/inner"));
  EXPECT_THAT(server_.take_commands_in_a_row(), ElementsAre("MDTM /d/inner", "REST 3", "RETR /d/inner"));
  ASSERT_TRUE(source->shown());
  EXPECT_EQ(source->shown()->size, 6u);
  ASSERT_TRUE(source->shown()->mtime);
  EXPECT_EQ(source->shown()->mtime->seconds, tree().find("/d/inner")->mtime);
}

TEST_F(OneAtATime, AFileThatIsMissingIsToldSoThoughALookWentAhead) {
  read("/a", 1);
  EXPECT_EQ(failure([&] { read("/missing", 1); }), ENOENT);
  EXPECT_EQ(read("/a", 1), "a");
}

TEST_F(OneAtATime, ALookThatIsRefusedDoesNotEndTheStream) {
  read("/a", 1);
  for (const char* verb : {"SIZE", "MDTM"}) {
    server_.inject({verb, Fault::Moment::received, Fault::Action::reply, "550 Not now."});
    const auto source = run(io_, remote_->open_source(Path("/d/inner"), 2, {}));
    EXPECT_EQ(server_.faults_left(), 0u);
    const bool no_size = verb == std::string("SIZE");
    EXPECT_EQ(source->shown().has_value(), !no_size) << verb;
    if (!no_size) {
      EXPECT_FALSE(source->shown()->mtime);
    }
  }
  EXPECT_EQ(read("/d/inner", 2), "side");
}

TEST_F(OneAtATime, TheNextPortIsAskedForWhenAStreamIsGivenUp) {
  tree().file("/big", std::string(20'000'000, 'b'));
  read("/a", 1);
  settle(io_);
  server_.take_commands();
  for (const std::uint64_t offset : {5u, 6u, 7u}) {
    auto source = run(io_, remote_->open_source(Path("/big"), offset, {}));
    source.reset();
    settle(io_);
    const std::string rest = "REST " + std::to_string(offset);
    EXPECT_THAT(server_.take_commands(), ElementsAre("SIZE /big", "MDTM /big", rest, "RETR /big", "EPSV"));
  }
  EXPECT_EQ(read("/b"), "/b");
  EXPECT_EQ(server_.sessions(), 1u);
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

TEST_F(OneAtATime, ASmallFileAndItsAttributesAreOneTrip) {
  const std::optional<WholeFile> whole = run(io_, remote_->fetch_whole(Path("/d/inner"), 100, {}));
  settle(io_);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->attributes.size, 6u);
  EXPECT_EQ(whole->content.size(), 6u);
  EXPECT_THAT(server_.take_commands(),
              ElementsAre("SIZE /d/inner", "MDTM /d/inner", "RETR /d/inner", "EPSV"));
  EXPECT_FALSE(run(io_, remote_->fetch_whole(Path("/d/inner"), 5, {}))) << "too large";
  EXPECT_FALSE(run(io_, remote_->fetch_whole(Path("/missing"), 100, {})));
  EXPECT_EQ(read("/a"), "/a");
}

}  // namespace
}  // namespace ftpfs::test
