// SPDX-License-Identifier: MIT
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/net/connector.hpp>

#include "failure.hpp"
#include "tcp_stream.hpp"

namespace ftpfs::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Time = asio::steady_timer::time_point;

// A name lookup or a TCP handshake under way. It is shared with the handler that ends it, so a caller who
// gives up may leave at once: getaddrinfo() cannot be stopped, it ends later and finds nobody.
struct Attempt {
  explicit Attempt(const Executor& executor) : wake(executor) {}
  void finish(const error_code& result) {
    error = result;
    done = true;
    wake.cancel();
  }

  asio::steady_timer wake;  // expires at the deadline, cancelled by completion and by stop
  bool done = false;
  error_code error;
};

struct Lookup : Attempt {
  explicit Lookup(const Executor& executor) : Attempt(executor), resolver(executor) {}
  tcp::resolver resolver;
  std::vector<tcp::endpoint> endpoints;
};

struct Handshake : Attempt {
  explicit Handshake(const Executor& executor) : Attempt(executor), socket(executor) {}
  tcp::socket socket;
};

struct CancelTimer {
  asio::steady_timer* timer;
  void operator()() const { timer->cancel(); }
};

// Until it is done (also when it failed: attempt->error) or the deadline has passed (then `error` says so).
awaitable<void> wait_for(std::shared_ptr<Attempt> attempt, Time deadline, std::stop_token stop) {
  if (stop.stop_requested()) throw Cancelled();
  attempt->wake.expires_at(deadline);
  const std::stop_callback on_stop(stop, CancelTimer{&attempt->wake});
  error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await attempt->wake.async_wait(token);
  if (attempt->done) co_return;
  if (stop.stop_requested()) throw Cancelled();
  attempt->error = asio::error::timed_out;
}

awaitable<std::vector<tcp::endpoint>> resolve(HostPort where, Time deadline, std::stop_token stop) {
  error_code not_numeric;
  const auto address = asio::ip::make_address(where.host, not_numeric);
  if (!not_numeric) co_return std::vector<tcp::endpoint>{tcp::endpoint(address, where.port)};

  auto executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->resolver.async_resolve(
      where.host, std::to_string(where.port), tcp::resolver::numeric_service,
      [lookup](const error_code& error, const tcp::resolver::results_type& results) {
        for (const auto& result : results) lookup->endpoints.push_back(result.endpoint());
        lookup->finish(error);
      });
  co_await wait_for(lookup, deadline, stop);
  if (lookup->error) throw_connection_lost("look up " + where.host, lookup->error);
  co_return std::move(lookup->endpoints);
}

// Asio's own open() sets no close-on-exec flag, and helpers such as fusermount3 must not inherit our sockets.
error_code open_socket(tcp::socket& socket, const tcp& protocol) {
  UniqueFd fd(::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!fd) return {errno, boost::system::system_category()};
  error_code error;
  socket.assign(protocol, fd.get(), error);
  if (!error) fd.release();
  return error;
}

// None of them is worth failing for.
void set_options(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const int idle = 45;  // seconds; NATs forget a silent connection after 60-300
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
}

awaitable<std::shared_ptr<Handshake>> shake_hands(tcp::endpoint endpoint, Time deadline,
                                                  std::stop_token stop) {
  auto executor = co_await asio::this_coro::executor;
  const auto handshake = std::make_shared<Handshake>(executor);
  handshake->error = open_socket(handshake->socket, endpoint.protocol());
  if (handshake->error) co_return handshake;
  set_options(handshake->socket);
  handshake->socket.async_connect(endpoint,
                                  [handshake](const error_code& error) { handshake->finish(error); });
  bool cancelled = false;
  try {
    co_await wait_for(handshake, deadline, stop);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  if (cancelled || handshake->error) {
    error_code ignored;
    handshake->socket.close(ignored);  // the handler would keep it trying
  }
  if (cancelled) throw Cancelled();
  co_return handshake;
}

}  // namespace

awaitable<std::unique_ptr<Stream>> SystemConnector::connect(HostPort where, StreamLimits limits,
                                                            std::stop_token stop) {
  const Time deadline = std::chrono::steady_clock::now() + limits.connect;
  const std::vector<tcp::endpoint> endpoints = co_await resolve(where, deadline, stop);
  error_code first_failure;  // of the address that the system prefers
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    // A silent address (broken IPv6) must leave time for the others.
    const Time now = std::chrono::steady_clock::now();
    const Time share = now + (deadline - now) / static_cast<int>(endpoints.size() - i);
    const auto handshake = co_await shake_hands(endpoints[i], share, stop);
    if (!handshake->error)
      co_return make_tcp_stream(std::move(handshake->socket), endpoints[i], limits.inactivity);
    if (!first_failure) first_failure = handshake->error;
  }
  throw_connection_lost("connect to " + where.host + " port " + std::to_string(where.port), first_failure);
}

}  // namespace ftpfs::net
