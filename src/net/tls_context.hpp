// SPDX-License-Identifier: MIT
// The SSL_CTX of a policy.
#pragma once

#include <ftpfs/net/tls.hpp>

#include "openssl.hpp"

namespace ftpfs::net {

struct TlsContext::State {
  explicit State(TlsPolicy wanted);

  TlsPolicy policy;
  SslContextPtr ssl;
};

// From now on the newest session of `ssl` is kept in `slot`, which must outlive it. For control connections:
// a session belongs to the connection it came from, proftpd compares.
void keep_sessions(SSL& ssl, SslSessionPtr& slot);

}  // namespace ftpfs::net
