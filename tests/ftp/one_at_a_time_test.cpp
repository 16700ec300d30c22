// SPDX-License-Identifier: MIT
// A server that reads its next command when a transfer is over (vsftpd): what goes out in one trip with what.
#include <algorithm>

#include <gmock/gmock.h>

#include "primed_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;

// Whoever does one thing at a time keeps commands for later: they may follow the end of the data.
class OneAtATime : public PrimedTest {
 protected:
  explicit OneAtATime(std::size_t max_conns = 2) {
    behaviour().greeting = "220 (vsFTPd 3.0.5)";
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().list_missing_is_empty = behaviour().terse = true;
    tree().file("/.hidden", "");
    tree().file("/d/.hidden", "");
    log_in(max_conns);
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

TEST_F(OneAtATime, ALineThatDiesAtAnyCommandOfTheLookAndTheStreamIsRepeated) {
  for (const char* verb : {"SIZE", "MDTM", "REST", "RETR"}) {
    for (const auto moment : {Fault::Moment::received, Fault::Moment::done, Fault::Moment::replied}) {
      for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
        const bool begun = verb == std::string("RETR") && moment != Fault::Moment::received;
        if (begun) continue;  // the reader goes on with another stream (tests/vfs)
        log_in();             // no connections are made ahead any more once one has died
        stat("/a");
        read("/a", 1);
        read("/a", 1);
        server_.inject({verb, moment, action});
        EXPECT_EQ(read("/d/inner", 2), "side") << verb;
        EXPECT_EQ(server_.faults_left(), 0u) << verb;
        server_.clear_faults();
      }
    }
  }
}

TEST_F(OneAtATime, ALineThatDiesWhileAGivenUpStreamEndsIsNoticed) {
  tree().file("/big", std::string(20'000'000, 'b'));
  for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
    read("/a", 1);
    settle(io_);
    server_.inject({"EPSV", Fault::Moment::received, action});
    auto source = run(io_, remote_->open_source(Path("/big"), 5, {}));
    source.reset();
    settle(io_);
    EXPECT_EQ(server_.faults_left(), 0u);
    EXPECT_EQ(read("/b"), "/b");
  }
}

// It is asked a second time with a trip between the look and the stream: that is no proof.
TEST_F(OneAtATime, ALookThatASecondAttemptHasAskedInFrontDoesNotCount) {
  read("/a", 1);
  settle(io_);
  server_.inject({"RETR", Fault::Moment::received, Fault::Action::reply, "450 Busy."});
  std::unique_ptr<Source> source;
  awaitable<std::unique_ptr<Source>> opening = remote_->open_source(Path("/d/inner"), 2, {});
  asio::co_spawn(io_, std::move(opening), [&](std::exception_ptr failed, std::unique_ptr<Source> opened) {
    EXPECT_FALSE(failed);
    source = std::move(opened);
  });
  run_until(io_, [&] { return server_.faults_left() == 0; });
  settle(io_);
  clock_.advance(std::chrono::seconds(1));
  run_until(io_, [&] { return source != nullptr; });
  EXPECT_FALSE(source->shown());
  EXPECT_EQ(run(io_, read_to_end(std::move(source))), "side");
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

// A transfer that did not begin, because one of the two was refused, is nobody's lost connection.
TEST_F(OneAtATime, AFileWhoseLookIsRefusedIsLeftToWhoeverOpensIt) {
  ftp::FtpConfig plain = config();
  plain.pipelining = true;
  mount(plain);
  stat("/a");
  list("/");
  const std::size_t sessions = server_.sessions();
  behaviour().replies["MDTM"] = "550 no";
  EXPECT_FALSE(run(io_, remote_->fetch_whole(Path("/d/inner"), 100, {})));
  EXPECT_EQ(server_.sessions(), sessions);
  EXPECT_THAT(server_.take_commands(), testing::Contains("MDTM /d/inner"));
}

// While transfers follow one another quickly another session is logged in: its data connection is made while
// the first one is at work.
class StandBy : public OneAtATime {
 protected:
  StandBy() { log_in_anew(4); }

  void log_in_anew(std::size_t max_conns) {
    log_in(max_conns);
    settle(io_);
    before_ = server_.sessions();
  }
  void write_in_a_row(int files) {
    for (int number = 0; number < files; ++number) {
      write("/new" + std::to_string(number), "content");
      settle(io_);
    }
  }
  std::size_t more_sessions() const { return server_.sessions() - before_; }

 private:
  std::size_t before_ = 0;
};

TEST_F(StandBy, AnotherSessionTakesTurns) {
  write_in_a_row(8);
  EXPECT_EQ(more_sessions(), 1u);
  EXPECT_EQ(server_.open_sessions(), 2u);
  const std::vector<std::string> sent = server_.take_commands();
  EXPECT_EQ(std::ranges::count_if(sent, [](const auto& one) { return one.starts_with("STOR"); }), 8);
  EXPECT_EQ(tree().content("/new7"), "content");
}

TEST_F(StandBy, NotForALoneTransfer) {
  for (int again = 0; again < 3; ++again) {
    clock_.advance(std::chrono::seconds(5));
    write_in_a_row(1);
  }
  EXPECT_EQ(more_sessions(), 0u);
}

TEST_F(StandBy, TheLastSlotIsForOthers) {
  log_in_anew(2);
  write_in_a_row(8);
  EXPECT_EQ(more_sessions(), 0u);
}

TEST_F(StandBy, AServerThatTakesNoMoreIsNotAskedAgainAndAgain) {
  behaviour().max_sessions = 1;
  write_in_a_row(8);
  EXPECT_LE(more_sessions(), 1u);
  EXPECT_EQ(server_.open_sessions(), 1u);
  EXPECT_EQ(tree().content("/new7"), "content");
}

}  // namespace
}  // namespace ftpfs::test
