// SPDX-License-Identifier: MIT
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopback.hpp"
#include "support/local_file.hpp"

namespace ftpfs::test {
namespace {

// An operation left suspended: what it ended with, once it did.
struct Outcome {
  bool done = false;
  int code = 0;  // errno of the ConnectionLost; 0: success
};

class TcpStreamTest : public Loopback {
 protected:
  TcpStreamTest() { ::signal(SIGPIPE, SIG_IGN); }  // as the program does

  template <class T>
  std::shared_ptr<Outcome> start(awaitable<T> task) {
    auto outcome = std::make_shared<Outcome>();
    const auto finish = [outcome](std::exception_ptr failure) {
      outcome->done = true;
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const ConnectionLost& error) {
        outcome->code = error.code();
      }
    };
    if constexpr (std::is_void_v<T>) {
      asio::co_spawn(io_, std::move(task), finish);
    } else {
      asio::co_spawn(io_, std::move(task), [finish](std::exception_ptr failure, T) { finish(failure); });
    }
    settle(io_);
    return outcome;
  }

  Outcome finish(const std::shared_ptr<Outcome>& outcome) {
    run_until(io_, [&] { return outcome->done; });
    return *outcome;
  }

  void write(std::string_view text) { run(io_, stream_->write(as_bytes(text))); }

  std::array<std::byte, 4096> buffer_;
};

// More than the sockets of both ends can hold.
std::string big_text() {
  return std::string(32u << 20, 'x');
}

TEST_F(TcpStreamTest, DeliversWhatThePeerSent) {
  connect_pair();
  send(*peer_, "220 ready\r\n");
  EXPECT_EQ(read(*stream_), "220 ready\r\n");
}

// kill -9: the server must not take what has come so far for a whole file, nor get the rest of it later.
TEST_F(TcpStreamTest, WhoDiesResetsItsConnections) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    asio::io_context io;
    net::SystemConnector connector;
    const auto stream = run(io, connector.connect(here(), {}, {}));
    run(io, stream->write(as_bytes("STOR file\r\n")));
    ::_exit(0);
  }
  tcp::socket peer = accept();
  boost::system::error_code error;
  receive_all(peer, error);
  EXPECT_EQ(error, asio::error::connection_reset);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(TcpStreamTest, ReadWaitsForData) {
  connect_pair();
  const auto reading = start(stream_->read_some(buffer_));
  EXPECT_FALSE(reading->done);
  send(*peer_, "x");
  EXPECT_EQ(finish(reading).code, 0);
}

TEST_F(TcpStreamTest, CleanEndIsZeroAgainAndAgain) {
  connect_pair();
  send(*peer_, "last");
  peer_->close();
  EXPECT_EQ(read(*stream_), "last");
  EXPECT_EQ(read(*stream_), "");
  EXPECT_EQ(read(*stream_), "");
}

TEST_F(TcpStreamTest, ResetByThePeerIsConnectionLost) {
  connect_pair();
  const auto reading = start(stream_->read_some(buffer_));
  reset(*peer_);
  EXPECT_EQ(finish(reading).code, EIO);
}

TEST_F(TcpStreamTest, WriteAfterAResetIsConnectionLostAndNoSignal) {
  connect_pair();
  reset(*peer_);
  EXPECT_EQ(lost(stream_->read_some(buffer_)), EIO);
  EXPECT_EQ(lost(stream_->write(as_bytes("NOOP\r\n"))), EIO);
}

TEST_F(TcpStreamTest, WritesEverythingToASlowReader) {
  connect_pair();
  const std::string text = big_text();
  const auto writing = start(stream_->write(as_bytes(text)));
  EXPECT_FALSE(writing->done);
  std::string received;
  std::array<char, 65536> chunk;
  while (received.size() < text.size()) {
    received.append(chunk.data(), peer_->read_some(asio::buffer(chunk)));
    settle(io_);
  }
  EXPECT_EQ(finish(writing).code, 0);
  EXPECT_TRUE(received == text);
}

