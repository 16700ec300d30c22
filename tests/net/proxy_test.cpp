// SPDX-License-Identifier: MIT
// What is said to proxies and what their answers come to. tests/mount has real ones.
#include <cerrno>

#include <ftpfs/net/proxy.hpp>

#include "loopback.hpp"
#include "support/scripted_stream.hpp"

namespace ftpfs::test {
namespace {

using namespace std::string_literals;
using Kind = net::Proxy::Kind;

const std::string name_request = "\x05\x01\x00\x03\x0F"s + "ftp.example.org" + "\x00\x15"s;
const std::string http_request = "CONNECT ftp.example.org:21 HTTP/1.1\r\nHost: ftp.example.org:21\r\n\r\n";

class ProxyTest : public testing::Test {
 protected:
  static net::Proxy proxy(Kind kind, std::string user = {}, std::string password = {}) {
    return {kind, {"proxy.example.org", 1080}, std::move(user), std::move(password)};
  }

  std::unique_ptr<net::Stream> connect(net::Proxy through, net::HostPort where = {"ftp.example.org", 21},
                                       std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    net::ProxyConnector connector(network_, std::move(through));
    net::StreamLimits limits;
    limits.connect = limit;
    return run(io_, connector.connect(std::move(where), limits, stop_.get_token()));
  }

  // What connecting fails with; `lost`: whether it is worth trying again.
  struct Complaint {
    int code = 0;
    bool lost = false;
    std::string what;
    std::string said;
  };
  Complaint complaint(net::Proxy through, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    try {
      connect(std::move(through), {"ftp.example.org", 21}, limit);
    } catch (const ConnectionLost& error) {
      return {error.code(), true, error.what(), error.server_said()};
    } catch (const Error& error) {
      return {error.code(), false, error.what(), error.server_said()};
    }
    return {};
  }

  std::string read(net::Stream& stream) {
    std::string text(100, '\0');
    const MutableBytes room = std::as_writable_bytes(std::span(text));
    text.resize(run(io_, stream.read_some(room)));
    return text;
  }

