// SPDX-License-Identifier: MIT
// The server's side of OpenSSL: contexts, and tickets that know which control connection they belong to.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include <openssl/types.h>

#include "support/fake_server/tls_behaviour.hpp"

namespace ftpfs::test::fake {

class TlsContexts {
 public:
  // Equal settings get the same context: another one would not know the tickets.
  std::shared_ptr<SSL_CTX> control(const TlsBehaviour& tls) { return context(tls.certificate, tls); }
  std::shared_ptr<SSL_CTX> data(const TlsBehaviour& tls) {
    return context(tls.data_certificate.empty() ? tls.certificate : tls.data_certificate, tls);
  }

 private:
  using Settings = std::tuple<std::string, std::string, int, int, TlsBehaviour::Resumes>;
  std::shared_ptr<SSL_CTX> context(const std::string& certificate, const TlsBehaviour& tls);

  std::map<Settings, std::shared_ptr<SSL_CTX>> contexts_;
};

// Tickets that `ssl` gives out are for this control connection.
void belongs_to(SSL* ssl, std::size_t session);
// The control connection whose ticket `ssl` resumed.
std::optional<std::size_t> resumed_from(SSL* ssl);

}  // namespace ftpfs::test::fake
