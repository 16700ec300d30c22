// SPDX-License-Identifier: MIT
// Uploads that come later than they should: one that was given up before it was answered, and one that was
// never answered at all. Neither may harm what comes under that name afterwards.
#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

class LateUploadsTest : public FaultFixture {
 protected:
  LateUploadsTest() {
    behaviour().greeting = "220 ProFTPD Server (fake)";  // uploads need not be answered
    ftp::FtpConfig quick = config();
    quick.pipelining = true;
    mount(quick);
  }
  // Its 150 takes its time, and the server empties the file only then.
  void give_up_an_upload_of(const char* path) {
    inject({"STOR", Moment::replying, Action::drip, {}, 1, 0, 1, std::chrono::milliseconds(5)});
    inject({"STOR", Moment::replied, Action::act, {}, 0, 0, 1, {}, [this] { events_ += "answered "; }});
    SinkRequest request;
    request.unheard = true;
    run(io_, remote_->open_sink(Path(path), request, {})).reset();
    EXPECT_EQ(events_, "");
  }
  void note(const char* verb, std::size_t skip = 0) {
    inject({verb, Moment::received, Action::act, {}, 0, skip, 1, {}, [this, verb] { events_ += verb; }});
  }
  bool doubtful(const char* path) { return remote_->upload_in_doubt(Path(path)); }

  std::string events_;
};

TEST_F(LateUploadsTest, OneThatWasGivenUpIsAnsweredBeforeTheNextOfItsName) {
  give_up_an_upload_of("/new");
  note("STOR");
  write("/new", "content");
  EXPECT_EQ(events_, "answered STOR");
  EXPECT_EQ(read("/new"), "content");
  EXPECT_FALSE(doubtful("/new"));
  expect_all_fired();
}

TEST_F(LateUploadsTest, AndBeforeItsRemoval) {
  give_up_an_upload_of("/new");
  note("DELE");
  unlink("/new");
  EXPECT_EQ(events_, "answered DELE");
  EXPECT_FALSE(tree().exists("/new"));
}

TEST_F(LateUploadsTest, AndBeforeSomethingIsRenamedToIt) {
  give_up_an_upload_of("/new");
  note("RNTO");
  rename("/a", "/new");
  EXPECT_EQ(events_, "answered RNTO");
  EXPECT_EQ(read("/new"), "content");
}

TEST_F(LateUploadsTest, WhoWaitsForItHearsThatItWasNeverAnswered) {
  inject({"STOR", Moment::received, Action::stall});
  SinkRequest request;
  request.unheard = true;
  run(io_, remote_->open_sink(Path("/new"), request, {})).reset();
  EXPECT_FALSE(doubtful("/new"));
  std::optional<bool> late;
  asio::co_spawn(io_, write_file(*remote_, Path("/new"), "content", {}),
                 [&late](std::exception_ptr error, const Attributes&) {
                   late = false;
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const ConnectionLost& lost) {
                     late = lost.may_be_late;
                   } catch (const Error&) {
                   }
                 });
  settle(io_);
  EXPECT_FALSE(late);
  for (int minute = 0; minute < 3 && !late; ++minute) {
    clock_.advance(std::chrono::minutes(1));
    settle(io_);
  }
  EXPECT_EQ(late, true);
  EXPECT_TRUE(doubtful("/new"));
  EXPECT_EQ(count("STOR"), 1u);
  expect_all_fired();
}

TEST_F(LateUploadsTest, OthersDoNotWaitForIt) {
  inject({"STOR", Moment::received, Action::stall});
  SinkRequest request;
  request.unheard = true;
  run(io_, remote_->open_sink(Path("/new"), request, {})).reset();
  write("/other", "content");
  EXPECT_EQ(read("/other"), "content");
  expect_all_fired();
}

TEST_F(LateUploadsTest, OneThatWasNeverAnsweredIsNotRepeated) {
  for (const char* verb : {"STOR", "APPE"}) {
    SCOPED_TRACE(verb);
    server_.take_commands();
    inject({verb, Moment::received, Action::reset});
    SinkRequest request;
    if (verb == std::string("APPE")) request.mode = SinkRequest::Mode::append;
    bool late = false;
    try {
      run(io_, write_file(*remote_, Path("/a"), "x", request));
    } catch (const ConnectionLost& lost) {
      late = lost.may_be_late;
    }
    EXPECT_TRUE(late);
    EXPECT_TRUE(doubtful("/a"));
    EXPECT_EQ(count(verb), 1u);
    rename("/d/inner", "/d/again");
    rename("/d/again", "/d/inner");
  }
  EXPECT_EQ(tree().content("/a"), "content");
  expect_all_fired();
}

TEST_F(LateUploadsTest, OneWhoseLastWordWasLostLeavesDoubtThoughItArrived) {
  inject({"STOR", Moment::done, Action::reset});
  EXPECT_EQ(write("/a", "other content").size, 13u);
  EXPECT_TRUE(doubtful("/a"));
}

// vsftpd waits for a lock, without a word. What another session shows is the old file, as long as the new
// one.
TEST_F(LateUploadsTest, OneWithoutAnyWordIsNotTakenForStoredBecauseOfTheOldSize) {
  inject({"STOR", Moment::received, Action::stall});
  std::optional<bool> lost;
  asio::co_spawn(io_, write_file(*remote_, Path("/a"), "CONTENT", {}),
                 [&lost](std::exception_ptr error, const Attributes&) {
                   lost = false;
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const ConnectionLost&) {
                     lost = true;
                   } catch (const Error&) {
                   }
                 });
  run_until(io_, [&] {
    if (!lost) clock_.advance(std::chrono::milliseconds(100));
    return lost.has_value();
  });
  EXPECT_EQ(lost, true);
  EXPECT_TRUE(doubtful("/a"));
  EXPECT_EQ(tree().content("/a"), "content");
  EXPECT_EQ(count("STOR"), 1u);
  expect_all_fired();
}

TEST_F(LateUploadsTest, ARefusalLeavesNoDoubt) {
  inject({"STOR", Moment::received, Action::reply, "552 full"});
  EXPECT_EQ(failure([&] { write("/a", "x"); }), EDQUOT);
  EXPECT_FALSE(doubtful("/a"));
}

TEST_F(LateUploadsTest, TheDoubtMovesWithTheFileAndEndsWithAnotherInItsPlace) {
  inject({"STOR", Moment::received, Action::reset});
  EXPECT_NE(failure([&] { write("/d/inner", "x"); }), 0);
  rename("/d", "/e");
  EXPECT_FALSE(doubtful("/d/inner"));
  EXPECT_TRUE(doubtful("/e/inner"));
  rename("/e/inner", "/moved");
  EXPECT_FALSE(doubtful("/e/inner"));
  EXPECT_TRUE(doubtful("/moved"));
  rename("/a", "/moved");
  EXPECT_FALSE(doubtful("/moved"));
}

}  // namespace
}  // namespace ftpfs::test
