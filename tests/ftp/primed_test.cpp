// SPDX-License-Identifier: MIT
// Data connections that are made before they are needed.
#include <algorithm>
#include <cerrno>
#include <tuple>

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

  void log_in(std::size_t max_conns = 4) {
    ftp::FtpConfig wanted = config();
    wanted.max_conns = max_conns;
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
  UnheardUpload() {
    request_.unheard = true;
    behaviour().greeting = "220 ProFTPD Server (fake)";
  }

  std::unique_ptr<Sink> begin(const char* path = "/new") {
    return run(io_, remote_->open_sink(Path(path), request_, {}));
  }
  // The errno that it fails with; 0: it has arrived.
  int end(Sink& sink) {
    return failure([&] {
      run(io_, sink.write(content_.fd(), 0, 7));
      run(io_, sink.commit());
    });
  }

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

// Found with pyftpdlib, which closes a data connection that speaks before its command and never answers that.
TEST_F(UnheardUpload, WaitsForAServerThatIsNotKnownToKeepWhatComesEarly) {
  behaviour().greeting = "220 Some other server.";
  log_in();
  get_going();
  server_.inject({"STOR", Fault::Moment::received, Fault::Action::stall});
  awaitable<std::unique_ptr<Sink>> opening = remote_->open_sink(Path("/new"), request_, {});
  EXPECT_NE(run_through_stalls(std::move(opening), 1, std::chrono::seconds(31)), 0);
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
  using Answer = Sink::Answer;
  const std::tuple<const char*, int, Answer> refusals[] = {
      {"553 Not here.", EACCES, Answer::no},
      {"550 No.", EACCES, Answer::no},
      {"553 Disk full.", ENOSPC, Answer::no},
      {"552 Disk full.", ENOSPC, Answer::none},
      {"452 Insufficient storage.", ENOSPC, Answer::none}};
  for (const auto& [words, expected, answer] : refusals) {
    log_in();
    get_going();  // else the answer may be here before the data connection
    server_.inject({"STOR", Fault::Moment::received, Fault::Action::reply, words});
    const auto sink = begin();
    EXPECT_EQ(sink->answer(), Answer::none) << words;
    EXPECT_EQ(end(*sink), expected) << words;
    EXPECT_EQ(sink->answer(), answer) << words;
    EXPECT_FALSE(tree().exists("/new")) << words;
    EXPECT_EQ(read("/a"), "/a") << words;
  }
}

TEST_F(UnheardUpload, IsRefusedAsClearlyAsOneThatWaits) {
  behaviour().terse = true;
  const std::pair<const char*, int> paths[] = {{"/missing/new", ENOENT}, {"/a/new", ENOTDIR}, {"/d", EISDIR}};
  for (const auto& [path, expected] : paths) {
    log_in();
    get_going();
    const auto sink = begin(path);
    EXPECT_EQ(end(*sink), expected) << path;
    EXPECT_EQ(sink->answer(), Sink::Answer::no) << path;
    EXPECT_EQ(server_.open_sessions(), 1u) << path;
  }
}

TEST_F(UnheardUpload, SaysYesWhenItHasArrived) {
  log_in();
  get_going();
  const auto sink = begin();
  EXPECT_EQ(end(*sink), 0);
  EXPECT_EQ(sink->answer(), Sink::Answer::yes);
}

// Whoever sends it again gets an ordinary data connection; and no connection is made ahead any more.
TEST_F(UnheardUpload, IsSentAgainWholeWhenTheServerFindsNoConnection) {
  for (const char* words : {"425 No data connection.", "426 Connection closed."}) {
    log_in();
    get_going();
    server_.inject({"STOR", Fault::Moment::received, Fault::Action::reply, words});
    const auto sink = begin();
    bool line_died = false;
    try {
      run(io_, sink->write(content_.fd(), 0, 7));
      run(io_, sink->commit());
    } catch (const ConnectionLost& lost) {
      line_died = !lost.may_be_late;
    }
    EXPECT_TRUE(line_died) << words;
    EXPECT_EQ(sink->answer(), Sink::Answer::none) << words;
    server_.take_commands();
    const auto again = begin();
    EXPECT_EQ(end(*again), 0) << words;
    EXPECT_EQ(tree().content("/new"), "content") << words;
    settle(io_);
    EXPECT_EQ(std::ranges::count(server_.take_commands(), "EPSV"), 1) << words;
  }
}

// Whoever tries again waits to be heard, and with that until it is over.
TEST_F(UnheardUpload, IsToBeSentAgainWhenItIsRefusedForTheMoment) {
  log_in();
  get_going();
  server_.inject({"STOR", Fault::Moment::received, Fault::Action::reply, "450 File is busy."});
  const auto sink = begin();
  run(io_, sink->write(content_.fd(), 0, 7));
  EXPECT_THROW(run(io_, sink->commit()), ConnectionLost);
  EXPECT_EQ(server_.open_sessions(), 1u);
}

TEST_F(UnheardUpload, IsNoSuccessWhenTheServerHasNotReadIt) {
  tree().file("/new", "old");
  log_in();
  get_going();
  server_.inject({"STOR", Fault::Moment::received, Fault::Action::reply, "226 Transfer complete."});
  const auto sink = begin();
  EXPECT_EQ(end(*sink), EIO);
  EXPECT_EQ(tree().content("/new"), "old");
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
