// SPDX-License-Identifier: MIT
// X.509 certificates for tests, made on the spot with EC P-256 keys (quick) and given out as PEM text: an
// authority, what it signs, and what nobody signed. Throws std::runtime_error with OpenSSL's words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/types.h>

namespace ftpfs::test {

// Whom a certificate speaks for.
struct Subject {
  enum class Validity { now, expired, not_yet };

  std::string common_name = "ftpfs test server";
  std::vector<std::string> dns_names = {};  // subjectAltName; "*.example.net" is a wildcard
  std::vector<std::string> addresses = {};  // subjectAltName; IPv4 or IPv6
  Validity validity = Validity::now;
  bool client = false;  // extended key usage: clientAuth instead of serverAuth
};

// A certificate and its key.
class Identity {
 public:
  std::string certificate() const;                           // PEM
  std::string key() const;                                   // PEM, not encrypted
  std::string pem() const { return certificate() + key(); }  // as servers take it, in one file
  std::string sha256() const;  // of the whole certificate: 64 lower-case hex digits

 private:
  friend class Authority;
  friend Identity self_signed(const Subject& subject);
  Identity(const Subject& subject, const Identity* issuer, bool authority);
  void add_extensions(const Subject& subject, const Identity* issuer, bool authority);

  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
};

class Authority {
 public:
  explicit Authority(const std::string& name = "ftpfs test authority");

  std::string certificate() const { return identity_.certificate(); }  // PEM: what clients trust
  Identity issue(const Subject& subject) const { return {subject, &identity_, false}; }

 private:
  Identity identity_;
};

Identity self_signed(const Subject& subject);

}  // namespace ftpfs::test
