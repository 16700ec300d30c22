// SPDX-License-Identifier: MIT
// Who may be at the other end. OpenSSL asks during the handshake, before anything of ours is sent: a refusal
// reaches the server as an alert and the user in words.
#pragma once

#include <string>

#include <ftpfs/net/tls.hpp>

#include "openssl.hpp"

namespace ftpfs::net {

struct TlsVerifier {
  const TlsPolicy* policy = nullptr;
  X509Ptr same_as;      // of a data connection: the certificate of its control connection
  std::string refusal;  // filled when the answer was no
  bool trusted = false;

  // The name to look for and how to look.
  void prepare(SSL& ssl, const std::string& host) const;
  bool judge(X509_STORE_CTX& chain);
};

// OpenSSL's callback; the SSL carries its TlsVerifier.
int verify_certificate(X509_STORE_CTX* chain, void*);
void attach(SSL& ssl, TlsVerifier& verifier);

}  // namespace ftpfs::net
