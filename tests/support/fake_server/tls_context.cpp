// SPDX-License-Identifier: MIT
#include "support/fake_server/tls_context.hpp"

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace ftpfs::test::fake {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Memory = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("fake server: TLS: ") + what);
}

Memory reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free_all};
}

Certificate certificate_in(const std::string& pem) {
  return {PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr), &X509_free};
}

void use(SSL_CTX* context, const std::string& pem) {
  const Certificate certificate = certificate_in(pem);
  const Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  must(certificate && key, "no certificate or no key");
  must(SSL_CTX_use_certificate(context, certificate.get()) == 1, "certificate refused");
  must(SSL_CTX_use_PrivateKey(context, key.get()) == 1, "key refused");
}

void demand_client_certificate(SSL_CTX* context, const std::string& authority) {
  const Certificate certificate = certificate_in(authority);
  must(certificate && X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) == 1,
       "no authority");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int stamp(SSL* ssl, void* /* argument */) {
  const auto session = reinterpret_cast<std::size_t>(SSL_get_ex_data(ssl, session_index()));
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &session, sizeof session);
}

SSL_TICKET_RETURN judge(SSL* ssl, SSL_SESSION*, const unsigned char*, std::size_t, SSL_TICKET_STATUS status,
                        void* argument) {
  const auto resumes = static_cast<TlsBehaviour::Resumes>(reinterpret_cast<std::uintptr_t>(argument));
  const bool may = resumes == TlsBehaviour::Resumes::all ||
                   (resumes == TlsBehaviour::Resumes::only_tls_1_2 && SSL_version(ssl) == TLS1_2_VERSION);
  const bool known = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  return may && known ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
}

}  // namespace

std::shared_ptr<SSL_CTX> TlsContexts::context(const std::string& certificate, const TlsBehaviour& tls) {
  std::shared_ptr<SSL_CTX>& context =
      contexts_[{certificate, tls.client_authority, tls.min_version, tls.max_version, tls.resumes}];
  if (context) return context;
  context = {SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  must(context != nullptr, "no context");
  use(context.get(), certificate);
  if (!tls.client_authority.empty()) demand_client_certificate(context.get(), tls.client_authority);
  SSL_CTX_set_min_proto_version(context.get(), tls.min_version);
  SSL_CTX_set_max_proto_version(context.get(), tls.max_version);
  const bool old = tls.max_version != 0 && tls.max_version < TLS1_2_VERSION;
  if (old) SSL_CTX_set_security_level(context.get(), 0);  // no cipher else
  // Only tickets can say whose they are. With a session id context, clients with certificates may resume,
  // too.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  const unsigned char id = 1;
  SSL_CTX_set_session_id_context(context.get(), &id, sizeof id);
  SSL_CTX_set_session_ticket_cb(context.get(), stamp, judge,
                                reinterpret_cast<void*>(static_cast<std::uintptr_t>(tls.resumes)));
  return context;
}

void belongs_to(SSL* ssl, std::size_t session) {
  SSL_set_ex_data(ssl, session_index(), reinterpret_cast<void*>(session));
}

std::optional<std::size_t> resumed_from(SSL* ssl) {
  if (SSL_session_reused(ssl) == 0) return std::nullopt;
  void* data = nullptr;
  std::size_t size = 0;
  SSL_SESSION_get0_ticket_appdata(SSL_get_session(ssl), &data, &size);
  std::size_t session = 0;
  if (size != sizeof session) return std::nullopt;
  std::memcpy(&session, data, sizeof session);
  return session;
}

}  // namespace ftpfs::test::fake