TEST_F(TcpStreamTest, SendsAFileToASlowReader) {
  connect_pair();
  const std::string text = big_text();
  const LocalFile file("head" + text);
  const auto sending = start(stream_->send_file(file.fd(), 4, text.size()));
  EXPECT_FALSE(sending->done);
  std::string received;
  std::array<char, 65536> chunk;
  while (received.size() < text.size()) {
    received.append(chunk.data(), peer_->read_some(asio::buffer(chunk)));
    settle(io_);
  }
  EXPECT_EQ(finish(sending).code, 0);
  EXPECT_TRUE(received == text);
}

TEST_F(TcpStreamTest, SendsAsMuchOfAFileAsThereIs) {
  connect_pair();
  const LocalFile file("0123456789");
  EXPECT_EQ(run(io_, stream_->send_file(file.fd(), 2, 4)), 4u);
  EXPECT_EQ(run(io_, stream_->send_file(file.fd(), 8, 4)), 2u);
  EXPECT_EQ(run(io_, stream_->send_file(file.fd(), 10, 4)), 0u);
  run(io_, stream_->finish());
  boost::system::error_code error;
  EXPECT_EQ(receive_all(*peer_, error), "234589");
}

// A directory stands for all that sendfile() refuses and read() explains.
TEST_F(TcpStreamTest, WhatTheKernelCannotSendIsLeftToTheCaller) {
  connect_pair();
  const UniqueFd directory(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  EXPECT_EQ(run(io_, stream_->send_file(directory.get(), 0, 4)), std::nullopt);
  run(io_, stream_->write(as_bytes("here")));
  run(io_, stream_->finish());
  boost::system::error_code error;
  EXPECT_EQ(receive_all(*peer_, error), "here");
}

TEST_F(TcpStreamTest, AFileToAPeerThatIsGoneIsConnectionLost) {
  connect_pair();
  reset(*peer_);
  const LocalFile file("content");
  EXPECT_EQ(lost(stream_->read_some(buffer_)), EIO);
  EXPECT_EQ(lost(stream_->send_file(file.fd(), 0, 7)), EIO);
}

TEST_F(TcpStreamTest, FinishIsAnEndForThePeerAndLeavesReadingPossible) {
  connect_pair();
  write("whole file");
  run(io_, stream_->finish());
  boost::system::error_code error;
  const std::string received = receive_all(*peer_, error);
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_EQ(received, "whole file");
  send(*peer_, "226 thanks\r\n");
  EXPECT_EQ(read(*stream_), "226 thanks\r\n");
}

// RFC 959 marks the end of an upload by closing the connection: a file that was cut must not look whole.
TEST_F(TcpStreamTest, AbortIsAResetForThePeer) {
  connect_pair();
  write("half a file");
  stream_->abort();
  boost::system::error_code error;
  receive_all(*peer_, error);
  EXPECT_EQ(error, asio::error::connection_reset);
}

TEST_F(TcpStreamTest, DestructionInMidStreamIsAResetForThePeer) {
  connect_pair();
  write("half a file");
  stream_.reset();
  boost::system::error_code error;
  receive_all(*peer_, error);
  EXPECT_EQ(error, asio::error::connection_reset);
}

TEST_F(TcpStreamTest, DestructionAfterFinishLosesNothing) {
  connect_pair();
  const std::string text(100'000, 'x');
  write(text);
  run(io_, stream_->finish());
  stream_.reset();
  boost::system::error_code error;
  const std::string received = receive_all(*peer_, error);
  EXPECT_EQ(error, asio::error::eof);
  EXPECT_EQ(received.size(), text.size());
}

TEST_F(TcpStreamTest, AbortEndsEveryWait) {
  connect_pair();
  const std::string text = big_text();
  const auto reading = start(stream_->read_some(buffer_));
  const auto writing = start(stream_->write(as_bytes(text)));
  stream_->abort();
  stream_->abort();
  EXPECT_EQ(finish(reading).code, EIO);
  EXPECT_EQ(finish(writing).code, EIO);
}

TEST_F(TcpStreamTest, EverythingFailsAfterAbort) {
  connect_pair();
  stream_->abort();
  EXPECT_EQ(lost(stream_->read_some(buffer_)), EIO);
  EXPECT_EQ(lost(stream_->write(as_bytes("x"))), EIO);
  EXPECT_EQ(lost(stream_->finish()), EIO);
  EXPECT_TRUE(stream_->readable());
}

TEST_F(TcpStreamTest, MayBeDestroyedUnderItsOperations) {
  connect_pair();
  const std::string text = big_text();
  const auto reading = start(stream_->read_some(buffer_));
  const auto writing = start(stream_->write(as_bytes(text)));
  stream_.reset();
  EXPECT_EQ(finish(reading).code, EIO);
  EXPECT_EQ(finish(writing).code, EIO);
}

TEST_F(TcpStreamTest, MayOutliveItsSuspendedOperations) {
  auto io = std::make_unique<asio::io_context>();
  auto stream = run(*io, connector_.connect(here(), {}, {}));
  asio::co_spawn(*io, stream->read_some(buffer_), asio::detached);
  settle(*io);
  stream.reset();  // aborts; the coroutine has not been told yet
  io.reset();      // and never will
}

TEST_F(TcpStreamTest, SilenceIsATimeOutForTheReader) {
  connect_pair(20ms);
  EXPECT_EQ(lost(stream_->read_some(buffer_)), ETIMEDOUT);
}

TEST_F(TcpStreamTest, APeerThatReadsNothingIsATimeOutForTheWriter) {
  connect_pair(20ms);
  const std::string text = big_text();
  EXPECT_EQ(lost(stream_->write(as_bytes(text))), ETIMEDOUT);
  const LocalFile file(text);
  EXPECT_EQ(lost(stream_->send_file(file.fd(), 0, text.size())), ETIMEDOUT);
}

TEST_F(TcpStreamTest, DataAtHandIsNeverATimeOut) {
  connect_pair(20ms);
  for (int i = 0; i < 3; ++i) {
    send(*peer_, "x");
    EXPECT_EQ(read(*stream_), "x");
  }
  EXPECT_EQ(lost(stream_->read_some(buffer_)), ETIMEDOUT);
}

TEST_F(TcpStreamTest, ReadableTellsDataEndAndResetWithoutTakingThem) {
  connect_pair();
  EXPECT_FALSE(stream_->readable());
  send(*peer_, "421 bye\r\n");
  EXPECT_TRUE(stream_->readable());
  EXPECT_EQ(read(*stream_), "421 bye\r\n");
  EXPECT_FALSE(stream_->readable());
  peer_->close();
  EXPECT_TRUE(stream_->readable());
  EXPECT_EQ(read(*stream_), "");

  connect_pair();
  reset(*peer_);
  EXPECT_TRUE(stream_->readable());
}

awaitable<void> read_byte_by_byte(net::Stream& stream, int count, const bool& flag, bool& flag_at_the_end) {
  std::byte one;
  const MutableBytes into(&one, 1);
  for (int i = 0; i < count; ++i) co_await stream.read_some(into);
  flag_at_the_end = flag;
}

TEST_F(TcpStreamTest, AFastPeerDoesNotKeepTheLoopForItself) {
  connect_pair();
  send(*peer_, std::string(1000, 'x'));
  bool others_ran = false;
  bool ran_meanwhile = false;
  asio::co_spawn(io_, read_byte_by_byte(*stream_, 1000, others_ran, ran_meanwhile), [&](std::exception_ptr) {
    EXPECT_TRUE(ran_meanwhile);
    stream_.reset();
  });
  asio::post(io_, [&] { others_ran = true; });  // queued behind the reader
  run_until(io_, [&] { return !stream_; });
}

}  // namespace
}  // namespace ftpfs::test
