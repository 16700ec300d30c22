// SPDX-License-Identifier: MIT
// Transfers that end before their time: aborted, stopped, cut off in each possible place.
#include "transfer_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_F(TransferTest, AfterAnAbortTheSessionIsUsableOnceTheServerHasSpoken) {
  start([](Script& control) {
    fence(passive(control).expect("RETR /f\r\n").send("150 -\r\n").send("426 aborted\r\n"))
        .expect("NOOP\r\n")
        .send("200 ok\r\n");
  });
  network_.connection().send("lots").ending(Ending::silence);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  transfer->abort();
  play(transfer->settle());
  EXPECT_TRUE(network_.conversation(1).aborted());
  EXPECT_TRUE(session_->reusable());
  EXPECT_EQ(play(session_->command(Verb::noop, "", {})).code, 200);
}

// rclone #3445: pure-ftpd says 150 after the 426 of a transfer that was given up at once.
TEST_F(TransferTest, ALate150IsNotAnAnswer) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").send("426 aborted\r\n150 late\r\n");
    fence(control).expect("NOOP\r\n").send("200 ok\r\n");
  });
  network_.connection().send("lots").ending(Ending::silence);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  transfer->abort();
  play(transfer->settle());
  EXPECT_EQ(play(session_->command(Verb::noop, "", {})).code, 200);
}

// S17: replies for ever. The session is given up when the limit has passed, however talkative the server is.
TEST_F(TransferTest, AServerThatAnswersAnAbortWithoutEndCostsItsSession) {
  const auto aborted = std::make_shared<Signal>();
  std::vector<std::shared_ptr<Signal>> ticks(5);
  start([&](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(aborted).send("150 late\r\n");
    control.expect("NOOP\r\n");
    for (auto& tick : ticks) {
      tick = std::make_shared<Signal>();
      control.await(tick).send("226 and another\r\n");
    }
    control.ending(Ending::silence);
  });
  network_.connection().send("lots").ending(Ending::silence);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  transfer->abort();
  bool settled = false;
  asio::co_spawn(io_, transfer->settle(), [&](std::exception_ptr) { settled = true; });
  aborted->raise();
  settle(io_);
  for (const auto& tick : ticks) {
    clock_.advance(std::chrono::seconds(4));
    settle(io_);
    tick->raise();
    settle(io_);
  }
  EXPECT_TRUE(settled);
  EXPECT_FALSE(session_->reusable());
}

// On vsftpd a REST that is still armed would make the next STOR write into the middle of its file.
TEST_F(TransferTest, ANameThatCannotBeSentLeavesNoRestBehind) {
  start([](Script& control) { control.expect("NOOP\r\n").send("200 ok\r\n"); });
  EXPECT_EQ(failure(Transfer::begin(session_, Verb::retr, "/a\rb", 5, {})), EINVAL);
  EXPECT_EQ(play(session_->command(Verb::noop, "", {})).code, 200);
  EXPECT_TRUE(session_->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(TransferTest, AServerThatNeverAnswersAnAbortCostsItsSession) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").ending(Ending::silence);
  });
  network_.connection().send("lots").ending(Ending::silence);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  transfer->abort();
  play(transfer->settle());
  EXPECT_LE(waited_, std::chrono::seconds(10));
  EXPECT_FALSE(session_->reusable());
}

TEST_F(TransferTest, StopWhileTheServerThinksIsCancelled) {
  start([](Script& control) { passive(control).expect("RETR /f\r\n").ending(Ending::silence); });
  network_.connection().ending(Ending::silence);
  std::stop_source stop;
  bool cancelled = false;
  asio::co_spawn(io_, Transfer::begin(session_, Verb::retr, "/f", 0, stop.get_token()),
                 [&](std::exception_ptr error, std::unique_ptr<Transfer>) {
                   try {
                     if (error) std::rethrow_exception(error);
                   } catch (const Cancelled&) {
                     cancelled = true;
                   }
                 });
  settle(io_);
  EXPECT_FALSE(cancelled);
  stop.request_stop();
  settle(io_);
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(session_->reusable());
}

TEST_F(TransferTest, MayBeDestroyedWhileItIsRead) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").ending(Ending::silence);
  });
  network_.connection().ending(Ending::silence);
  auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  std::byte chunk[8];
  bool lost = false;
  asio::co_spawn(io_, transfer->read_some(chunk),
                 [&](std::exception_ptr error, std::size_t) { lost = error != nullptr; });
  settle(io_);
  EXPECT_FALSE(lost);
  transfer.reset();
  settle(io_);
  EXPECT_TRUE(lost);
}