  asio::io_context io_;
  ScriptedNetwork network_;
  std::stop_source stop_;
};

TEST_F(ProxyTest, Socks5hLeavesTheNameToTheProxy) {
  network_.connection()
      .expect("\x05\x01\x00"s)
      .send("\x05\x00"s)
      .expect(name_request)
      .send("\x05\x00\x00\x01\x7F\x00\x00\x01\x12\x34"s + "220 ready\r\n");
  const auto stream = connect(proxy(Kind::socks5h));
  EXPECT_EQ(network_.connects().back(), (net::HostPort{"proxy.example.org", 1080}));
  EXPECT_EQ(stream->peer(), (net::HostPort{"ftp.example.org", 21}));
  EXPECT_EQ(read(*stream), "220 ready\r\n") << "what follows the answer belongs to the tunnel";
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(ProxyTest, Socks5LooksNamesUpItself) {
  network_.connection()
      .expect("\x05\x01\x00"s)
      .send("\x05\x00"s)
      .expect("\x05\x01\x00\x01\x7F\x00\x00\x01\x00\x15"s)
      .send("\x05\x00\x00\x03\x05proxy\x00\x01"s);
  const auto stream = connect(proxy(Kind::socks5), {"127.0.0.1", 21});
  EXPECT_EQ(stream->peer(), (net::HostPort{"127.0.0.1", 21}));
  EXPECT_EQ(network_.missing(), "");
}

// An address after the other, as without a proxy: "localhost" may be ::1 first, where nobody listens.
TEST_F(ProxyTest, Socks5TriesTheNextAddressWhereOneIsRefused) {
  boost::system::error_code unknown;
  asio::ip::tcp::resolver resolver(io_);
  const auto addresses = resolver.resolve("localhost", "21", unknown);
  const auto refuse = [&](const asio::ip::tcp::endpoint& where) {
    Script& script = network_.connection().expect("\x05\x01\x00"s).send("\x05\x00"s);
    const std::string request = where.address().is_v4()
                                    ? "\x05\x01\x00\x01\x7F\x00\x00\x01\x00\x15"s
                                    : "\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x00\x15"s;
    script.expect(request).send("\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s);
  };
  for (const auto& address : addresses) refuse(address.endpoint());
  EXPECT_THROW(connect(proxy(Kind::socks5), {"localhost", 21}), ConnectionLost);
  EXPECT_EQ(network_.connects().size(), addresses.size());
}

TEST_F(ProxyTest, Socks5LogsInWhereTheProxyWantsIt) {
  network_.connection()
      .expect("\x05\x02\x00\x02"s)
      .send("\x05\x02"s)
      .expect("\x01\x03joe\x06secret"s)
      .send("\x01\x00"s)
      .expect(name_request)
      .send("\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"s);
  connect(proxy(Kind::socks5h, "joe", "secret"));
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(ProxyTest, ARefusedLoginIsNotTriedAgain) {
  network_.connection()
      .expect("\x05\x02\x00\x02"s)
      .send("\x05\x02"s)
      .expect("\x01\x03joe\x05wrong"s)
      .send("\x01\x01"s);
  const Complaint refused = complaint(proxy(Kind::socks5h, "joe", "wrong"));
  EXPECT_EQ(refused.code, EACCES);
  EXPECT_FALSE(refused.lost);
  EXPECT_EQ(refused.what, "proxy proxy.example.org port 1080 refuses the log-in");
}

TEST_F(ProxyTest, AProxyThatWantsALoginSaysSo) {
  network_.connection().expect("\x05\x01\x00"s).send("\x05\xFF"s);
  EXPECT_EQ(complaint(proxy(Kind::socks5h)).what, "proxy proxy.example.org port 1080 wants a log-in");
}

TEST_F(ProxyTest, TheProxysReasonIsTold) {
  network_.connection().expect("\x05\x01\x00"s).send("\x05\x00"s).expect(name_request).send("\x05\x05"s);
  const Complaint refused = complaint(proxy(Kind::socks5h));
  EXPECT_EQ(refused.code, ECONNREFUSED);
  EXPECT_TRUE(refused.lost);
  EXPECT_EQ(
      refused.what,
      "proxy proxy.example.org port 1080: no connection to ftp.example.org port 21: connection refused");
}

TEST_F(ProxyTest, WhatItsRulesForbidIsNotTriedAgain) {
  network_.connection().expect("\x05\x01\x00"s).send("\x05\x00"s).expect(name_request).send("\x05\x02"s);
  const Complaint refused = complaint(proxy(Kind::socks5h));
  EXPECT_EQ(refused.code, EACCES);
  EXPECT_FALSE(refused.lost);
}

TEST_F(ProxyTest, HttpConnects) {
  network_.connection().expect(http_request).send("HTTP/1.0 200 Go\r\nA: b\r\n\r\n220 ready\r\n");
  const auto stream = connect(proxy(Kind::http));
  EXPECT_EQ(stream->peer(), (net::HostPort{"ftp.example.org", 21}));
  EXPECT_EQ(read(*stream), "220 ready\r\n");
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(ProxyTest, HttpRefusalsHaveTheProxysWords) {
  const std::pair<const char*, int> answers[] = {
      {"403 Forbidden", EACCES},         {"407 Proxy Authentication Required", EACCES},
      {"401 Unauthorized", EACCES},      {"302 Elsewhere", EACCES},
      {"502 Bad Gateway", EHOSTUNREACH}, {"503 Service Unavailable", EHOSTUNREACH},
      {"504 Gateway Timeout", ETIMEDOUT}};
  for (const auto& [words, code] : answers) {
    network_.connection().expect(http_request).send("HTTP/1.1 "s + words + "\r\n\r\n");
    const Complaint refused = complaint(proxy(Kind::http));
    EXPECT_EQ(refused.code, code) << words;
    EXPECT_EQ(refused.lost, code != EACCES) << words;
    EXPECT_EQ(refused.said, "HTTP/1.1 "s + words);
  }
}

TEST_F(ProxyTest, AnUnreachableProxyIsNamedAsOne) {
  network_.connection().refuse(ECONNREFUSED);
  const Complaint refused = complaint(proxy(Kind::http));
  EXPECT_EQ(refused.code, ECONNREFUSED);
  EXPECT_TRUE(refused.what.starts_with("proxy: ")) << refused.what;
}

// Somebody else listens there: an FTP server, a web server asked for SOCKS.
TEST_F(ProxyTest, SomethingElseThanAProxyIsToldApart) {
  network_.connection().expect("\x05\x01\x00"s).send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(complaint(proxy(Kind::socks5h)).what, "proxy proxy.example.org port 1080 does not speak SOCKS 5");
  network_.connection()
      .expect("\x05\x01\x00"s)
      .send("\x05\x00"s)
      .expect(name_request)
      .send("\x05\x00\x00\x09\x00"s);
  EXPECT_EQ(complaint(proxy(Kind::socks5h)).code, EPROTO);
  network_.connection().expect(http_request).send("220 ready\r\n");
  const Complaint refused = complaint(proxy(Kind::http));
  EXPECT_EQ(refused.what, "proxy proxy.example.org port 1080 does not speak HTTP");
  EXPECT_EQ(refused.code, EPROTO);
}

TEST_F(ProxyTest, ASilentProxyTimesOut) {
  for (const Kind kind : {Kind::socks5h, Kind::http}) {
    network_.connection().expect(kind == Kind::http ? http_request : "\x05\x01\x00"s).ending(Ending::silence);
    const Complaint late = complaint(proxy(kind), std::chrono::milliseconds(20));
    EXPECT_EQ(late.code, ETIMEDOUT);
    EXPECT_EQ(late.what, "proxy proxy.example.org port 1080: no answer in time");
  }
}

TEST_F(ProxyTest, AStopEndsTheWaitForAProxy) {
  network_.connection().expect(http_request).ending(Ending::silence);
  net::ProxyConnector connector(network_, proxy(Kind::http));
  bool cancelled = false;
  asio::co_spawn(io_, connector.connect({"ftp.example.org", 21}, {}, stop_.get_token()),
                 [&](std::exception_ptr failure, std::unique_ptr<net::Stream>) {
                   try {
                     if (failure) std::rethrow_exception(failure);
                   } catch (const Cancelled&) {
                     cancelled = true;
                   }
                 });
  settle(io_);
  stop_.request_stop();
  run_until(io_, [&] { return cancelled; });
}

// Each script, cut off at each step in each way: an error, never a hang.
TEST_F(ProxyTest, EveryCutIsAnError) {
  const auto play = [&](Kind kind, std::size_t step, Ending ending) {
    Script& script = network_.connection();
    if (kind == Kind::http) {
      script.expect(http_request).send("HTTP/1.1 200 OK\r\n").send("\r\n");
    } else {
      script.expect("\x05\x02\x00\x02"s).send("\x05"s).send("\x02"s).expect("\x01\x03joe\x06secret"s);
      script.send("\x01\x00"s).expect(name_request).send("\x05\x00"s).send("\x00\x01\x00\x00"s);
      script.send("\x00\x00\x00\x00"s);
    }
    if (step >= script.size()) return false;
    script.fail_at(step, ending);
    const bool login = kind != Kind::http;
    const Complaint cut =
        complaint(proxy(kind, login ? "joe" : "", login ? "secret" : ""), std::chrono::milliseconds(20));
    EXPECT_NE(cut.code, 0) << "step " << step;
    EXPECT_TRUE(cut.lost) << "step " << step;
    return true;
  };
  for (const Kind kind : {Kind::socks5h, Kind::http}) {
    for (const Ending ending : {Ending::closed, Ending::reset, Ending::timed_out, Ending::silence}) {
      std::size_t step = 0;
      while (play(kind, step, ending)) ++step;
      network_.forget_connections();
      EXPECT_GT(step, 2u);
    }
  }
}

TEST_F(ProxyTest, NobodyComesInThroughAProxy) {
  net::ProxyConnector connector(network_, proxy(Kind::socks5));
  EXPECT_THROW(connector.listen(io_.get_executor(), {}), Error);
}

}  // namespace
}  // namespace ftpfs::test
