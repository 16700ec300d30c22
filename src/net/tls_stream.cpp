// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <new>
#include <utility>

#include <openssl/err.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/net/tls.hpp>

#include "tls_certificate.hpp"
#include "tls_context.hpp"
#include "tls_failure.hpp"
#include "tls_verify.hpp"
#include "tls_wire.hpp"

namespace ftpfs::net {
namespace {

// So much is encrypted before it goes to the socket: 8 records, one send().
constexpr std::size_t write_chunk = 128 * 1024;
// What one recv() takes. It begins small, for control connections, and grows while it comes back full.
constexpr std::size_t smallest_input = 16 * 1024 + 512;  // a record and its frame
constexpr std::size_t largest_input = 256 * 1024;
// So often in a row input is looked at that has no data in it. The two tickets of a handshake are one.
constexpr int most_looks = 4;
// More than this between two pieces of data comes of a server that wants to keep us busy: tickets, alerts and
// key updates are for nobody to wait for. Twice the largest input, so that it has data that are not read yet.
constexpr std::size_t most_without_data = 2 * largest_input;
// Of what a server says in clear text where TLS was expected.
constexpr std::size_t longest_quote = 512;

}  // namespace

// What an operation needs while it is suspended; shared as TcpStream's Connection is.
//
// OpenSSL works on buffers (TlsWire). Reading may make output (an answer to a key update) and writing may
// need input (renegotiation), so either direction may want either wire: one task at a time receives, one at a
// time sends, the others wait for it.
class TlsStream::Core {
 public:
  Core(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> lower, std::string host,
       TlsVersion max);

  void resume(const Core& control);
  static awaitable<void> handshake(std::shared_ptr<Core> self);
  static awaitable<std::size_t> read_some(std::shared_ptr<Core> self, MutableBytes into);
  static awaitable<void> write(std::shared_ptr<Core> self, Bytes bytes);
  static awaitable<void> finish(std::shared_ptr<Core> self);
  std::optional<std::size_t> try_read(MutableBytes into);
  bool readable() noexcept;
  TlsFacts facts() const;
  SSL* ssl() const noexcept { return ssl_.get(); }
  bool cut() const noexcept { return cut_; }
  void abort() noexcept;
  void release() noexcept { lower_.reset(); }  // the owner is gone; lower's destructor knows how to end

  HostPort peer;
  asio::ip::tcp::endpoint local;
  const std::shared_ptr<const TlsContext>& context() const noexcept { return context_; }
  const std::string& host() const noexcept { return host_; }

 private:
  struct Busy;

  static awaitable<void> receive(std::shared_ptr<Core> self);
  static awaitable<void> send(std::shared_ptr<Core> self);
  Stream& lower();
  void received(std::size_t size);
  std::size_t decrypt(MutableBytes into);
  bool look();
  bool absorb();
  std::size_t encrypt(Bytes bytes);
  bool ended() const noexcept { return closed_ || cut_; }
  bool wants_input(int result, const char* what);
  bool is_cut() const noexcept { return wire_.ended && wire_.incoming.empty() && established_; }
  std::exception_ptr failure(const char* what);
  [[noreturn]] void fail(const char* what);
  std::string quoted() const;

  std::shared_ptr<const TlsContext> context_;
  std::string host_;
  std::unique_ptr<Stream> lower_;
  TlsWire wire_;
  Buffer input_;
  TlsVerifier verifier_;
  SslSessionPtr newest_session_;
  SslPtr ssl_;  // refers to all above it

