// SPDX-License-Identifier: MIT
// Appends whose data wait neither for the 150 nor for how much is there before.
#include <cerrno>
#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "primed_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;

class UnheardAppend : public PrimedTest {
 protected:
  UnheardAppend() {
    request_.mode = SinkRequest::Mode::append;
    request_.unheard = true;
    behaviour().greeting = "220 (vsFTPd 3.0.5)";
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().list_missing_is_empty = behaviour().terse = true;
    tree().file("/.hidden", "");
    begin_anew();
  }

  void begin_anew() {
    tree().file("/a", "/a");
    log_in(2);  // none stands by
    stat("/a");
    get_going();
  }

  // The errno that it fails with; 0: it has arrived.
  int append(const char* path = "/a") {
    return failure([&] {
      const auto sink = run(io_, remote_->open_sink(Path(path), request_, {}));
      run(io_, sink->write(content_.fd(), 0, 7));
      size_ = run(io_, sink->commit()).size;
    });
  }

  SinkRequest request_;
  LocalFile content_{"content"};
  std::uint64_t size_ = 0;
};

TEST_F(UnheardAppend, IsOneTripWithTheQuestionsBeforeAndAfter) {
  EXPECT_EQ(append(), 0);
  EXPECT_EQ(size_, 9u);
  EXPECT_EQ(tree().content("/a"), "/acontent");
  settle(io_);
  EXPECT_THAT(server_.take_commands(), ElementsAre("SIZE /a", "APPE /a", "SIZE /a", "MDTM /a", "EPSV"));
  EXPECT_THAT(server_.take_commands_in_a_row(), testing::Contains("APPE /a"));
}

TEST_F(UnheardAppend, SendsItsDataBeforeAnythingIsAnswered) {
  server_.inject({"SIZE", Fault::Moment::received, Fault::Action::stall});
  const auto sink = run(io_, remote_->open_sink(Path("/a"), request_, {}));
  EXPECT_EQ(run(io_, sink->write(content_.fd(), 0, 7)), 7u);
  settle(io_);
  EXPECT_EQ(server_.faults_left(), 0u);
}

TEST_F(UnheardAppend, MakesAFileThatIsMissing) {
  EXPECT_EQ(append("/fresh"), 0);
  EXPECT_EQ(size_, 7u);
  EXPECT_EQ(tree().content("/fresh"), "content");
}

// May be written to and not read: SIZE is 550, and yet there is something to append to.
TEST_F(UnheardAppend, IsCountedFromTheListingWhereThereIsNoSize) {
  const Fault untold{.verb = "SIZE",
                     .moment = Fault::Moment::received,
                     .action = Fault::Action::reply,
                     .reply = "550 Could not get file size.",
                     .times = 3};
  server_.inject(untold);
  EXPECT_EQ(append(), 0);
  EXPECT_EQ(size_, 9u);
  EXPECT_EQ(tree().content("/a"), "/acontent");
}

TEST_F(UnheardAppend, IsToldTheRefusalAtTheEnd) {
  server_.inject({"APPE", Fault::Moment::received, Fault::Action::reply, "553 Not here."});
  EXPECT_EQ(append(), EACCES);
  EXPECT_EQ(tree().content("/a"), "/a");
  EXPECT_EQ(read("/b"), "/b");
}

TEST_F(UnheardAppend, IsNoSuccessWhenTheServerHasNotReadIt) {
  server_.inject({"APPE", Fault::Moment::received, Fault::Action::reply, "226 Transfer complete."});
  EXPECT_EQ(append(), EIO);
  EXPECT_EQ(tree().content("/a"), "/a");
}

// Success only where it is known to be there, once. A failure may have arrived: whoever called takes care.
TEST_F(UnheardAppend, WhoseLineDiesIsThereOnceOrAFailure) {
  for (const char* verb : {"SIZE", "APPE"}) {
    for (const auto moment : {Fault::Moment::received, Fault::Moment::done, Fault::Moment::replied}) {
      for (const auto action : {Fault::Action::close, Fault::Action::reset}) {
        SCOPED_TRACE(verb + std::to_string(static_cast<int>(moment)) +
                     std::to_string(static_cast<int>(action)));
        begin_anew();
        server_.inject({verb, moment, action});
        const int code = append();
        EXPECT_EQ(server_.faults_left(), 0u);
        const bool is_known = verb == std::string("APPE") && moment != Fault::Moment::received;
        EXPECT_EQ(code, is_known ? 0 : EIO);
        EXPECT_EQ(tree().content("/a"), is_known ? "/acontent" : "/a");
        EXPECT_EQ(read("/b"), "/b");
      }
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
