// SPDX-License-Identifier: MIT
// TLS over any Stream. A control connection verifies the server's certificate; its data connections resume
// its session (vsftpd, proftpd and FileZilla Server insist) or show the same certificate.
// Leaving without a close_notify is told apart from an end (RFC 8446, 6.1), and every stream of a policy
// shares one TlsContext.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ftpfs/net/stream.hpp>

namespace ftpfs::net {

enum class TlsVersion : std::uint16_t { tls1_0 = 0x0301, tls1_1, tls1_2, tls1_3 };  // as on the wire

using Fingerprint = std::array<std::uint8_t, 32>;  // SHA-256 of a certificate's DER form

// 64 hex digits, with or without colons between the bytes, with or without "sha256:" in front.
std::optional<Fingerprint> parse_fingerprint(std::string_view text);
std::string to_hex(const Fingerprint& fingerprint);

struct TlsPolicy {
  bool verify_peer = true;      // chain and dates
  bool verify_hostname = true;  // the name or address the user wrote
  std::string ca_file;          // PEM; both empty: the system's
  std::string ca_path;          // a directory as c_rehash makes it
  // Not empty: exactly these certificates are trusted, whatever their chain, name and dates.
  std::vector<Fingerprint> pins;
  std::string certificate;   // of the client: PEM or PKCS#12; empty: none
  std::string key;           // PEM; empty: in the same file
  std::string key_password;  // of either
  TlsVersion min = TlsVersion::tls1_2;
  TlsVersion max = TlsVersion::tls1_3;
  std::string
      ciphers;  // OpenSSL's list; names that begin with TLS_ are suites of TLS 1.3; empty: its default

  friend bool operator==(const TlsPolicy&, const TlsPolicy&) = default;
};

struct Certificate {
  std::string subject;  // RFC 2253, escaped
  std::string issuer;
  std::vector<std::string> names;     // of subjectAltName
  std::string not_before, not_after;  // "2026-01-31 23:59:59 UTC"
  Fingerprint fingerprint{};
};

// The certificate(s) of a PEM file. Throws Error(EINVAL, ENOENT, EACCES...) that names the file.
std::vector<Certificate> read_certificates(const std::string& file);

// Does reading the key in this file (PEM or PKCS#12) take a passphrase? No, where there is none to be read.
bool key_is_encrypted(const std::string& file);

struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  bool resumed = false;
  bool trusted = false;                    // by chain and name, or by a pin
  std::optional<Certificate> certificate;  // of the server
};

class TlsContext {
 public:
  // Reads the files of the policy, the system's once a certificate is to be judged. Throws Error that names
  // what could not be read or understood.
  explicit TlsContext(TlsPolicy policy);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const TlsPolicy& policy() const noexcept;

 private:
  friend class TlsStream;
  struct State;
  std::unique_ptr<State> state_;
};

// What finish() does not do is wait for the peer's close_notify: IIS sends it only after our FIN.
class TlsStream final : public Stream {
 public:
  // Of a control connection: `host` is whom the certificate must name, and SNI.
  TlsStream(std::shared_ptr<const TlsContext> context, std::unique_ptr<Stream> lower, std::string host,
            TlsVersion max = TlsVersion::tls1_3);
  // Of a data connection: resumes the newest session of `control`, which must live only for this call.
  TlsStream(const TlsStream& control, std::unique_ptr<Stream> lower);
  ~TlsStream() override;

  // Once, before anything else; may be ended by abort(). Throws Error(EKEYREJECTED) for a certificate that is
  // not trusted (what it is, and the option that would trust it), ConnectionLost otherwise; what the server
  // said in clear text instead of TLS is in server_said().
  awaitable<void> handshake();
  TlsFacts facts() const;
  bool resumed() const noexcept;
  TlsVersion version() const noexcept;

  awaitable<std::size_t> read_some(MutableBytes into) override;
  std::optional<std::size_t> try_read(MutableBytes into) override;
  awaitable<void> write(Bytes bytes) override;
  awaitable<void> finish() override;
  void abort() noexcept override;
  bool readable() noexcept override;
  bool cut() const noexcept override;
  HostPort peer() const override;
  asio::ip::tcp::endpoint local() const override;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace ftpfs::net
