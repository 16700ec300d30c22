// SPDX-License-Identifier: MIT
// Files on their way down and up, and what servers say before, meanwhile and afterwards.
#include "transfer_fixture.hpp"

namespace ftpfs::test {
namespace {

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
    fence(passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(cut).send("426 Link lost\r\n"));
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
    fence(passive(control).expect("RETR /f\r\n").send("150 -\r\n").await(cut).send("426 Link lost\r\n"));
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
    fence(passive(control)
              .expect("STOR /f\r\n")
              .send("150 go\r\n")
              .await(received)
              .send("452 No space left\r\n"));
  });
  network_.connection().expect("one ").raise(received).ending(Ending::silence);
  EXPECT_EQ(failure(upload(session_, {"one ", "two"})), ENOSPC);
  EXPECT_TRUE(session_->reusable());
}

TEST_F(TransferTest, AnUploadThatIsRefusedAtTheEndIsAnError) {
  const auto received = std::make_shared<Signal>();
  start([&](Script& control) {
    fence(passive(control)
              .expect("STOR /f\r\n")
              .send("150 go\r\n")
              .await(received)
              .send("552 Quota exceeded\r\n"));
  });
  network_.connection().expect("one").expect_finish().raise(received);
  EXPECT_EQ(failure(upload(session_, {"one"})), EDQUOT);
}

}  // namespace
}  // namespace ftpfs::test
