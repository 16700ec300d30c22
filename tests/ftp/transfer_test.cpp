// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <vector>

#include <gmock/gmock.h>

#include <ftpfs/ftp/transfer.hpp>

#include "dialogue.hpp"
#include "support/local_file.hpp"

namespace ftpfs::test {
namespace {

using ftp::Session;
using ftp::Transfer;
using proto::Verb;

// The whole of a download through its Transfer.
awaitable<std::string> download(std::shared_ptr<Session> session, Verb verb, std::uint64_t offset) {
  const std::stop_token never;
  const auto transfer = co_await Transfer::begin(session, verb, "/f", offset, never);
  if (transfer->refusal()) throw Error(EACCES, "refused", transfer->refusal()->last_line());
  std::string content;
  char chunk[7];
  const MutableBytes into = std::as_writable_bytes(std::span(chunk));
  for (;;) {
    const std::size_t size = co_await transfer->read_some(into);
    if (size == 0) co_return content;
    content.append(chunk, size);
  }
}

awaitable<void> upload(std::shared_ptr<Session> session, std::vector<std::string> pieces) {
  const std::stop_token never;
  const auto transfer = co_await Transfer::begin(session, Verb::stor, "/f", 0, never);
  if (transfer->refusal()) throw Error(EACCES, "refused", transfer->refusal()->last_line());
  for (const std::string& piece : pieces) {
    const LocalFile file(piece);
    co_await transfer->write_file(file.fd(), 0, piece.size());
  }
  co_await transfer->finish();
}

class TransferTest : public Dialogue {
 protected:
  void start(const std::function<void(Script&)>& control) {
    context_ = new_context();
    control(log_in(network_.connection()));
    session_ = open_session();
  }

  static Script& passive(Script& script) { return script.expect("EPSV\r\n").send("229 ok (|||40000|)\r\n"); }

  std::string retrieve(std::uint64_t offset = 0) { return play(download(session_, Verb::retr, offset)); }
  int retrieval_failure() { return failure(download(session_, Verb::retr, 0)); }

  // What a read ends with during which `meanwhile` happens; null: nothing has ended it.
  std::exception_ptr failed_read(Transfer& transfer, const std::function<void()>& meanwhile) {
    read_failure_ = nullptr;
    asio::co_spawn(io_, transfer.read_some(chunk_),
                   [this](std::exception_ptr error, std::size_t) { read_failure_ = error; });
    settle(io_);
    EXPECT_FALSE(read_failure_);
    meanwhile();
    settle(io_);
    return read_failure_;
  }

  std::shared_ptr<Session> session_;
  std::array<std::byte, 8> chunk_;
  std::exception_ptr read_failure_;
};

TEST_F(TransferTest, DownloadsAFile) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 here it comes\r\n").send("226 done\r\n");
  });
  network_.connection().send("the content of the file").end();
  EXPECT_EQ(retrieve(), "the content of the file");
  EXPECT_TRUE(session_->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(TransferTest, StartsAtAnOffset) {
  start([](Script& control) {
    passive(control)
        .expect("REST 4\r\n")
        .send("350 go on\r\n")
        .expect("RETR /f\r\n")
        .send("150 -\r\n226 done\r\n");
  });
  network_.connection().send("content").end();
  EXPECT_EQ(retrieve(4), "content");
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(TransferTest, WithoutRestTheBeginningIsReadAndDropped) {
  start([](Script& control) {
    passive(control)
        .expect("REST 9\r\n")
        .send("502 no\r\n")
        .expect("RETR /f\r\n")
        .send("150 -\r\n226 done\r\n");
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").send("226 done\r\n");
  });
  network_.connection().send("not this content").end();
  EXPECT_EQ(retrieve(9), "content");
  network_.connection().send("not this content").end();
  EXPECT_EQ(retrieve(9), "content");
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(TransferTest, TheFinalReplyMayComeBeforeTheData) {
  const auto told = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").send("226 done\r\n").raise(told);
  });
  network_.connection().await(told).send("late").end();
  EXPECT_EQ(retrieve(), "late");
}

// ftp-proxy closes its port when the server has sent all, whether or not the client has come.
TEST_F(TransferTest, TheDataConnectionIsBegunBeforeTheCommandGoesOut) {
  const auto connected = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).await(connected).expect("RETR /f\r\n").send("150 -\r\n").send("226 done\r\n");
  });
  network_.connection().raise(connected).send("content").end();
  EXPECT_EQ(retrieve(), "content");
}

TEST_F(TransferTest, AServerMayForgetThe150) {
  const auto sent = std::make_shared<Signal>();
  start([&](Script& control) { passive(control).expect("RETR /f\r\n").await(sent).send("226 done\r\n"); });
  network_.connection().send("content").raise(sent).end();
  EXPECT_EQ(retrieve(), "content");
  EXPECT_TRUE(session_->reusable());
}

TEST_F(TransferTest, WithoutA150TooATransferTakesTheTimeItTakes) {
  const auto rest = std::make_shared<Signal>();
  const auto sent = std::make_shared<Signal>();
  start([&](Script& control) { passive(control).expect("RETR /f\r\n").await(sent).send("226 done\r\n"); });
  network_.connection().send("one ").await(rest).send("two").raise(sent).end();
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  EXPECT_EQ(play(transfer->read_some(chunk_)), 4u);
  clock_.advance(2 * context_->config.timeout);
  settle(io_);
  rest->raise();
  EXPECT_EQ(play(transfer->read_some(chunk_)), 3u);
  EXPECT_EQ(play(transfer->read_some(chunk_)), 0u);
  EXPECT_TRUE(session_->reusable());
}

