// SPDX-License-Identifier: MIT
#include "tls_context.hpp"

#include <cerrno>
#include <cstring>
#include <new>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <ftpfs/base/error.hpp>

#include "tls_authorities.hpp"
#include "tls_failure.hpp"
#include "tls_verify.hpp"

namespace ftpfs::net {
namespace {

int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// 1: the reference is ours now.
int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* slot = static_cast<SslSessionPtr*>(SSL_get_ex_data(ssl, session_index()));
  if (slot == nullptr) return 0;
  slot->reset(session);
  return 1;
}

[[noreturn]] void fail(const std::string& what) {
  throw Error(EINVAL, fmt::format("{}: {}", what, take_tls_error()));
}

void limit_versions(SSL_CTX& ssl, const TlsPolicy& policy) {
  const bool possible = SSL_CTX_set_min_proto_version(&ssl, static_cast<int>(policy.min)) == 1 &&
                        SSL_CTX_set_max_proto_version(&ssl, static_cast<int>(policy.max)) == 1;
  if (!possible) fail("tls_min, tls_max");
  if (policy.min >= TlsVersion::tls1_2) return;
  // Debian's OpenSSL has no cipher for these at its usual level, and such servers know no RFC 5746.
  SSL_CTX_set_security_level(&ssl, 0);
  SSL_CTX_set_options(&ssl, SSL_OP_LEGACY_SERVER_CONNECT);
}

void choose_ciphers(SSL_CTX& ssl, const std::string& wanted) {
  std::string suites;  // TLS 1.3
  std::string ciphers;
  for (std::size_t begin = 0; begin < wanted.size();) {
    const std::size_t end = std::min(wanted.find(':', begin), wanted.size());
    const std::string name = wanted.substr(begin, end - begin);
    std::string& list = name.starts_with("TLS_") ? suites : ciphers;
    list += (list.empty() ? "" : ":") + name;
    begin = end + 1;
  }
  if (!suites.empty() && SSL_CTX_set_ciphersuites(&ssl, suites.c_str()) != 1) fail("ciphers=" + suites);
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(&ssl, ciphers.c_str()) != 1) fail("ciphers=" + ciphers);
}

void load_authorities(SSL_CTX& ssl, const TlsPolicy& policy) {
  if (!policy.ca_file.empty() && SSL_CTX_load_verify_file(&ssl, policy.ca_file.c_str()) != 1)
    fail("cacert=" + policy.ca_file);
  if (!policy.ca_path.empty() && SSL_CTX_load_verify_dir(&ssl, policy.ca_path.c_str()) != 1)
    fail("capath=" + policy.ca_path);
  if (policy.ca_file.empty() && policy.ca_path.empty() && !trust_system(ssl)) throw std::bad_alloc();
}

int give_password(char* into, int room, int, void* policy) {
  const std::string& password = static_cast<const TlsPolicy*>(policy)->key_password;
  if (password.size() > static_cast<std::size_t>(room)) return -1;
  std::memcpy(into, password.data(), password.size());
  return static_cast<int>(password.size());
}

bool load_pkcs12(SSL_CTX& ssl, const TlsPolicy& policy) {
  const BioPtr file(BIO_new_file(policy.certificate.c_str(), "rb"));
  const OpenSslPtr<PKCS12, PKCS12_free> bundle(file ? d2i_PKCS12_bio(file.get(), nullptr) : nullptr);
  if (!bundle) return false;
  ERR_clear_error();  // of the attempt to read it as PEM
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* chain = nullptr;
  if (PKCS12_parse(bundle.get(), policy.key_password.c_str(), &key, &certificate, &chain) != 1)
    fail("cert=" + policy.certificate);
  const KeyPtr own_key(key);
  const X509Ptr own_certificate(certificate);
  const bool taken = SSL_CTX_use_cert_and_key(&ssl, certificate, key, chain, 1) == 1;
  sk_X509_pop_free(chain, X509_free);
  if (!taken) fail("cert=" + policy.certificate);
  return true;
}

void load_client_certificate(SSL_CTX& ssl, TlsPolicy& policy) {
  if (policy.certificate.empty()) return;
  SSL_CTX_set_default_passwd_cb(&ssl, give_password);
  SSL_CTX_set_default_passwd_cb_userdata(&ssl, &policy);
  if (SSL_CTX_use_certificate_chain_file(&ssl, policy.certificate.c_str()) != 1) {
    if (load_pkcs12(ssl, policy)) return;
    fail("cert=" + policy.certificate);
  }
  const std::string& key = policy.key.empty() ? policy.certificate : policy.key;
  if (SSL_CTX_use_PrivateKey_file(&ssl, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(&ssl) != 1)
    fail("key=" + key);
}

}  // namespace

void keep_sessions(SSL& ssl, SslSessionPtr& slot) {
  SSL_set_ex_data(&ssl, session_index(), &slot);
}

TlsContext::State::State(TlsPolicy wanted)
    : policy(std::move(wanted)), ssl(SSL_CTX_new(TLS_client_method())) {
  if (!ssl) throw std::bad_alloc();
  limit_versions(*ssl, policy);
  choose_ciphers(*ssl, policy.ciphers);
  load_authorities(*ssl, policy);
  load_client_certificate(*ssl, policy);
  SSL_CTX_set_verify(ssl.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ssl.get(), verify_certificate, nullptr);
  SSL_CTX_set_session_cache_mode(ssl.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ssl.get(), keep_session);
  SSL_CTX_set_mode(ssl.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  ERR_clear_error();
}

TlsContext::TlsContext(TlsPolicy policy) : state_(std::make_unique<State>(std::move(policy))) {}

TlsContext::~TlsContext() = default;

const TlsPolicy& TlsContext::policy() const noexcept {
  return state_->policy;
}

}  // namespace ftpfs::net
