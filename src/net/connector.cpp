// SPDX-License-Identifier: MIT
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/connector.hpp>

#include "attempt.hpp"
#include "failure.hpp"
#include "listener.hpp"
#include "resolve.hpp"
#include "socket.hpp"
#include "tcp_stream.hpp"

namespace ftpfs::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Time = Attempt::Time;

struct Handshake : Attempt {
  explicit Handshake(const Executor& executor) : Attempt(executor), socket(executor) {}
  tcp::socket socket;
};

error_code open_socket(tcp::socket& socket, const tcp& protocol) {
  UniqueFd fd = new_socket(protocol);
  if (!fd) return last_error();
  error_code error;
  socket.assign(protocol, fd.get(), error);
  if (!error) fd.release();
  return error;
}

bool suits(const tcp::endpoint& endpoint, Route::Family family) noexcept {
  if (family == Route::Family::any) return true;
  return endpoint.address().is_v4() == (family == Route::Family::ipv4);
}

error_code leave_by(tcp::socket& socket, const std::string& interface) {
  if (interface.empty()) return {};
  error_code error;
  const auto address = asio::ip::make_address(interface, error);
  if (!error) {
    socket.bind(tcp::endpoint(address, 0), error);
    return error;
  }
  const auto size = static_cast<socklen_t>(interface.size());
  const bool bound =
      ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), size) == 0;
  return bound ? error_code() : last_error();
}

awaitable<std::shared_ptr<Handshake>> shake_hands(tcp::endpoint endpoint, std::string interface,
                                                  Time deadline, std::stop_token stop) {
  auto executor = co_await asio::this_coro::executor;
  const auto handshake = std::make_shared<Handshake>(executor);
  handshake->error = open_socket(handshake->socket, endpoint.protocol());
  if (!handshake->error) handshake->error = leave_by(handshake->socket, interface);
  if (handshake->error) co_return handshake;
  set_stream_options(handshake->socket);
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
  std::vector<tcp::endpoint> endpoints = co_await resolve(where, deadline, stop);
  std::erase_if(endpoints, [this](const tcp::endpoint& one) { return !suits(one, route_.family); });
  if (endpoints.empty())
    throw_connection_lost("connect to " + where.host + " by the wanted kind of address",
                          asio::error::host_unreachable);
  error_code first_failure;  // of the address that the system prefers
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    // A silent address (broken IPv6) must leave time for the others.
    const Time now = std::chrono::steady_clock::now();
    const Time share = now + (deadline - now) / static_cast<int>(endpoints.size() - i);
    const auto handshake = co_await shake_hands(endpoints[i], route_.interface, share, stop);
    if (!handshake->error)
      co_return make_tcp_stream(std::move(handshake->socket), endpoints[i], limits.inactivity);
    if (!first_failure) first_failure = handshake->error;
  }
  const std::string by = route_.interface.empty() ? "" : " by " + route_.interface;
  throw_connection_lost("connect to " + where.host + " port " + std::to_string(where.port) + by,
                        first_failure);
}

std::unique_ptr<Listener> SystemConnector::listen(const Executor& executor, const ListenRequest& request) {
  return make_listener(executor, request, listens_++);
}

}  // namespace ftpfs::net
