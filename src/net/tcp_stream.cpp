// SPDX-License-Identifier: MIT
#include "tcp_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "failure.hpp"
#include "socket.hpp"

namespace ftpfs::net {
namespace {

using asio::ip::tcp;
using boost::system::error_code;
using Time = asio::steady_timer::time_point;

bool would_block(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

// sendfile() failed for the file's sake: its file system cannot, it is no file, it cannot be read.
bool is_of_the_file(const error_code& error) {
  constexpr std::array codes{EINVAL, ENOSYS, EOPNOTSUPP, EISDIR, EOVERFLOW, ENOMEM, EIO};
  return std::ranges::find(codes, error.value()) != codes.end();
}

// What an operation needs while it is suspended. Operations share the ownership, so a TcpStream may be
// destroyed under them: they find the socket closed.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const tcp::endpoint& peer, std::chrono::milliseconds inactivity)
      : socket_(std::move(socket)),
        peer_{peer.address().to_string(), peer.port()},
        inactivity_(inactivity),
        watchdog_(socket_.get_executor()) {
    error_code reset_already;  // then nobody will have a use for it
    local_ = socket_.local_endpoint(reset_already);
  }

  static awaitable<std::size_t> read_some(std::shared_ptr<Connection> self, MutableBytes into);
  static awaitable<void> write(std::shared_ptr<Connection> self, Bytes bytes);
  static awaitable<std::optional<std::size_t>> send_file(std::shared_ptr<Connection> self, int file,
                                                         std::uint64_t offset, std::size_t size);
  std::optional<std::size_t> try_read(MutableBytes into);
  void finish();
  void abort() noexcept;
  void release() noexcept;
  bool readable() noexcept;
  const HostPort& peer() const noexcept { return peer_; }
  const tcp::endpoint& local() const noexcept { return local_; }
  std::optional<std::chrono::microseconds> round_trip() noexcept;

 private:
  // A read or write that waits for the socket.
  struct Direction {
    tcp::socket::wait_type readiness;
    bool pending = false;
    bool timed_out = false;
    Time since{};
  };

  static awaitable<void> wait(std::shared_ptr<Connection> self, Direction& direction);
  static awaitable<void> give_way(std::shared_ptr<Connection> self);
  void require_open() const;
  void close() noexcept;
  void progressed() noexcept { last_progress_ = std::chrono::steady_clock::now(); }
  Time deadline(const Direction& direction) const noexcept {
    return std::max(direction.since, last_progress_) + inactivity_;
  }
  void watch();
  void check_deadlines();

  // So many operations in a row may succeed at once before the rest of the loop gets its turn.
  static constexpr unsigned turn = 16;

  tcp::socket socket_;
  HostPort peer_;
  tcp::endpoint local_;
  std::chrono::milliseconds inactivity_;
  // One timer for all operations, armed when one has to wait and left running after it: thousands of short
  // waits cost one re-arming per inactivity limit.
  asio::steady_timer watchdog_;
  bool watching_ = false;
  Time last_progress_{};
  Direction reading_{tcp::socket::wait_read};
  Direction writing_{tcp::socket::wait_write};
  bool ended_ = false;  // one side has said that it is done: what is under way must still arrive
  unsigned in_a_row_ = 0;
};

awaitable<std::size_t> Connection::read_some(std::shared_ptr<Connection> self, MutableBytes into) {
  if (++self->in_a_row_ >= turn) co_await give_way(self);
  for (;;) {
    if (const std::optional<std::size_t> got = self->try_read(into)) co_return *got;
    co_await wait(self, self->reading_);
  }
}

std::optional<std::size_t> Connection::try_read(MutableBytes into) {
  for (;;) {
    require_open();
    const ssize_t got = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
    if (got >= 0) {
      progressed();
      if (got == 0 && !into.empty()) ended_ = true;
      return static_cast<std::size_t>(got);
    }
    const error_code error = last_error();
    if (error == asio::error::interrupted) continue;
    if (would_block(error)) return std::nullopt;
    throw_connection_lost("read", error);
  }
}

awaitable<void> Connection::write(std::shared_ptr<Connection> self, Bytes bytes) {
  if (++self->in_a_row_ >= turn) co_await give_way(self);
  while (!bytes.empty()) {
    self->require_open();
    const ssize_t sent = ::send(self->socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      self->progressed();
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      continue;
    }
    const error_code error = last_error();
    if (error == asio::error::interrupted) continue;
    if (!would_block(error)) throw_connection_lost("write", error);
    co_await wait(self, self->writing_);
  }
}

awaitable<std::optional<std::size_t>> Connection::send_file(std::shared_ptr<Connection> self, int file,
                                                            std::uint64_t offset, std::size_t size) {
  if (++self->in_a_row_ >= turn) co_await give_way(self);
  std::size_t done = 0;
  while (done < size) {
    self->require_open();
    off_t from = static_cast<off_t>(offset + done);
    const ssize_t sent = ::sendfile(self->socket_.native_handle(), file, &from, size - done);
    if (sent == 0) break;  // the file ends here
    if (sent > 0) {
      self->progressed();
      done += static_cast<std::size_t>(sent);
      continue;
    }
    const error_code error = last_error();
    if (error == asio::error::interrupted) continue;
    if (done == 0 && is_of_the_file(error)) co_return std::nullopt;
    if (is_of_the_file(error)) break;  // the next call tells
    if (!would_block(error)) throw_connection_lost("write", error);
    co_await wait(self, self->writing_);
  }
  co_return done;
}

// A peer as fast as we are would otherwise keep the loop for itself.
awaitable<void> Connection::give_way(std::shared_ptr<Connection> self) {
  self->in_a_row_ = 0;
  co_await asio::post(use_awaitable);
}

// Until the socket is ready in that direction, or was closed: the caller tries again and finds out.
awaitable<void> Connection::wait(std::shared_ptr<Connection> self, Direction& direction) {
  self->in_a_row_ = 0;
  direction.pending = true;
  direction.since = std::chrono::steady_clock::now();
  self->watch();
  error_code ignored;  // aborted by check_deadlines() for the sake of the other direction, or by abort()
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await self->socket_.async_wait(direction.readiness, token);
  direction.pending = false;
  if (std::exchange(direction.timed_out, false)) throw_connection_lost("no progress", asio::error::timed_out);
}

void Connection::watch() {
  if (std::exchange(watching_, true)) return;
  check_deadlines();
}

// Fails what has waited too long and sleeps until the next deadline; with nothing pending the timer rests.
void Connection::check_deadlines() {
  const Time now = std::chrono::steady_clock::now();
  Time next = Time::max();
  bool expired = false;
  for (Direction* direction : {&reading_, &writing_}) {
    if (!direction->pending || direction->timed_out) continue;
    if (deadline(*direction) > now) {
      next = std::min(next, deadline(*direction));
    } else {
      direction->timed_out = expired = true;
    }
  }
  error_code ignored;
  if (expired) socket_.cancel(ignored);
  watching_ = next != Time::max();
  if (!watching_) return;
  watchdog_.expires_at(next);
  watchdog_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self && !error) self->check_deadlines();
  });
}

