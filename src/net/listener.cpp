// SPDX-License-Identifier: MIT
#include "listener.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include <sys/socket.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/connector.hpp>

#include "attempt.hpp"
#include "failure.hpp"
#include "socket.hpp"
#include "tcp_stream.hpp"

namespace ftpfs::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

// Nobody but the server is expected, and it connects once.
constexpr int backlog = 4;

// An accept() that is suspended shares the ownership, so its Listener may be destroyed under it.
class Door : public std::enable_shared_from_this<Door> {
 public:
  explicit Door(const Executor& executor) : executor_(executor), acceptor_(executor) {}

  error_code open(const tcp::endpoint& where);
  static awaitable<std::unique_ptr<Stream>> accept(std::shared_ptr<Door> self, StreamLimits limits,
                                                   std::stop_token stop);
  const tcp::endpoint& local() const noexcept { return local_; }
  void close() noexcept {
    error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  awaitable<void> wait(Attempt::Time deadline, std::stop_token stop);
  std::unique_ptr<Stream> admit(UniqueFd fd, std::chrono::milliseconds inactivity);

  Executor executor_;
  tcp::acceptor acceptor_;
  tcp::endpoint local_;
};

error_code Door::open(const tcp::endpoint& where) {
  UniqueFd fd = new_socket(where.protocol());
  if (!fd) return last_error();
  error_code error;
  acceptor_.assign(where.protocol(), fd.get(), error);
  if (error) return error;
  fd.release();
  acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  acceptor_.bind(where, error);
  if (!error) acceptor_.listen(backlog, error);
  if (!error) local_ = acceptor_.local_endpoint(error);
  if (error) close();
  return error;
}

// Not Asio's own accept(): that leaves the new descriptor open across exec.
awaitable<std::unique_ptr<Stream>> Door::accept(std::shared_ptr<Door> self, StreamLimits limits,
                                                std::stop_token stop) {
  const Attempt::Time deadline = std::chrono::steady_clock::now() + limits.connect;
  for (;;) {
    if (!self->acceptor_.is_open())
      throw_connection_lost("wait for a connection", asio::error::not_connected);
    UniqueFd fd(::accept4(self->acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (fd) {
      std::unique_ptr<Stream> stream = self->admit(std::move(fd), limits.inactivity);
      if (stream) co_return stream;
      continue;
    }
    const error_code error = last_error();
    if (error == asio::error::interrupted || error == asio::error::connection_aborted) continue;
    if (error != asio::error::would_block && error != asio::error::try_again)
      throw_connection_lost("accept a connection", error);
    co_await self->wait(deadline, stop);
  }
}

// Until there may be somebody at the door, or it was closed.
awaitable<void> Door::wait(Attempt::Time deadline, std::stop_token stop) {
  const auto knock = std::make_shared<Attempt>(executor_);
  acceptor_.async_wait(tcp::acceptor::wait_read, [knock](const error_code& error) { knock->finish(error); });
  bool cancelled = false;
  try {
    co_await wait_for(knock, deadline, stop);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  error_code ignored;
  if (!knock->done && acceptor_.is_open()) acceptor_.cancel(ignored);
  if (cancelled) throw Cancelled();
  if (knock->error) throw_connection_lost("wait for a connection", knock->error);
}

// Nobody: the peer has gone again already.
std::unique_ptr<Stream> Door::admit(UniqueFd fd, std::chrono::milliseconds inactivity) {
  tcp::socket socket(executor_);
  error_code error;
  socket.assign(local_.protocol(), fd.get(), error);
  if (error) return nullptr;
  fd.release();
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return nullptr;
  set_stream_options(socket);
  return make_tcp_stream(std::move(socket), peer, inactivity);
}

class TcpListener final : public Listener {
 public:
  explicit TcpListener(std::shared_ptr<Door> door) : door_(std::move(door)) {}
  ~TcpListener() override { door_->close(); }

  tcp::endpoint local() const override { return door_->local(); }
  awaitable<std::unique_ptr<Stream>> accept(StreamLimits limits, std::stop_token stop) override {
    return Door::accept(door_, limits, std::move(stop));
  }
  void close() noexcept override { door_->close(); }

 private:
  std::shared_ptr<Door> door_;
};

}  // namespace

std::unique_ptr<Listener> make_listener(const Executor& executor, const ListenRequest& request,
                                        std::uint32_t turn) {
  const std::uint32_t ports = request.last_port - request.first_port + 1u;
  error_code error;
  for (std::uint32_t i = 0; i < ports; ++i) {
    const auto port = static_cast<std::uint16_t>(request.first_port + (turn + i) % ports);
    auto door = std::make_shared<Door>(executor);
    error = door->open(tcp::endpoint(request.address, port));
    if (!error) return std::make_unique<TcpListener>(std::move(door));
    if (error != asio::error::address_in_use) break;
  }
  throw_connection_lost("listen on " + request.address.to_string(), error);
}

}  // namespace ftpfs::net
