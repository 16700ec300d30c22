// SPDX-License-Identifier: MIT
// Uploads whose data do not wait for the 150.
#include <cerrno>
#include <memory>
#include <tuple>
#include <utility>

#include <gmock/gmock.h>

#include "primed_fixture.hpp"

namespace ftpfs::test {
namespace {

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

// The data may be there and the answer not: whole, or an error, and never anything between them.
TEST_F(UnheardUpload, WhoseLineDiesIsWholeOrAFailure) {
  for (const auto moment : {Fault::Moment::received, Fault::Moment::done, Fault::Moment::replied}) {
    for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
      log_in();
      get_going();
      tree().take("/new");
      server_.inject({"STOR", moment, action});
      const auto sink = begin();
      const int code = end(*sink);
      EXPECT_EQ(server_.faults_left(), 0u);
      EXPECT_EQ(code, moment == Fault::Moment::received ? EIO : 0);
      if (code == 0) {
        EXPECT_EQ(tree().content("/new"), "content");
      }
      EXPECT_EQ(read("/a"), "/a");
    }
  }
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

}  // namespace
}  // namespace ftpfs::test