// It is known by then that the transfer has failed, and why; only its session is lost.
TEST_F(TransferTest, ALineThatDiesWhileItIsAskedWhetherThatIsAllLeavesTheServersWords) {
  for (const Ending ending : all_endings) {
    for (const bool asked : {false, true}) {
      SCOPED_TRACE(name_of(ending) + (asked ? " after NOOP" : " before NOOP"));
      const auto cut = std::make_shared<Signal>();
      start([&](Script& control) {
        passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(cut).send("426 Link lost\r\n");
        if (asked) control.expect("NOOP\r\n");
        control.ending(ending);
      });
      network_.connection().send("half").await(cut).end();
      const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
      EXPECT_EQ(play(transfer->read_some(chunk_)), 4u);
      cut->raise();
      try {
        play(transfer->read_some(chunk_));
        FAIL() << "half a file was taken for a whole one";
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), EIO);
        EXPECT_EQ(error.server_said(), "426 Link lost");
      }
      EXPECT_FALSE(session_->reusable());
      network_.forget_connections();
    }
  }
}

// One script, cut off in each possible place in each possible way.
struct Cut {
  std::size_t connection;  // 0: control, 1: data
  std::size_t step;
  Ending ending;
};

class CutTransferTest : public TransferTest {
 protected:
  // Plays `task` with the log-in and `control` on one connection, `data` on the other, cut as told.
  template <class MakeTask>
  int cut(const Cut& where, const std::function<void(Script&, Script&)>& write, MakeTask make_task) {
    context_ = new_context();
    Script& control = log_in(network_.connection());
    const std::size_t logged_in = control.size();
    Script& data = network_.connection();
    write(control, data);
    if (where.connection == 0) control.fail_at(logged_in + where.step, where.ending);
    if (where.connection == 1) data.fail_at(where.step, where.ending);
    session_ = open_session();
    const int code = failure(make_task(session_));
    network_.forget_connections();
    return code;
  }
};

TEST_F(CutTransferTest, ADownloadThatIsCutAnywhereIsAnError) {
  const auto write = [](Script& control, Script& data) {
    passive(control)
        .expect("REST 3\r\n")
        .send("350 ok\r\n")
        .expect("RETR /f\r\n")
        .send("150 -\r\n")
        .send("226 done\r\n");
    data.send("content").end();
  };
  const auto task = [](std::shared_ptr<Session> session) {
    return download(std::move(session), Verb::retr, 3);
  };
  EXPECT_EQ(cut({2, 0, {}}, write, task), 0);
  for (const Ending ending : all_endings) {
    for (std::size_t step = 0; step < 7; ++step) {
      SCOPED_TRACE("control " + name_of(ending) + " at " + std::to_string(step));
      const int code = cut({0, step, ending}, write, task);
      EXPECT_THAT(code, testing::AnyOf(EIO, ETIMEDOUT));
      EXPECT_FALSE(session_->reusable());
    }
  }
}

TEST_F(CutTransferTest, AnUploadThatIsCutAnywhereIsAnError) {
  const auto write = [](Script& control, Script& data) {
    const auto received = std::make_shared<Signal>();
    passive(control).expect("STOR /f\r\n").send("150 -\r\n").await(received).send("226 done\r\n");
    data.expect("content").expect_finish().raise(received);
  };
  const auto task = [](std::shared_ptr<Session> session) { return upload(std::move(session), {"content"}); };
  EXPECT_EQ(cut({2, 0, {}}, write, task), 0);
  for (const Ending ending : all_endings) {
    for (const std::size_t step : {0, 1, 2, 3, 5}) {
      SCOPED_TRACE("control " + name_of(ending) + " at " + std::to_string(step));
      const int code = cut({0, step, ending}, write, task);
      EXPECT_THAT(code, testing::AnyOf(EIO, ETIMEDOUT));
      EXPECT_FALSE(session_->reusable());
    }
    for (const std::size_t step : {0, 1}) {  // the server never sees the end, so it never says 226
      SCOPED_TRACE("data " + name_of(ending) + " at " + std::to_string(step));
      EXPECT_THAT(cut({1, step, ending}, write, task), testing::AnyOf(EIO, ETIMEDOUT));
    }
  }
}

TEST_F(CutTransferTest, ADataConnectionThatIsCutIsAnErrorWhateverTheReply) {
  for (const std::string reply :
       {"226 done\r\n", "426 cut\r\n", "451 local error\r\n", "550 broken pipe\r\n"}) {
    const auto write = [&](Script& control, Script& data) {
      fence(passive(control).expect("RETR /f\r\n").send("150 -\r\n").send(reply));
      data.send("content").end();
    };
    const auto task = [](std::shared_ptr<Session> session) {
      return download(std::move(session), Verb::retr, 0);
    };
    for (const Ending ending : {Ending::reset, Ending::timed_out}) {
      for (const std::size_t step : {0, 1}) {
        SCOPED_TRACE(reply + name_of(ending) + " at " + std::to_string(step));
        EXPECT_NE(cut({1, step, ending}, write, task), 0);
      }
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
