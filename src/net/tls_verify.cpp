// SPDX-License-Identifier: MIT
#include "tls_verify.hpp"

#include <algorithm>
#include <cerrno>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/error.hpp>
#include <ftpfs/base/log.hpp>

#include "tls_certificate.hpp"

namespace ftpfs::net {
namespace {

int verifier_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

SSL* ssl_of(const X509_STORE_CTX* chain) {
  return static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
}

TlsVerifier& verifier_of(const X509_STORE_CTX* chain) {
  return *static_cast<TlsVerifier*>(SSL_get_ex_data(ssl_of(chain), verifier_index()));
}

bool is_about_the_name(int error) {
  return error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH;
}

// Called for each objection: 1 lets it pass.
int tolerate(int fine, X509_STORE_CTX* chain) {
  if (fine == 1) return 1;
  const TlsPolicy& policy = *verifier_of(chain).policy;
  const bool matters =
      is_about_the_name(X509_STORE_CTX_get_error(chain)) ? policy.verify_hostname : policy.verify_peer;
  return matters ? 0 : 1;
}

std::string objection(int error) {
  if (error == X509_V_ERR_HOSTNAME_MISMATCH) return "it is not for this host name";
  if (error == X509_V_ERR_IP_ADDRESS_MISMATCH) return "it is not for this address";
  const std::string words = X509_verify_cert_error_string(error);
  const bool about_time = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID;
  if (!about_time) return words;
  // Which of the two is wrong only the user can tell.
  return fmt::format("{} (this computer's clock says {:%Y-%m-%d %H:%M:%S} UTC)", words,
                     fmt::gmtime(std::time(nullptr)));
}

}  // namespace

void attach(SSL& ssl, TlsVerifier& verifier) {
  SSL_set_ex_data(&ssl, verifier_index(), &verifier);
}

int verify_certificate(X509_STORE_CTX* chain, void*) {
  return verifier_of(chain).judge(*chain) ? 1 : 0;
}

void TlsVerifier::prepare(SSL& ssl, const std::string& host) const {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(&ssl);
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  boost::system::error_code not_numeric;
  asio::ip::make_address(host, not_numeric);
  bool is_wanted = false;
  if (not_numeric) {
    is_wanted = X509_VERIFY_PARAM_set1_host(wanted, host.data(), host.size()) == 1 &&
                SSL_set_tlsext_host_name(&ssl, host.c_str()) == 1;
  } else {
    // A zone ("fe80::1%eth0", RFC 4007) is this computer's affair and in no certificate.
    const std::string address = host.substr(0, host.find('%'));
    is_wanted = X509_VERIFY_PARAM_set1_ip_asc(wanted, address.c_str()) == 1;  // RFC 6066, 3: not in SNI
  }
  // Without a name OpenSSL would take any certificate of any authority.
  if (!is_wanted) throw Error(EKEYREJECTED, escaped(host) + " is nothing that a certificate could be for");
}

bool TlsVerifier::judge(X509_STORE_CTX& chain) {
  const X509& leaf = *X509_STORE_CTX_get0_cert(&chain);
  if (same_as) {
    trusted = X509_cmp(same_as.get(), &leaf) == 0;
    if (!trusted) refusal = "the data connection shows another certificate than the control connection: ";
  } else if (!policy->pins.empty()) {
    const Fingerprint seen = fingerprint(leaf);
    trusted = std::ranges::find(policy->pins, seen) != policy->pins.end();
    if (!trusted) refusal = "the server's certificate is not the pinned one: ";
  } else {
    X509_STORE_CTX_set_verify_cb(&chain, tolerate);
    const bool accepted = X509_verify_cert(&chain) > 0;
    const int error = X509_STORE_CTX_get_error(&chain);
    trusted = accepted && error == X509_V_OK;
    if (accepted) return true;
    refusal = "the server's certificate is not trusted, " + objection(error) + ": ";
  }
  if (trusted) return true;
  if (X509_STORE_CTX_get_error(&chain) == X509_V_OK)
    X509_STORE_CTX_set_error(&chain, X509_V_ERR_CERT_REJECTED);
  refusal += introduction(describe(leaf));
  return false;
}

}  // namespace ftpfs::net
