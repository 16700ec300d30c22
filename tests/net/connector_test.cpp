// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <list>
#include <set>
#include <vector>

#include <fcntl.h>
#include <netinet/tcp.h>

#include "loopback.hpp"

namespace ftpfs::test {
namespace {

std::set<int> open_sockets() {
  std::set<int> sockets;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the directory itself
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with("socket:")) sockets.insert(std::stoi(entry.path().filename()));
  }
  return sockets;
}

int socket_option(int fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

class ConnectorTest : public Loopback {
 protected:
  // An address that nobody listens on: its port was ours a moment ago.
  net::HostPort closed_port() {
    const net::HostPort where = here();
    acceptor_.close();
    return where;
  }

  // A listener that soon is full: after the first few it drops SYNs, so further handshakes never end.
  tcp::acceptor full_listener() {
    tcp::acceptor listener(io_);
    listener.open(tcp::v4());
    listener.bind(tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    listener.listen(0);
    return listener;
  }

  // What the message of the failure says behind the port.
  std::string reason_of(awaitable<std::unique_ptr<net::Stream>> task) {
    try {
      run(io_, std::move(task));
    } catch (const ConnectionLost& error) {
      const std::string text = error.what();
      const std::string port = std::to_string(here().port);
      return text.substr(text.find(port) + port.size());
    }
    return "connected";
  }

  // The connect is started but has not been told anything yet.
  struct Pending {
    std::stop_source stop;
    bool done = false;
    bool cancelled = false;
  };
  void start(net::HostPort where, Pending& pending) {
    asio::co_spawn(io_, connector_.connect(std::move(where), {}, pending.stop.get_token()),
                   [&pending](std::exception_ptr failure, std::unique_ptr<net::Stream>) {
                     pending.done = true;
                     try {
                       if (failure) std::rethrow_exception(failure);
                     } catch (const Cancelled&) {
                       pending.cancelled = true;
                     }
                   });
    settle(io_);
  }
};

TEST_F(ConnectorTest, ReachesANumericAddress) {
  connect_pair();
  EXPECT_EQ(stream_->peer(), here());
}

TEST_F(ConnectorTest, KnowsHowFarItIsToThePeer) {
  connect_pair();
  const std::optional<std::chrono::microseconds> took = stream_->round_trip();
  ASSERT_TRUE(took);
  EXPECT_GT(*took, std::chrono::microseconds(0));
  EXPECT_LT(*took, std::chrono::seconds(1));  // the kernel answers by itself, however busy the machine is
  stream_->abort();
  EXPECT_FALSE(stream_->round_trip());
}

TEST_F(ConnectorTest, ReachesAName) {
  net::HostPort where = here();
  where.host = "localhost";  // may be ::1 first, where nobody listens: the next address is tried
  const auto stream = run(io_, connector_.connect(where, {}, {}));
  EXPECT_EQ(stream->peer(), here());
}

TEST_F(ConnectorTest, UsesTheWantedKindOfAddressOnly) {
  net::SystemConnector by_ipv4(net::Route{.family = net::Route::Family::ipv4, .interface = {}});
  net::SystemConnector by_ipv6(net::Route{.family = net::Route::Family::ipv6, .interface = {}});
  EXPECT_EQ(run(io_, by_ipv4.connect(here(), {}, {}))->peer(), here());
  EXPECT_EQ(lost(by_ipv6.connect(here(), {}, {})), EHOSTUNREACH);
}

TEST_F(ConnectorTest, LeavesByTheWantedInterface) {
  net::SystemConnector by_name(net::Route{.family = net::Route::Family::any, .interface = "lo"});
  EXPECT_EQ(run(io_, by_name.connect(here(), {}, {}))->peer(), here());
  net::SystemConnector by_none(net::Route{.family = net::Route::Family::any, .interface = "no-such-if"});
  EXPECT_EQ(reason_of(by_none.connect(here(), {}, {})), " by no-such-if: No such device");
}

TEST_F(ConnectorTest, LeavesFromTheWantedAddress) {
  net::SystemConnector from_another(net::Route{.family = net::Route::Family::any, .interface = "127.0.0.2"});
  const auto stream = run(io_, from_another.connect(here(), {}, {}));
  EXPECT_EQ(acceptor_.accept().remote_endpoint().address().to_string(), "127.0.0.2");
  net::SystemConnector from_elsewhere(
      net::Route{.family = net::Route::Family::any, .interface = "192.0.2.1"});
  EXPECT_EQ(reason_of(from_elsewhere.connect(here(), {}, {})),
            " by 192.0.2.1: Cannot assign requested address");
}

TEST_F(ConnectorTest, RefusedPortIsConnectionLostWithItsErrno) {
  EXPECT_EQ(lost(connector_.connect(closed_port(), {}, {})), ECONNREFUSED);
}

TEST_F(ConnectorTest, TheMessageNamesTheAddress) {
  const net::HostPort where = closed_port();
  try {
    run(io_, connector_.connect(where, {}, {}));
    FAIL() << "connected to a closed port";
  } catch (const ConnectionLost& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1 port " + std::to_string(where.port)),
              std::string::npos)
        << error.what();
  }
}

TEST_F(ConnectorTest, UnknownNameIsHostUnreachable) {
  const net::HostPort nowhere{"no such name.invalid", 21};
  EXPECT_EQ(lost(connector_.connect(nowhere, {}, {})), EHOSTUNREACH);
}

TEST_F(ConnectorTest, SilentAddressTimesOut) {
  tcp::acceptor full = full_listener();
  const net::HostPort where{"127.0.0.1", full.local_endpoint().port()};
  net::StreamLimits limits;
  limits.connect = 200ms;
  std::vector<std::unique_ptr<net::Stream>> queue;
  int code = 0;
  for (int i = 0; i < 10 && code == 0; ++i) {
    try {
      queue.push_back(run(io_, connector_.connect(where, limits, {})));
    } catch (const ConnectionLost& error) {
      code = error.code();
    }
  }
  EXPECT_EQ(code, ETIMEDOUT);
}

TEST_F(ConnectorTest, StopBeforeTheStartIsCancelled) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(run(io_, connector_.connect(here(), {}, stop.get_token())), Cancelled);
}