void Connection::require_open() const {
  if (!socket_.is_open()) throw_connection_lost("connection", asio::error::connection_aborted);
}

void Connection::finish() {
  require_open();
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (error) throw_connection_lost("end of data", error);
  ended_ = true;
}

void Connection::abort() noexcept {
  if (!socket_.is_open()) return;
  close();  // sends RST (set_stream_options)
}

// The owner is gone. RST only when neither side has ended: after an end it could overtake the last bytes of
// an upload, or be taken for a failed download.
void Connection::release() noexcept {
  if (!socket_.is_open()) return;
  error_code ignored;
  if (ended_) socket_.set_option(asio::socket_base::linger(false, 0), ignored);
  close();
}

void Connection::close() noexcept {
  error_code ignored;
  socket_.close(ignored);
  watchdog_.cancel();
}

bool Connection::readable() noexcept {
  if (!socket_.is_open()) return true;
  pollfd socket{socket_.native_handle(), POLLIN | POLLRDHUP, 0};
  return ::poll(&socket, 1, 0) > 0;
}

std::optional<std::chrono::microseconds> Connection::round_trip() noexcept {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return std::chrono::microseconds(info.tcpi_rtt);
}

class TcpStream final : public Stream {
 public:
  explicit TcpStream(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {}
  ~TcpStream() override { connection_->release(); }

  awaitable<std::size_t> read_some(MutableBytes into) override {
    return Connection::read_some(connection_, into);
  }
  std::optional<std::size_t> try_read(MutableBytes into) override { return connection_->try_read(into); }
  awaitable<void> write(Bytes bytes) override { return Connection::write(connection_, bytes); }
  awaitable<std::optional<std::size_t>> send_file(int file, std::uint64_t offset, std::size_t size) override {
    return Connection::send_file(connection_, file, offset, size);
  }
  awaitable<void> finish() override { return finish(connection_); }
  void abort() noexcept override { connection_->abort(); }
  bool readable() noexcept override { return connection_->readable(); }
  HostPort peer() const override { return connection_->peer(); }
  tcp::endpoint local() const override { return connection_->local(); }
  std::optional<std::chrono::microseconds> round_trip() const noexcept override {
    return connection_->round_trip();
  }

 private:
  static awaitable<void> finish(std::shared_ptr<Connection> connection) {
    connection->finish();
    co_return;
  }

  std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Stream> make_tcp_stream(tcp::socket socket, const tcp::endpoint& peer,
                                        std::chrono::milliseconds inactivity) {
  return std::make_unique<TcpStream>(std::make_shared<Connection>(std::move(socket), peer, inactivity));
}

}  // namespace ftpfs::net
