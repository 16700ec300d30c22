// SPDX-License-Identifier: MIT
#include "support/fake_server/channel.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <boost/asio/ssl.hpp>

#include "support/fake_server/tls_context.hpp"

namespace ftpfs::test::fake {

using asio::ip::tcp;
using boost::system::error_code;

namespace {

// The Asio context is only a second handle of it.
asio::ssl::context shared(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  return asio::ssl::context(context);
}

}  // namespace

struct Channel::Tls {
  Tls(tcp::socket& socket, SSL_CTX* native) : context(shared(native)), stream(socket, context) {}

  asio::ssl::context context;
  asio::ssl::stream<tcp::socket&> stream;
};

Channel::Channel(tcp::socket socket) : socket_(std::move(socket)) {}

Channel::~Channel() = default;

SSL* Channel::tls() const {
  return tls_ ? tls_->stream.native_handle() : nullptr;
}

void Channel::start_over() {
  tls_.reset();
}

// FIN, also when something of the peer's is still unread: close() alone would then send RST.
void Channel::close(bool reset) {
  error_code ignored;
  if (reset) {
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  } else {
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    while (socket_.is_open() && socket_.available(ignored) > 0) {
      std::array<char, 4096> unread;
      socket_.read_some(asio::buffer(unread), ignored);
    }
  }
  socket_.close(ignored);
}

awaitable<bool> Channel::start_tls(std::shared_ptr<SSL_CTX> context, std::size_t session, bool tickets) {
  tls_ = std::make_unique<Tls>(socket_, context.get());
  belongs_to(tls(), session);
  if (!tickets) SSL_set_num_tickets(tls(), 0);
  error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  co_await tls_->stream.async_handshake(asio::ssl::stream_base::server, token);
  co_return !error;
}

awaitable<Channel::Received> Channel::read_some(asio::mutable_buffer into) {
  Received received;
  error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  if (tls_) {
    received.size = co_await tls_->stream.async_read_some(into, token);
  } else {
    received.size = co_await socket_.async_read_some(into, token);
  }
  if (error == asio::error::eof) {
    received.end = End::clean;
  } else if (error == asio::ssl::error::stream_truncated) {
    received.end = End::cut;
  } else if (error) {
    received.end = End::broken;
  }
  co_return received;
}

awaitable<bool> Channel::write(std::string bytes) {
  const auto buffer = asio::buffer(bytes);
  error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  if (tls_) {
    co_await asio::async_write(tls_->stream, buffer, token);
  } else {
    co_await asio::async_write(socket_, buffer, token);
  }
  co_return !error;
}

void Channel::write_now(const std::string& bytes) {
  error_code ignored;
  if (tls_) {
    asio::write(tls_->stream, asio::buffer(bytes), ignored);
  } else {
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
}

// SSL_shutdown is done at once when it believes that the client's has come.
awaitable<void> Channel::send_close_notify() {
  if (!tls_) co_return;
  SSL_set_shutdown(tls(), SSL_get_shutdown(tls()) | SSL_RECEIVED_SHUTDOWN);
  error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await tls_->stream.async_shutdown(token);
}

// OpenSSL sends none but by itself: so it is given a record of the client's that cannot be deciphered.
awaitable<void> Channel::send_alert() {
  static const std::string record = "\x17\x03\x03" + std::string(1, '\0') + "\x20" + std::string(32, 'x');
  SSL_set0_rbio(tls(), BIO_new_mem_buf(record.data(), static_cast<int>(record.size())));
  std::array<char, 1> byte;
  const auto buffer = asio::buffer(byte);
  error_code ignored;
  auto token = asio::redirect_error(use_awaitable, ignored);
  co_await tls_->stream.async_read_some(buffer, token);
}

awaitable<bool> Channel::exchange_close_notify() {
  const auto waiting = std::make_shared<bool>(true);  // the timer may be due when this is over
  asio::steady_timer timer(socket_.get_executor(), std::chrono::seconds(1));
  timer.async_wait([this, waiting](const error_code& stopped) {
    error_code ignored;
    if (!stopped && *waiting) socket_.cancel(ignored);
  });
  error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  co_await tls_->stream.async_shutdown(token);
  *waiting = false;
  co_return !error || error == asio::error::eof;
}

awaitable<bool> Channel::await_fin() {
  const auto waiting = std::make_shared<bool>(true);  // the timer may be due when this is over
  asio::steady_timer timer(socket_.get_executor(), std::chrono::seconds(1));
  timer.async_wait([this, waiting](const error_code& stopped) {
    error_code ignored;
    if (!stopped && *waiting) socket_.cancel(ignored);
  });
  std::array<char, 1> byte;
  const auto buffer = asio::buffer(byte);
  error_code error;
  auto token = asio::redirect_error(use_awaitable, error);
  co_await socket_.async_read_some(buffer, token);
  *waiting = false;
  co_return error == asio::error::eof;
}

}  // namespace ftpfs::test::fake
