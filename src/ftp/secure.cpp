// SPDX-License-Identifier: MIT
// From clear text to TLS (RFC 4217), on the control connection and for the data connections.
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/proto/fault.hpp>

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

constexpr int security_exchange_complete = 234;  // and no other code: 331, 230, 220 are tricks or mistakes

// A limit's 421 comes in clear text on the implicit port, too (vsftpd).
void check_clear_text_limit(const std::string& said) {
  proto::ReplyParser parser;
  parser.feed(said + "\r\n");
  const std::optional<Reply> reply = parser.next();
  if (reply && proto::is_connection_limit(*reply))
    throw Error(EUSERS, "server takes no more connections", reply->last_line());
}

}  // namespace

// `automatic` without TLS on the server is the only way to go on in clear text, and where it has worked once
// it must work again.
awaitable<void> Session::secure() {
  const TlsMode mode = context_->config.tls;
  Support& known = profile().tls;
  if (mode == TlsMode::off) co_return;
  bool offered = false;
  if (mode == TlsMode::automatic && known == Support::unknown) offered = co_await tls_is_offered();
  if (mode == TlsMode::automatic && known == Support::no) co_return;

  Reply reply = co_await ask(Verb::auth, "TLS");
  if (reply.code != security_exchange_complete) reply = co_await ask(Verb::auth, "SSL");
  if (reply.code == security_exchange_complete) {
    known = Support::yes;
    co_await start_tls();
    co_return;
  }
  // pure-ftpd without a certificate lists AUTH TLS all the same, and then knows no such thing. Who could
  // forge that answer could have left the offer out.
  const bool not_there =
      known == Support::unknown && (!offered || proto::is_unimplemented(Verb::auth, reply));
  if (mode == TlsMode::automatic && not_there) {
    go_on_in_clear();
    co_return;
  }
  throw Error(EPROTO, "server refuses TLS (tls=off would send the password in clear text)",
              reply.last_line());
}

// What FEAT says before the log-in, as far as the server answers it then (SwiFTP: 530); else AUTH itself will
// tell.
awaitable<bool> Session::tls_is_offered() {
  const Reply reply = co_await ask(Verb::feat, "");
  const proto::Features features = proto::parse_features(reply);
  const bool offered = features.auth_tls || features.auth_ssl;
  if (features.known && !offered) go_on_in_clear();
  co_return offered;
}

void Session::go_on_in_clear() {
  profile().tls = Support::no;
  context_->logger->info("the server has no TLS: password and files are sent in clear text");
}

awaitable<void> Session::start_tls() {
  // What came in clear text must not be taken for something said under TLS (CVE-2021-22947).
  if (!nothing_unread()) lose(EPROTO, "server spoke in clear text after it had agreed to TLS");
  const FtpConfig& config = context_->config;
  auto stream =
      std::make_unique<net::TlsStream>(context_->tls(), std::move(stream_), config.host, profile().tls_max);
  tls_ = stream.get();
  stream_ = std::move(stream);
  limit_reply(config.timeout);
  int failed = 0;
  std::string reason;
  std::string said;
  try {
    co_await tls_->handshake();
  } catch (const ConnectionLost& error) {
    failed = error.code();
    reason = error.what();
    said = error.server_said();
  }
  unlimit_reply();
  if (failed == 0) {
    net::TlsFacts facts = tls_->facts();
    context_->logger->debug("s{} {}", number_, facts.version);
    context_->tls_in_use = TlsInUse{std::move(facts.version), std::move(facts.cipher)};
    co_return;
  }
  check_clear_text_limit(said);
  if (profile().tls_max < net::TlsVersion::tls1_3) {
    profile().tls_max = net::TlsVersion::tls1_3;
    profile().tls_1_2_failed = true;
  }
  if (timed_out_) lose(ETIMEDOUT, "TLS handshake: no answer in time");
  lose(failed, reason, said);
}

// After the log-in, where most servers want it. PBSZ 0 is a formality (RFC 4217, 9) that some servers refuse
// without meaning anything by it.
awaitable<void> Session::protect_data() {
  if (tls_ == nullptr) co_return;
  const bool clear = context_->config.tls_data_clear;
  co_await ask(Verb::pbsz, "0");
  const std::string level = clear ? "C" : "P";
  const Reply reply = co_await ask(Verb::prot, level);
  if (reply.completion()) co_return;
  throw Error(EPROTO,
              clear ? "server refuses data connections in clear text (tls_data=clear)"
                    : "server refuses TLS on data connections (tls_data=clear would do without)",
              reply.last_line());
}

std::unique_ptr<net::TlsStream> Session::protect(std::unique_ptr<net::Stream>& data) const {
  if (tls_ == nullptr || context_->config.tls_data_clear) return nullptr;
  return std::make_unique<net::TlsStream>(*tls_, std::move(data));
}

void Session::resumption_refused() noexcept {
  ServerProfile& known = profile();
  const bool never_worked =
      !known.tls_data_resumed && !known.tls_1_2_failed && known.tls_max == net::TlsVersion::tls1_3;
  if (never_worked && tls_ != nullptr && tls_->version() == net::TlsVersion::tls1_3) {
    known.tls_max = net::TlsVersion::tls1_2;
    context_->logger->warn(
        "the server does not take up sessions of TLS 1.3 on data connections: using TLS 1.2");
  }
  abort();
}

}  // namespace ftpfs::ftp