TEST_F(TransferTest, A150AfterTheDataDoesNotMakeTheWaitForThe226Endless) {
  const auto late = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("RETR /f\r\n").await(late).send("150 -\r\n").ending(Ending::silence);
  });
  network_.connection().send("content").end();
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  EXPECT_EQ(play(transfer->read_some(chunk_)), 7u);
  const auto failure = failed_read(*transfer, [&] {
    late->raise();
    settle(io_);
    clock_.advance(context_->config.timeout);
  });
  ASSERT_TRUE(failure);
  EXPECT_THROW(std::rethrow_exception(failure), ConnectionLost);
}

TEST_F(TransferTest, ARefusalIsAValueAndTheSessionGoesOn) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("550 No such file\r\n").expect("NOOP\r\n").send("200 ok\r\n");
  });
  network_.connection().ending(Ending::silence);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  ASSERT_TRUE(transfer->refusal());
  EXPECT_EQ(transfer->refusal()->code, 550);
  EXPECT_TRUE(network_.conversation(1).aborted());
  EXPECT_EQ(play(session_->command(Verb::noop, "", {})).code, 200);
}

// F5: the end of the data is not the end of the file unless the server says so.
TEST_F(TransferTest, ACutDownloadIsAnErrorWithTheServersWords) {
  const auto cut = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(cut).send("426 Link lost\r\n");
  });
  network_.connection().send("half").await(cut).end();
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  std::byte chunk[8];
  EXPECT_EQ(play(transfer->read_some(chunk)), 4u);
  cut->raise();
  try {
    play(transfer->read_some(chunk));
    FAIL() << "half a file was taken for a whole one";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EIO);
    EXPECT_EQ(error.server_said(), "426 Link lost");
  }
  EXPECT_TRUE(session_->reusable());
}

// What broke is the line, not the file: whoever only reads may try again (ConnectionLost).
TEST_F(TransferTest, TheServersWordsAreHeardThoughTheResetOfTheDataIsQuicker) {
  const auto cut = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(cut).send("426 Link lost\r\n");
  });
  network_.connection().send("half").ending(Ending::reset);
  const auto transfer = play(Transfer::begin(session_, Verb::retr, "/f", 0, {}));
  EXPECT_EQ(play(transfer->read_some(chunk_)), 4u);
  const auto failure = failed_read(*transfer, [&] { cut->raise(); });
  ASSERT_TRUE(failure);
  try {
    std::rethrow_exception(failure);
  } catch (const ConnectionLost& error) {
    EXPECT_EQ(error.code(), EIO);
    EXPECT_EQ(error.server_said(), "426 Link lost");
  }
  EXPECT_TRUE(session_->reusable());
}

TEST_F(TransferTest, AResetOfTheDataConnectionIsAnErrorEvenWith226) {
  start(
      [](Script& control) { passive(control).expect("RETR /f\r\n").send("150 -\r\n").send("226 done\r\n"); });
  network_.connection().send("half").ending(Ending::reset);
  EXPECT_EQ(retrieval_failure(), EIO);
}

TEST_F(TransferTest, AFinalReplyThatNeverComesIsATimeOut) {
  start([](Script& control) {
    passive(control).expect("RETR /f\r\n").send("150 -\r\n").ending(Ending::silence);
  });
  network_.connection().send("content").end();
  EXPECT_EQ(retrieval_failure(), ETIMEDOUT);
  EXPECT_EQ(waited_, context_->config.timeout);
  EXPECT_FALSE(session_->reusable());
}

TEST_F(TransferTest, UploadsAFile) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("STOR /f\r\n").send("150 go\r\n").await(received).send("226 done\r\n");
  });
  network_.connection().expect("one two").expect_finish().raise(received);
  play(upload(session_, {"one ", "two"}));
  EXPECT_TRUE(session_->reusable());
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(TransferTest, AnEmptyFileIsUploadedToo) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("STOR /f\r\n").send("150 go\r\n").await(received).send("226 done\r\n");
  });
  network_.connection().expect_finish().raise(received);
  play(upload(session_, {}));
  EXPECT_EQ(network_.missing(), "");
}

// rclone 1.56: some servers end a STOR with 250.
TEST_F(TransferTest, Any2xxEndsAnUpload) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("STOR /f\r\n").send("125 go\r\n").await(received).send("250 done\r\n");
  });
  network_.connection().expect_finish().raise(received);
  EXPECT_EQ(failure(upload(session_, {})), 0);
}

// F13: the disk is full in the middle of an upload.
TEST_F(TransferTest, AnUploadThatIsGivenUpByTheServerSaysWhy) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("STOR /f\r\n").send("150 go\r\n").await(received).send("452 No space left\r\n");
  });
  network_.connection().expect("one ").raise(received).ending(Ending::silence);
  EXPECT_EQ(failure(upload(session_, {"one ", "two"})), ENOSPC);
  EXPECT_TRUE(session_->reusable());
}

TEST_F(TransferTest, AnUploadThatIsRefusedAtTheEndIsAnError) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    passive(control).expect("STOR /f\r\n").send("150 go\r\n").await(received).send("552 Quota exceeded\r\n");
  });
  network_.connection().expect("one").expect_finish().raise(received);
  EXPECT_EQ(failure(upload(session_, {"one"})), EDQUOT);
}

TEST_F(TransferTest, AfterAnAbortTheSessionIsUsableOnceTheServerHasSpoken) {
  start([](Script& control) {
    passive(control)
        .expect("RETR /f\r\n")
        .send("150 -\r\n")
        .send("426 aborted\r\n")
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
    control.expect("NOOP\r\n").send("200 ok\r\n");
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
      passive(control).expect("RETR /f\r\n").send("150 -\r\n").send(reply);
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
