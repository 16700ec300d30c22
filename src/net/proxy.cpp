// SPDX-License-Identifier: MIT
#include <cerrno>
#include <utility>
#include <vector>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/http_tunnel.hpp>
#include <ftpfs/net/proxy.hpp>
#include <ftpfs/net/socks5.hpp>

#include "resolve.hpp"

namespace ftpfs::net {
namespace {

using Time = asio::steady_timer::time_point;
using ProxyPtr = std::shared_ptr<const Proxy>;

std::string named(const HostPort& where) {
  return where.host + " port " + std::to_string(where.port);
}

[[noreturn]] void not_understood(const Proxy& proxy, const char* protocol) {
  throw ConnectionLost(EPROTO, "proxy " + named(proxy.where) + " does not speak " + protocol);
}

[[noreturn]] void login_refused(const Proxy& proxy, std::string words) {
  const char* what = proxy.user.empty() ? " wants a log-in" : " refuses the log-in";
  throw NotAdmitted("proxy " + named(proxy.where) + what, std::move(words));
}

// The other end of the tunnel is where the stream leads; all else is the connection to the proxy.
class TunnelStream final : public Stream {
 public:
  TunnelStream(std::unique_ptr<Stream> stream, HostPort peer)
      : stream_(std::move(stream)), peer_(std::move(peer)) {}

  awaitable<std::size_t> read_some(MutableBytes into) override { return stream_->read_some(into); }
  std::optional<std::size_t> try_read(MutableBytes into) override { return stream_->try_read(into); }
  awaitable<void> write(Bytes bytes) override { return stream_->write(bytes); }
  awaitable<std::optional<std::size_t>> send_file(int file, std::uint64_t offset, std::size_t size) override {
    return stream_->send_file(file, offset, size);
  }
  awaitable<void> finish() override { return stream_->finish(); }
  void abort() noexcept override { stream_->abort(); }
  bool readable() noexcept override { return stream_->readable(); }
  HostPort peer() const override { return peer_; }
  asio::ip::tcp::endpoint local() const override { return stream_->local(); }
  std::optional<std::chrono::microseconds> round_trip() const noexcept override {
    return stream_->round_trip();
  }