TEST_F(ConnectorTest, StopEndsTheWaitForALookup) {
  Pending pending;
  start({"no-such-name.invalid", 21}, pending);
  pending.stop.request_stop();
  settle(io_);  // the lookup itself may go on in its thread
  EXPECT_TRUE(pending.done);
}

TEST_F(ConnectorTest, StopEndsTheWaitForAHandshake) {
  tcp::acceptor full = full_listener();
  const net::HostPort where{"127.0.0.1", full.local_endpoint().port()};
  std::list<Pending> attempts;
  for (int i = 0; i < 8; ++i) start(where, attempts.emplace_back());
  ASSERT_FALSE(attempts.back().done);
  attempts.back().stop.request_stop();
  run_until(io_, [&] { return attempts.back().done; });
  EXPECT_TRUE(attempts.back().cancelled);
  for (auto& attempt : attempts) attempt.stop.request_stop();
  run_until(io_, [&] { return std::ranges::all_of(attempts, &Pending::done); });
}

TEST_F(ConnectorTest, GivenUpAttemptsLeaveNoSocketBehind) {
  tcp::acceptor full = full_listener();
  const auto before = open_sockets();
  std::list<Pending> attempts;
  for (int i = 0; i < 8; ++i) start({"127.0.0.1", full.local_endpoint().port()}, attempts.emplace_back());
  for (auto& attempt : attempts) attempt.stop.request_stop();
  run_until(io_, [&] { return std::ranges::all_of(attempts, &Pending::done); });
  settle(io_);
  EXPECT_EQ(open_sockets(), before);
}

TEST_F(ConnectorTest, SocketsAreCloseOnExecWithoutDelayAndKeptAlive) {
  const auto before = open_sockets();
  stream_ = connect();
  std::set<int> ours;
  std::ranges::set_difference(open_sockets(), before, std::inserter(ours, ours.end()));
  ASSERT_EQ(ours.size(), 1u);
  const int fd = *ours.begin();
  EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  EXPECT_EQ(socket_option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(socket_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(socket_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 45);
}

}  // namespace
}  // namespace ftpfs::test
