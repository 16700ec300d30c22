// SPDX-License-Identifier: MIT
// The other end of a TlsStream is OpenSSL itself: a thread with blocking sockets that plays one part.
#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>

#include <ftpfs/net/tls.hpp>

#include "loopback.hpp"
#include "support/certificates.hpp"

namespace ftpfs::test {

using net::TlsStream;
using net::TlsVersion;

// The server's half of one connection; blocking.
class Peer {
 public:
  Peer(tcp::socket socket, SSL_CTX* context) : socket_(std::move(socket)), ssl_(SSL_new(context)) {
    socket_.non_blocking(false);
    SSL_set_fd(ssl_, socket_.native_handle());
  }
  ~Peer() { SSL_free(ssl_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool accept() { return SSL_accept(ssl_) == 1; }
  bool resumed() const { return SSL_session_reused(ssl_) == 1; }
  void write(std::string_view text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  void write_clear(std::string_view text) { asio::write(socket_, asio::buffer(text.data(), text.size())); }
  // Until the client's close_notify; nullopt: it left without one.
  std::optional<std::string> read_all() {
    std::string all;
    char chunk[65536];
    for (;;) {
      const int size = SSL_read(ssl_, chunk, sizeof chunk);
      if (size > 0) all.append(chunk, static_cast<std::size_t>(size));
      if (size > 0) continue;
      if (SSL_get_error(ssl_, size) == SSL_ERROR_ZERO_RETURN) return all;
      return std::nullopt;
    }
  }
  void close_notify() { SSL_shutdown(ssl_); }
  void renew_keys() {
    SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(ssl_);
  }
  void send_ticket() {
    SSL_new_session_ticket(ssl_);
    SSL_do_handshake(ssl_);
  }
  void fin() { socket_.shutdown(tcp::socket::shutdown_send); }

 private:
  tcp::socket socket_;
  SSL* ssl_;
};

class TlsPeers : public Loopback {
 protected:
  TlsPeers() : server_context_(SSL_CTX_new(TLS_server_method())) {
    ::signal(SIGPIPE, SIG_IGN);  // the peer writes with OpenSSL's own sockets
  }
  ~TlsPeers() override {
    peers_.clear();  // waits for them: they use the context
    SSL_CTX_free(server_context_);
  }

  void show(const Identity& identity) {
    const auto pem = [](const std::string& text) {
      return BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    };
    const std::string certificate_pem = identity.certificate();
    BIO* certificate_text = pem(certificate_pem);
    const std::string key_pem = identity.key();
    BIO* key_text = pem(key_pem);
    X509* certificate = PEM_read_bio_X509(certificate_text, nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(key_text, nullptr, nullptr, nullptr);
    ASSERT_EQ(SSL_CTX_use_certificate(server_context_, certificate), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(server_context_, key), 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(certificate_text);
    BIO_free(key_text);
  }

  void only(TlsVersion version) {
    SSL_CTX_set_min_proto_version(server_context_, static_cast<int>(version));
    SSL_CTX_set_max_proto_version(server_context_, static_cast<int>(version));
  }

  Subject localhost() const {
    Subject subject;
    subject.dns_names = {"localhost"};
    subject.addresses = {"127.0.0.1"};
    return subject;
  }

  // Trusts authority_ unless the test says otherwise.
  std::shared_ptr<const net::TlsContext> context(net::TlsPolicy policy = {}) {
    const auto file =
        std::filesystem::temp_directory_path() / ("ftpfs-authority-" + std::to_string(::getpid()) + ".pem");
    std::ofstream(file) << authority_.certificate();
    policy.ca_file = file;
    auto made = std::make_shared<const net::TlsContext>(std::move(policy));
    std::filesystem::remove(file);
    return made;
  }

  // A connection whose other end plays `part` on a thread of its own.
  std::unique_ptr<net::Stream> connect_to(std::function<void(Peer&)> part) {
    std::unique_ptr<net::Stream> stream = connect();
    auto socket = std::make_shared<tcp::socket>(accept());
    peers_.push_back(std::async(std::launch::async, [this, socket, part = std::move(part)] {
      Peer peer(std::move(*socket), server_context_);
      part(peer);
    }));
    return stream;
  }

  std::unique_ptr<TlsStream> tls_to(std::function<void(Peer&)> part, std::string host = "localhost",
                                    net::TlsPolicy policy = {}) {
    return std::make_unique<TlsStream>(context(std::move(policy)), connect_to(std::move(part)),
                                       std::move(host));
  }

  // The Error that the handshake ends with.
  std::optional<Error> refused(std::unique_ptr<TlsStream> stream) {
    try {
      run(io_, stream->handshake());
      return std::nullopt;
    } catch (const Error& error) {
      return error;
    }
  }

  void peers_end() {
    for (std::future<void>& peer : peers_) peer.get();
    peers_.clear();
  }

  Authority authority_;
  SSL_CTX* server_context_;
  std::vector<std::future<void>> peers_;
};

}  // namespace ftpfs::test
