// SPDX-License-Identifier: MIT
// A change whose reply is lost may be carried out later than what comes next over another session: a second
// STOR was emptied by the first one so (tests/soak, vsftpd). Of uploads: late_uploads_test.
#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::milliseconds;
using Action = Fault::Action;
using Moment = Fault::Moment;

class LateCommandsTest : public FaultFixture {
 protected:
  LateCommandsTest() {
    ftp::FtpConfig patient = config();
    patient.settle_time = milliseconds(1000);
    mount(patient);
  }
  // Runs until nothing happens any more: `work` waits for the clock, or has ended.
  void start(awaitable<void> work) {
    asio::co_spawn(io_, std::move(work), [this](std::exception_ptr error) {
      EXPECT_FALSE(error);
      done_ = true;
    });
    wait();
  }
  void wait() {
    for (int quiet = 0; quiet < 20 && !done_;) {
      io_.restart();
      quiet = io_.run_one_for(milliseconds(5)) == 0 ? quiet + 1 : 0;
    }
  }
  bool done_ = false;
};

TEST_F(LateCommandsTest, AfterALostChangeTheNextComesAMomentAfterTheServerWasHeard) {
  inject({"STOR", Moment::received, Action::reset});
  EXPECT_NE(failure([&] { write("/new", "x"); }), 0);  // late_uploads_test
  expect_all_fired();
  start(remote_->make_directory(Path("/made"), {}));
  EXPECT_EQ(count("MKD"), 0u);
  clock_.advance(milliseconds(999));
  wait();
  EXPECT_EQ(count("MKD"), 0u);
  clock_.advance(milliseconds(1));
  wait();
  EXPECT_TRUE(done_);
  EXPECT_EQ(count("MKD"), 1u);
}

TEST_F(LateCommandsTest, NoLookIsBelievedBefore) {
  inject({"DELE", Moment::received, Action::reset});
  start(remote_->remove_file(Path("/a"), {}));
  expect_all_fired();
  server_.take_commands();
  clock_.advance(milliseconds(500));
  tree().take("/a");  // the late DELE
  wait();
  EXPECT_THAT(server_.commands(), testing::IsEmpty());
  clock_.advance(milliseconds(500));
  wait();
  EXPECT_TRUE(done_);
  EXPECT_EQ(count("DELE"), 0u);
}

TEST_F(LateCommandsTest, WhatChangesNothingIsRepeatedAtOnce) {
  inject({"RETR", Moment::received, Action::reset});
  EXPECT_EQ(read("/a"), "content");
  inject({"STOR", Moment::received, Action::reply, "552 full"});
  EXPECT_EQ(failure([&] { write("/new", "x"); }), EDQUOT);
  write("/new", "y");
  EXPECT_EQ(read("/new"), "y");
}

// Those of a mount before us.
TEST_F(LateCommandsTest, WhoIsToldToBewareWaitsAsWell) {
  remote_->beware_of_late_commands();
  EXPECT_EQ(read("/a"), "content");  // reading is free
  start(remote_->make_directory(Path("/made"), {}));
  clock_.advance(milliseconds(999));
  wait();
  EXPECT_EQ(count("MKD"), 0u);
  clock_.advance(milliseconds(1));
  wait();
  EXPECT_TRUE(done_);
  EXPECT_TRUE(tree().exists("/made"));
}

TEST_F(LateCommandsTest, SettlingWaitsUntilTheServerHasSpokenAndHadItsTime) {
  remote_->beware_of_late_commands();
  server_.take_commands();
  start(remote_->settle({}));
  EXPECT_FALSE(done_);
  EXPECT_THAT(server_.commands(), testing::ElementsAre("NOOP"));
  clock_.advance(milliseconds(1000));
  wait();
  EXPECT_TRUE(done_);
}

TEST_F(LateCommandsTest, SettlingIsDoneAtOnceWhereNothingIsFeared) {
  server_.take_commands();
  run(io_, remote_->settle({}));
  EXPECT_THAT(server_.commands(), testing::IsEmpty());
}

TEST_F(LateCommandsTest, OthersWaitToo) {
  inject({"DELE", Moment::received, Action::reset});
  start(remote_->remove_file(Path("/a"), {}));
  std::optional<int> made;
  asio::co_spawn(io_, remote_->make_directory(Path("/made"), {}), [&](std::exception_ptr error) {
    made = failure([&] {
      if (error) std::rethrow_exception(error);
    });
  });
  wait();
  EXPECT_FALSE(made);
  EXPECT_EQ(count("MKD"), 0u);
  EXPECT_EQ(read("/d/inner"), "inside");  // reading is free
  clock_.advance(milliseconds(1000));
  wait();
  run_until(io_, [&] { return made.has_value(); });
  EXPECT_EQ(made, 0);
}

}  // namespace
}  // namespace ftpfs::test