 private:
  std::unique_ptr<Stream> stream_;
  HostPort peer_;
};

// Aborts the stream when the time is up or `stop` fires, so that no proxy can keep us by a byte now and then.
class Alarm {
 public:
  Alarm(const Executor& executor, Stream& stream, Time deadline, const std::stop_token& stop)
      : timer_(executor, deadline), on_stop_(stop, Abort{&stream}) {
    timer_.async_wait([this, &stream, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
      if (error || alive.expired()) return;
      rang_ = true;
      stream.abort();
    });
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  bool rang() const noexcept { return rang_; }

 private:
  struct Abort {
    Stream* stream;
    void operator()() const noexcept { stream->abort(); }
  };

  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  asio::steady_timer timer_;
  bool rang_ = false;
  std::stop_callback<Abort> on_stop_;
};

// Exactly so many bytes: what comes behind them belongs to the tunnel.
awaitable<std::string> read_exactly(Stream& stream, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t got = 0;
  while (got < size) {
    const MutableBytes room = std::as_writable_bytes(std::span(bytes)).subspan(got);
    const std::size_t more = co_await stream.read_some(room);
    if (more == 0) throw ConnectionLost(EIO, "the proxy has closed the connection");
    got += more;
  }
  co_return bytes;
}

awaitable<void> write_text(Stream& stream, std::string text) {
  const Bytes bytes = as_bytes(text);
  co_await stream.write(bytes);
}

awaitable<void> log_in_to_socks5(Stream& stream, ProxyPtr proxy) {
  const bool with_login = !proxy->user.empty();
  std::string greeting = socks5::greeting(with_login);
  co_await write_text(stream, std::move(greeting));
  const std::string choice = co_await read_exactly(stream, 2);
  const auto method = socks5::chosen_method(choice, with_login);
  if (!method && choice == "\x05\xFF") login_refused(*proxy, {});
  if (!method) not_understood(*proxy, "SOCKS 5");
  if (*method == socks5::Method::none) co_return;
  std::string login = socks5::login(proxy->user, proxy->password);
  co_await write_text(stream, std::move(login));
  const std::string verdict = co_await read_exactly(stream, 2);
  if (!socks5::login_accepted(verdict)) login_refused(*proxy, {});
}

awaitable<void> dig_by_socks5(Stream& stream, ProxyPtr proxy, HostPort target) {
  co_await log_in_to_socks5(stream, proxy);
  std::string request = socks5::connect_request(target);
  co_await write_text(stream, std::move(request));
  const std::string answer = co_await read_exactly(stream, 2);
  const auto outcome = socks5::outcome(answer);
  if (!outcome) not_understood(*proxy, "SOCKS 5");
  const std::string what = "proxy " + named(proxy->where) + ": no connection to " + named(target) + ": ";
  if (outcome->code == EACCES) throw NotAdmitted(what + outcome->words);
  if (outcome->code != 0) throw ConnectionLost(outcome->code, what + outcome->words);
  const std::string kind = co_await read_exactly(stream, 3);
  const auto rest = socks5::remainder(kind);
  if (!rest) not_understood(*proxy, "SOCKS 5");
  co_await read_exactly(stream, *rest);
}

// 403 and 405 are a proxy's rules (squid lets CONNECT through to port 443 only, unless told otherwise), the
// others what it met on its way.
[[noreturn]] void tunnel_refused(const Proxy& proxy, const HostPort& target, const http::AnswerHead& head) {
  const std::string what = "proxy " + named(proxy.where) + ": no connection to " + named(target);
  switch (head.status()) {
    case 401:  // tinyproxy 1.11, for a wrong password
    case 407:
      login_refused(proxy, head.line());
    case 504:
      throw ConnectionLost(ETIMEDOUT, what, head.line());
    case 500:
    case 502:
    case 503:
      throw ConnectionLost(EHOSTUNREACH, what, head.line());
    default:
      throw NotAdmitted(what, head.line());
  }
}

awaitable<void> dig_by_http(Stream& stream, ProxyPtr proxy, HostPort target) {
  std::string request = http::connect_request(target, proxy->user, proxy->password);
  co_await write_text(stream, std::move(request));
  http::AnswerHead head;
  while (!head.complete() && !head.broken()) {
    const std::string byte = co_await read_exactly(stream, 1);
    head.feed(byte.front());
  }
  if (head.broken()) not_understood(*proxy, "HTTP");
  if (head.status() / 100 != 2) tunnel_refused(*proxy, target, head);
}

// The stream, which leads to the proxy, leads to the target afterwards.
awaitable<void> dig(Stream& stream, ProxyPtr proxy, HostPort target, Time deadline, std::stop_token stop) {
  auto executor = co_await asio::this_coro::executor;
  const Alarm alarm(executor, stream, deadline, stop);
  try {
    if (proxy->kind == Proxy::Kind::http) {
      co_await dig_by_http(stream, proxy, target);
    } else {
      co_await dig_by_socks5(stream, proxy, target);
    }
  } catch (const ConnectionLost&) {
    if (stop.stop_requested()) throw Cancelled();
    if (alarm.rang()) throw ConnectionLost(ETIMEDOUT, "proxy " + named(proxy->where) + ": no answer in time");
    throw;
  }
}

awaitable<std::unique_ptr<Stream>> connect_to_proxy(Connector& next, ProxyPtr proxy, StreamLimits limits,
                                                    std::stop_token stop) {
  HostPort where = proxy->where;
  try {
    co_return co_await next.connect(std::move(where), limits, stop);
  } catch (const ConnectionLost& error) {
    throw ConnectionLost(error.code(), std::string("proxy: ") + error.what());
  }
}

// As far as names are looked up here: the addresses, in the order to try them.
awaitable<std::vector<HostPort>> targets_of(HostPort where, Proxy::Kind kind, Time deadline,
                                            std::stop_token stop) {
  if (kind != Proxy::Kind::socks5) co_return std::vector<HostPort>{where};
  std::vector<HostPort> targets;
  const auto endpoints = co_await resolve(where, deadline, stop);
  for (const auto& endpoint : endpoints)
    targets.push_back(HostPort{endpoint.address().to_string(), endpoint.port()});
  co_return targets;
}

awaitable<std::unique_ptr<Stream>> connect_through(Connector& next, ProxyPtr proxy, HostPort where,
                                                   StreamLimits limits, std::stop_token stop) {
  const Time deadline = std::chrono::steady_clock::now() + limits.connect;
  const std::vector<HostPort> targets = co_await targets_of(where, proxy->kind, deadline, stop);
  for (std::size_t i = 0;; ++i) {
    std::unique_ptr<Stream> stream = co_await connect_to_proxy(next, proxy, limits, stop);
    try {
      co_await dig(*stream, proxy, targets[i], deadline, stop);
      co_return std::make_unique<TunnelStream>(std::move(stream), targets[i]);
    } catch (const ConnectionLost& error) {
      if (i + 1 == targets.size() || error.code() == EPROTO || error.code() == ETIMEDOUT) throw;
    }
  }
}

}  // namespace

awaitable<std::unique_ptr<Stream>> ProxyConnector::connect(HostPort where, StreamLimits limits,
                                                           std::stop_token stop) {
  return connect_through(next_, proxy_, std::move(where), limits, std::move(stop));
}

std::unique_ptr<Listener> ProxyConnector::listen(const Executor&, const ListenRequest&) {
  throw Error(ENOTSUP, "active mode does not work through a proxy");
}

}  // namespace ftpfs::net