  std::string first_words_;  // of the server, until the handshake is done
  std::vector<std::byte> sending_;
  bool established_ = false;
  bool receiving_ = false;
  bool sending_now_ = false;
  bool closed_ = false;  // close_notify has come
  bool cut_ = false;     // the end has come without it
  // What has come is broken, or an alert. OpenSSL tells that once: asked again, it says what it says after a
  // close_notify.
  std::exception_ptr broken_;
  bool input_full_ = false;       // the last recv() filled the buffer
  std::size_t without_data_ = 0;  // bytes that came since the last data
  WaitList received_;
  WaitList sent_;
};

// Sets a flag while a task is at it, wakes who waits when it is done or has failed.
struct TlsStream::Core::Busy {
  Busy(bool& busy, WaitList& waiters) : flag(busy), waiting(waiters) { flag = true; }
  ~Busy() {
    flag = false;
    waiting.wake_all();
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  bool& flag;
  WaitList& waiting;
};

TlsStream::Core::Core(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> lower,
                      std::string host, TlsVersion max)
    : peer(lower->peer()),
      local(lower->local()),
      context_(std::move(context)),
      host_(std::move(host)),
      lower_(std::move(lower)),
      input_(smallest_input) {
  ssl_.reset(SSL_new(context_->state_->ssl.get()));
  if (!ssl_) throw std::bad_alloc();
  BIO* const bio = make_bio(wire_).release();
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  if (max < context_->policy().max) SSL_set_max_proto_version(ssl_.get(), static_cast<int>(max));
  verifier_.policy = &context_->policy();
  attach(*ssl_, verifier_);
  verifier_.prepare(*ssl_, host_);
  keep_sessions(*ssl_, newest_session_);
}

// A copy each time: OpenSSL flags a TLS 1.3 session as used up after one resumption, and any session whose
// connection was cut as not resumable.
void TlsStream::Core::resume(const Core& control) {
  verifier_.same_as.reset(SSL_get1_peer_certificate(control.ssl_.get()));
  SSL_set_max_proto_version(ssl_.get(), SSL_version(control.ssl_.get()));
  if (!control.newest_session_) return;
  const SslSessionPtr copy(SSL_SESSION_dup(control.newest_session_.get()));
  if (copy) SSL_set_session(ssl_.get(), copy.get());
}

Stream& TlsStream::Core::lower() {
  if (!lower_) throw ConnectionLost(EIO, "TLS: connection is closed");
  return *lower_;
}

void TlsStream::Core::abort() noexcept {
  if (lower_) lower_->abort();
}

// True: the operation needs more input. False: it has an outcome (`result` > 0, the end, or a cut).
bool TlsStream::Core::wants_input(int result, const char* what) {
  if (result > 0) return false;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return true;
    case SSL_ERROR_ZERO_RETURN:
      closed_ = true;
      return false;
    default:
      break;
  }
  if (is_cut()) {
    ERR_clear_error();
    cut_ = true;
    return false;
  }
  fail(what);
}

std::exception_ptr TlsStream::Core::failure(const char* what) {
  std::string reason = take_tls_error();
  if (!verifier_.refusal.empty()) return std::make_exception_ptr(Error(EKEYREJECTED, verifier_.refusal));
  const std::string words = quoted();
  if (!words.empty()) reason = "the server does not speak TLS here";
  if (reason.empty() || wire_.ended) reason = "the server closed the connection";
  return std::make_exception_ptr(ConnectionLost(EIO, std::string("TLS ") + what + ": " + reason, words));
}

void TlsStream::Core::fail(const char* what) {
  broken_ = failure(what);
  std::rethrow_exception(broken_);
}

// The first line in clear text, if that is what came instead of a record: a limit's 421 on port 990.
std::string TlsStream::Core::quoted() const {
  const bool code = first_words_.size() >= 4 && std::all_of(first_words_.begin(), first_words_.begin() + 3,
                                                            [](unsigned char c) { return std::isdigit(c); });
  if (!code) return {};
  return first_words_.substr(0, first_words_.find_first_of("\r\n"));
}

// Everything encrypted so far is in the socket when this returns, whoever has sent it.
awaitable<void> TlsStream::Core::send(std::shared_ptr<Core> self) {
  const std::stop_token never;
  while (self->sending_now_ || !self->wire_.outgoing.empty()) {
    if (self->sending_now_) {
      co_await self->sent_.wait(never);
      continue;
    }
    const Busy busy(self->sending_now_, self->sent_);
    self->sending_.clear();
    self->sending_.swap(self->wire_.outgoing);
    const Bytes bytes(self->sending_);
    co_await self->lower().write(bytes);
  }
}

// More input than there was, or the end of it.
awaitable<void> TlsStream::Core::receive(std::shared_ptr<Core> self) {
  const std::stop_token never;
  if (self->receiving_) {
    co_await self->received_.wait(never);
    co_return;
  }
  const Busy busy(self->receiving_, self->received_);
  if (self->input_full_ && self->input_.size() < largest_input)
    self->input_ = Buffer(std::min(largest_input, 4 * self->input_.size()));
  const MutableBytes into = self->input_.bytes();
  const std::size_t size = co_await self->lower().read_some(into);
  self->received(size);
}

void TlsStream::Core::received(std::size_t size) {
  wire_.incoming = input_.bytes().first(size);
  wire_.ended = size == 0;
  input_full_ = size == input_.size();
  without_data_ += size;
  if (established_ && without_data_ > most_without_data && !broken_)
    broken_ = std::make_exception_ptr(
        ConnectionLost(EIO, "TLS read: the server sends TLS messages without end, and no data"));
  if (established_ || first_words_.size() >= longest_quote) return;
  first_words_.append(reinterpret_cast<const char*>(input_.data()), std::min(size, longest_quote));
}

awaitable<void> TlsStream::Core::handshake(std::shared_ptr<Core> self) {
  for (bool done = false; !done;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(self->ssl_.get());
    done = result == 1;
    bool more = false;
    std::exception_ptr failure;
    try {
      more = self->wants_input(result, "handshake");
      if (!done && !more) self->fail("handshake");  // a close_notify in the middle of it
    } catch (...) {
      failure = std::current_exception();
    }
    try {
      co_await send(self);  // a failure has its alert
    } catch (const ConnectionLost&) {
      if (!failure) failure = std::current_exception();
    }
    if (failure) std::rethrow_exception(failure);
    if (more) co_await receive(self);
  }
  self->established_ = true;
  self->first_words_.clear();
}

// As much as has come and fits; 0: nothing has, or ended().
std::size_t TlsStream::Core::decrypt(MutableBytes into) {
  if (broken_) std::rethrow_exception(broken_);
  std::size_t total = 0;
  while (!into.empty() && !ended()) {
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    const int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    if (result <= 0 && total > 0 && error != SSL_ERROR_ZERO_RETURN) {
      if (error == SSL_ERROR_SSL && !is_cut()) broken_ = failure("read");  // after what is here
      ERR_clear_error();  // all else comes again at the next call
      break;
    }
    if (wants_input(result, "read")) break;
    total += size;
    without_data_ = 0;
    into = into.subspan(size);
  }
  return total;
}

awaitable<std::size_t> TlsStream::Core::read_some(std::shared_ptr<Core> self, MutableBytes into) {
  for (;;) {
    const std::size_t size = self->decrypt(into);
    if (!self->wire_.outgoing.empty()) co_await send(self);
    if (size > 0 || self->ended()) co_return size;
    co_await receive(self);
  }
}

// Looks at what has come without taking it: is there data, or the end? Tickets and the like are dealt with.
bool TlsStream::Core::look() {
  if (ended() || broken_) return true;
  char first = 0;
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_peek_ex(ssl_.get(), &first, 1, &size);
  return !wants_input(result, "read");
}

// More input, if there is some at once. Not while somebody waits for it.
bool TlsStream::Core::absorb() {
  if (receiving_) return false;
  const std::optional<std::size_t> size = lower().try_read(input_.bytes());
  if (size) received(*size);
  return size.has_value();
}

std::optional<std::size_t> TlsStream::Core::try_read(MutableBytes into) {
  for (int looks = 0;; ++looks) {
    const std::size_t size = decrypt(into);
    if (size > 0 || ended()) return size;
    if (looks == most_looks || !absorb()) return std::nullopt;
  }
}

bool TlsStream::Core::readable() noexcept {
  try {
    for (int looks = 0;; ++looks) {
      if (look() || looks == most_looks) return true;
      if (!absorb()) return false;
    }
  } catch (...) {
    return true;  // the next read tells why
  }
}

std::size_t TlsStream::Core::encrypt(Bytes bytes) {
  std::size_t total = 0;
  while (total < bytes.size()) {
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data() + total, bytes.size() - total, &size);
    if (wants_input(result, "write")) break;  // renegotiation
    if (result <= 0) fail("write");
    total += size;
  }
  return total;
}

