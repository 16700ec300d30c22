// SPDX-License-Identifier: MIT
// Whom a TlsContext trusts to vouch for a server.
#pragma once

#include "openssl.hpp"

namespace ftpfs::net {

// As OpenSSL is set up on this machine (SSL_CERT_DIR, SSL_CERT_FILE), except that the file is read only when
// a certificate's issuer is not in the directory: it holds the same hundreds once more as a rule, and reading
// them takes longer than all else of a mount (Debian 12: 55 of 85 ms, 4 MiB). False: no memory for it.
bool trust_system(SSL_CTX& ssl);

}  // namespace ftpfs::net
