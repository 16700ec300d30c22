// SPDX-License-Identifier: MIT
#include <cerrno>
#include <set>

#include "loopback.hpp"

namespace ftpfs::test {
namespace {

class ListenerTest : public Loopback {
 protected:
  void listen(const char* address = "127.0.0.1", std::uint16_t first = 0, std::uint16_t last = 0) {
    listener_ = connector_.listen(io_.get_executor(), {asio::ip::make_address(address), first, last});
  }
  tcp::socket visit() {
    tcp::socket socket(io_);
    socket.connect(listener_->local());
    return socket;
  }
  awaitable<std::unique_ptr<net::Stream>> accept(std::chrono::milliseconds limit = 10'000ms) {
    net::StreamLimits limits;
    limits.connect = limit;
    return listener_->accept(limits, stop_.get_token());
  }

  // An accept() that is suspended. 0: it goes on; -1: it has let somebody in; else the errno it failed with.
  int code_ = 0;
  void start_to_accept() {
    asio::co_spawn(io_, accept(), [this](std::exception_ptr failure, std::unique_ptr<net::Stream>) {
      code_ = -1;
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const Error& error) {
        code_ = error.code();
      }
    });
    settle(io_);
    ASSERT_EQ(code_, 0);
  }
  int end_of_accept() {
    run_until(io_, [this] { return code_ != 0; });
    return code_;
  }

  std::unique_ptr<net::Listener> listener_;
  std::stop_source stop_;
};

TEST_F(ListenerTest, AcceptsWhoeverComes) {
  listen();
  tcp::socket visitor = visit();
  stream_ = run(io_, accept());
  EXPECT_EQ(stream_->peer(), (net::HostPort{"127.0.0.1", visitor.local_endpoint().port()}));
  EXPECT_EQ(stream_->local(), listener_->local());
  send(visitor, "hello");
  EXPECT_EQ(read(*stream_), "hello");
}

TEST_F(ListenerTest, WaitsForThem) {
  listen();
  start_to_accept();
  const tcp::socket visitor = visit();
  EXPECT_EQ(end_of_accept(), -1);
}

TEST_F(ListenerTest, WorksOverIpv6) {
  try {
    listen("::1");
  } catch (const ConnectionLost&) {
    GTEST_SKIP() << "no IPv6 here";
  }
  const tcp::socket visitor = visit();
  stream_ = run(io_, accept());
  EXPECT_EQ(stream_->peer().host, "::1");
}

TEST_F(ListenerTest, NobodyComesInTime) {
  listen();
  EXPECT_EQ(lost(accept(10ms)), ETIMEDOUT);
  const tcp::socket late = visit();
  EXPECT_EQ(lost(accept()), 0) << "the listener goes on";
}

TEST_F(ListenerTest, AStopEndsTheWait) {
  listen();
  start_to_accept();
  stop_.request_stop();
  EXPECT_EQ(end_of_accept(), EINTR);
}

TEST_F(ListenerTest, ClosingEndsTheWaitAndRefusesVisitors) {
  listen();
  start_to_accept();
  const tcp::endpoint where = listener_->local();
  listener_->close();
  EXPECT_EQ(end_of_accept(), EIO);
  tcp::socket visitor(io_);
  EXPECT_THROW(visitor.connect(where), boost::system::system_error);
}

TEST_F(ListenerTest, MayBeDestroyedUnderAnAccept) {
  listen();
  start_to_accept();
  listener_.reset();
  EXPECT_EQ(end_of_accept(), EIO);
}

TEST_F(ListenerTest, VisitorsWhoHaveGoneAgainDoNotEndTheWait) {
  listen();
  tcp::socket gone = visit();
  reset(gone);
  const tcp::socket visitor = visit();
  stream_ = run(io_, accept());
  if (stream_->peer().port != visitor.local_endpoint().port()) stream_ = run(io_, accept());
  EXPECT_EQ(stream_->peer().port, visitor.local_endpoint().port());
}

// Others on this machine need some, too: the kernel gives them one after the other, and they stay in use for
// a minute (TIME_WAIT). 30 were too few beside a soak.
constexpr int many = 300;

// Where one is in use, the one behind it comes twice.
TEST_F(ListenerTest, APortOfTheRangeIsTakenAndTheNextOneAfterIt) {
  listen();
  const std::uint16_t free = listener_->local().port();
  const auto last = static_cast<std::uint16_t>(free + many);
  std::set<std::uint16_t> taken;
  for (int turn = 0; turn < 10; ++turn) {
    listener_.reset();
    listen("127.0.0.1", free, last);
    taken.insert(listener_->local().port());
  }
  EXPECT_GE(*taken.begin(), free);
  EXPECT_LE(*taken.rbegin(), last);
  EXPECT_GT(taken.size(), 5u);
}

TEST_F(ListenerTest, PortsInUseArePassedOver) {
  const std::uint16_t taken = here().port;
  const auto last = static_cast<std::uint16_t>(taken + many);
  EXPECT_THROW(listen("127.0.0.1", taken, taken), ConnectionLost);
  for (int turn = taken; turn <= last; ++turn) {  // each begins at the next port
    listen("127.0.0.1", taken, last);
    EXPECT_NE(listener_->local().port(), taken);
  }
}

TEST_F(ListenerTest, AnAddressThatIsNotOursIsRefused) {
  EXPECT_THROW(listen("192.0.2.1"), ConnectionLost);
}

}  // namespace
}  // namespace ftpfs::test