// Reads along: a server's tickets that lie unread at the end would turn our FIN into a RST, and the server
// would lose the tail of the file (curl #6149, proftpd #744).
awaitable<void> TlsStream::Core::write(std::shared_ptr<Core> self, Bytes bytes) {
  while (!bytes.empty()) {
    const Bytes chunk = bytes.first(std::min(bytes.size(), write_chunk));
    const std::size_t taken = self->encrypt(chunk);
    bytes = bytes.subspan(taken);
    co_await send(self);
    if (taken < chunk.size()) {
      co_await receive(self);
    } else {
      self->readable();
    }
  }
}

// close_notify and FIN; the peer's close_notify is not waited for (IIS sends it only after the FIN).
awaitable<void> TlsStream::Core::finish(std::shared_ptr<Core> self) {
  self->readable();
  ERR_clear_error();
  SSL_shutdown(self->ssl_.get());
  ERR_clear_error();
  co_await send(self);
  co_await self->lower().finish();
}

TlsFacts TlsStream::Core::facts() const {
  TlsFacts facts;
  facts.version = SSL_get_version(ssl_.get());
  facts.cipher = SSL_get_cipher_name(ssl_.get());
  facts.resumed = SSL_session_reused(ssl_.get()) == 1;
  facts.trusted = verifier_.trusted || facts.resumed;
  if (const X509* certificate = SSL_get0_peer_certificate(ssl_.get()))
    facts.certificate = describe(*certificate);
  return facts;
}

TlsStream::TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> lower,
                     std::string host, TlsVersion max)
    : core_(std::make_shared<Core>(std::move(context), std::move(lower), std::move(host), max)) {}

TlsStream::TlsStream(const TlsStream& control, std::unique_ptr<Stream> lower)
    : core_(std::make_shared<Core>(control.core_->context(), std::move(lower), control.core_->host(),
                                   TlsVersion::tls1_3)) {
  core_->resume(*control.core_);
}

TlsStream::~TlsStream() {
  core_->release();
}

awaitable<void> TlsStream::handshake() {
  return Core::handshake(core_);
}

bool TlsStream::resumed() const noexcept {
  return SSL_session_reused(core_->ssl()) == 1;
}

TlsVersion TlsStream::version() const noexcept {
  return static_cast<TlsVersion>(SSL_version(core_->ssl()));
}

TlsFacts TlsStream::facts() const {
  return core_->facts();
}

awaitable<std::size_t> TlsStream::read_some(MutableBytes into) {
  return Core::read_some(core_, into);
}

std::optional<std::size_t> TlsStream::try_read(MutableBytes into) {
  return core_->try_read(into);
}

awaitable<void> TlsStream::write(Bytes bytes) {
  return Core::write(core_, bytes);
}

awaitable<void> TlsStream::finish() {
  return Core::finish(core_);
}

void TlsStream::abort() noexcept {
  core_->abort();
}

bool TlsStream::readable() noexcept {
  return core_->readable();
}

bool TlsStream::cut() const noexcept {
  return core_->cut();
}

HostPort TlsStream::peer() const {
  return core_->peer;
}
asio::ip::tcp::endpoint TlsStream::local() const {
  return core_->local;
}

}  // namespace ftpfs::net
