// SPDX-License-Identifier: MIT
// TlsStream against OpenSSL itself: the peer is a thread with blocking sockets that plays one part.
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

namespace ftpfs::net {

static void PrintTo(TlsVersion version, std::ostream* out) {
  *out << (version == TlsVersion::tls1_2 ? "tls12" : "tls13");
}

}  // namespace ftpfs::net

namespace ftpfs::test {
namespace {

using net::TlsStream;
using net::TlsVersion;
using testing::HasSubstr;

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

class TlsStreamTest : public Loopback {
 protected:
  TlsStreamTest() : server_context_(SSL_CTX_new(TLS_server_method())) {
    ::signal(SIGPIPE, SIG_IGN);  // the peer writes with OpenSSL's own sockets
  }
  ~TlsStreamTest() override {
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

TEST_F(TlsStreamTest, TellsVersionCipherAndCertificate) {
  const Identity identity = authority_.issue(localhost());
  show(identity);
  only(TlsVersion::tls1_3);
  const auto stream = tls_to([](Peer& peer) { peer.accept(); });
  run(io_, stream->handshake());
  const net::TlsFacts facts = stream->facts();
  EXPECT_EQ(facts.version, "TLSv1.3");
  EXPECT_FALSE(facts.cipher.empty());
  EXPECT_TRUE(facts.trusted);
  EXPECT_FALSE(facts.resumed);
  ASSERT_TRUE(facts.certificate);
  EXPECT_EQ(net::to_hex(facts.certificate->fingerprint), identity.sha256());
  EXPECT_THAT(facts.certificate->names, testing::ElementsAre("localhost", "127.0.0.1"));
}

TEST_F(TlsStreamTest, CarriesMegabytesBothWays) {
  show(authority_.issue(localhost()));
  const std::string up(3'000'001, 'u');
  const std::string down(2'000'003, 'd');
  std::string received;
  const auto stream = tls_to([&](Peer& peer) {
    peer.accept();
    received = peer.read_all().value_or("cut");
    peer.write(down);
    peer.close_notify();
  });
  run(io_, stream->handshake());
  run(io_, stream->write(as_bytes(up)));
  run(io_, stream->finish());
  std::string got;
  while (got.size() < down.size()) {
    const std::string some = read(*stream, 100'000);
    if (some.empty()) break;
    got += some;
  }
  EXPECT_EQ(got, down);
  EXPECT_EQ(read(*stream), "");
  EXPECT_FALSE(stream->cut());
  peers_end();
  EXPECT_EQ(received, up);
}

TEST_F(TlsStreamTest, AnEndWithoutCloseNotifyIsACut) {
  show(authority_.issue(localhost()));
  const auto stream = tls_to([](Peer& peer) {
    peer.accept();
    peer.write("half");
    peer.fin();
  });
  run(io_, stream->handshake());
  EXPECT_EQ(read(*stream), "half");
  EXPECT_EQ(read(*stream), "");
  EXPECT_TRUE(stream->cut());
}

TEST_F(TlsStreamTest, KeysAreRenewedWhileWriting) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_3);
  const std::string text(1'000'000, 'x');
  std::string received;
  const auto stream = tls_to([&](Peer& peer) {
    peer.accept();
    peer.renew_keys();
    received = peer.read_all().value_or("cut");
  });
  run(io_, stream->handshake());
  run(io_, stream->write(as_bytes(text)));
  run(io_, stream->write(as_bytes(text)));
  run(io_, stream->finish());
  peers_end();
  EXPECT_EQ(received, text + text);
}

// TLS 1.3 tickets come after the handshake: they are no data, and an idle control connection is not
// disturbed.
TEST_F(TlsStreamTest, TicketsAreNothingToRead) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_3);
  std::promise<void> looked;
  const auto stream = tls_to([&](Peer& peer) {
    peer.accept();
    looked.get_future().wait();
    peer.write("220 hi\r\n");
  });
  run(io_, stream->handshake());
  std::byte byte{};
  for (int i = 0; i < 100; ++i) {
    ASSERT_FALSE(stream->readable());
    ASSERT_EQ(stream->try_read(MutableBytes(&byte, 1)), std::nullopt);
  }
  looked.set_value();
  EXPECT_EQ(read(*stream), "220 hi\r\n");
  peers_end();
}

// Nobody looks for ever: the rest is for those who wait for it.
TEST_F(TlsStreamTest, AFloodOfTicketsIsLookedAtForAWhileOnly) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_3);
  std::promise<void> flooded;
  std::promise<void> looked;
  const auto stream = tls_to([&](Peer& peer) {
    peer.accept();
    for (int i = 0; i < 800; ++i) peer.send_ticket();
    flooded.set_value();
    looked.get_future().wait();
    peer.write("220 hi\r\n");
    peer.read_all();
  });
  run(io_, stream->handshake());
  flooded.get_future().wait();
  EXPECT_TRUE(stream->readable());
  looked.set_value();
  EXPECT_EQ(read(*stream), "220 hi\r\n");
  run(io_, stream->finish());
  peers_end();
}

class Resumption : public TlsStreamTest, public testing::WithParamInterface<TlsVersion> {};

// More often than the two tickets that a server sends; cut connections spoil nothing.
TEST_P(Resumption, EveryDataConnectionResumesItsControlConnection) {
  show(authority_.issue(localhost()));
  only(GetParam());
  SSL_CTX_set_session_id_context(server_context_, reinterpret_cast<const unsigned char*>("f"), 1);
  std::promise<void> finished;
  const std::shared_future<void> end = finished.get_future().share();
  const auto control = tls_to([end](Peer& peer) {
    peer.accept();
    peer.write("220 hi\r\n");
    end.wait();
  });
  run(io_, control->handshake());
  EXPECT_EQ(read(*control), "220 hi\r\n");
  for (int i = 0; i < 6; ++i) {
    bool resumed = false;
    const auto data = std::make_unique<TlsStream>(*control, connect_to([&](Peer& peer) {
      peer.accept();
      resumed = peer.resumed();
      peer.write("file");
      peer.close_notify();
    }));
    run(io_, data->handshake());
    EXPECT_TRUE(data->resumed());
    EXPECT_EQ(read(*data), "file");
    if (i % 2 == 1) data->abort();
    peers_.back().get();
    peers_.pop_back();
    EXPECT_TRUE(resumed);
  }
  finished.set_value();
  peers_end();
}

TEST_P(Resumption, ADataConnectionWithAnotherCertificateIsRefused) {
  show(authority_.issue(localhost()));
  only(GetParam());
  const auto control = tls_to([](Peer& peer) {
    peer.accept();
    peer.write("220 hi\r\n");
  });
  run(io_, control->handshake());
  EXPECT_EQ(read(*control), "220 hi\r\n");
  peers_end();
  show(authority_.issue(localhost()));  // as good, but not the same
  SSL_CTX_set_session_cache_mode(server_context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(server_context_, SSL_OP_NO_TICKET);
  const unsigned char other_context[] = "other";
  SSL_CTX_set_session_id_context(server_context_, other_context, sizeof other_context);
  const std::optional<Error> error =
      refused(std::make_unique<TlsStream>(*control, connect_to([](Peer& peer) { peer.accept(); })));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EKEYREJECTED);
  EXPECT_THAT(error->what(), HasSubstr("another certificate"));
}

INSTANTIATE_TEST_SUITE_P(Versions, Resumption, testing::Values(TlsVersion::tls1_2, TlsVersion::tls1_3),
                         testing::PrintToStringParamName());

// Who is trusted -----------------------------------------------------------------------------------------

TEST_F(TlsStreamTest, NobodySignedIt) {
  const Identity identity = self_signed(localhost());
  show(identity);
  const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EKEYREJECTED);
  EXPECT_THAT(error->what(), HasSubstr("self-signed"));
  EXPECT_THAT(error->what(), HasSubstr("CN=ftpfs test server"));
  EXPECT_THAT(error->what(), HasSubstr("-o tls_pin=sha256:" + identity.sha256()));
}

TEST_F(TlsStreamTest, ThePinOfTheMessageTrustsIt) {
  Subject subject;
  subject.dns_names = {"elsewhere.example"};
  subject.validity = Subject::Validity::expired;
  const Identity identity = self_signed(subject);
  show(identity);
  net::TlsPolicy policy;
  policy.pins = {net::parse_fingerprint("sha256:" + identity.sha256()).value()};
  EXPECT_FALSE(refused(tls_to([](Peer& peer) { peer.accept(); }, "localhost", policy)));
}

TEST_F(TlsStreamTest, APinTrustsNothingElse) {
  show(authority_.issue(localhost()));
  net::TlsPolicy policy;
  policy.pins = {net::Fingerprint{}};
  const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }, "localhost", policy));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("not the pinned one"));
}

TEST_F(TlsStreamTest, DatesCount) {
  for (const auto validity : {Subject::Validity::expired, Subject::Validity::not_yet}) {
    Subject subject = localhost();
    subject.validity = validity;
    show(authority_.issue(subject));
    const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), EKEYREJECTED);
  }
}

TEST_F(TlsStreamTest, TheNameCounts) {
  Subject subject;
  subject.dns_names = {"*.example.org"};
  show(authority_.issue(subject));
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  EXPECT_FALSE(refused(tls_to(accept_only, "ftp.example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "a.b.example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "127.0.0.1")));
}

TEST_F(TlsStreamTest, AnAddressMustBeInTheCertificate) {
  show(authority_.issue(localhost()));
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  EXPECT_FALSE(refused(tls_to(accept_only, "127.0.0.1")));
  const std::optional<Error> error = refused(tls_to(accept_only, "127.0.0.2"));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("not for this address"));
}

// OpenSSL takes no zone, and without an address any certificate of the authority would do.
TEST_F(TlsStreamTest, AnAddressIsComparedWithoutItsZone) {
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  show(authority_.issue(localhost()));
  for (const char* host : {"fe80::1", "fe80::1%lo", "fe80::1%1", "::1%lo%lo"})
    EXPECT_TRUE(refused(tls_to(accept_only, host))) << host;
  Subject subject;
  subject.addresses = {"fe80::1"};
  show(authority_.issue(subject));
  for (const char* host : {"fe80::1", "fe80::1%lo", "fe80::1%1"})
    EXPECT_FALSE(refused(tls_to(accept_only, host))) << host;
  EXPECT_TRUE(refused(tls_to(accept_only, "fe80::2%lo")));
}

TEST_F(TlsStreamTest, WhatIsNotToBeVerifiedIsNot) {
  Subject subject;
  subject.dns_names = {"elsewhere.example"};
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  net::TlsPolicy any_peer;
  any_peer.verify_peer = false;
  net::TlsPolicy any_name;
  any_name.verify_hostname = false;

  show(self_signed(localhost()));
  EXPECT_FALSE(refused(tls_to(accept_only, "localhost", any_peer)));
  EXPECT_TRUE(refused(tls_to(accept_only, "localhost", any_name)));
  show(authority_.issue(subject));
  EXPECT_FALSE(refused(tls_to(accept_only, "localhost", any_name)));
  EXPECT_TRUE(refused(tls_to(accept_only, "localhost", any_peer)));
}

// What is no TLS -----------------------------------------------------------------------------------------

TEST_F(TlsStreamTest, ClearTextIsQuoted) {
  const std::optional<Error> error =
      refused(tls_to([](Peer& peer) { peer.write_clear("421 There are too many connected users.\r\n"); }));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->server_said(), "421 There are too many connected users.");
}

TEST_F(TlsStreamTest, ASilentEndIsALostConnection) {
  auto stream = tls_to([](Peer& peer) { peer.fin(); });
  EXPECT_EQ(lost(stream->handshake()), EIO);
}

TEST_F(TlsStreamTest, AVersionThatIsTooOldIsRefused) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_2);
  net::TlsPolicy policy;
  policy.min = TlsVersion::tls1_3;
  auto stream = tls_to([](Peer& peer) { peer.accept(); }, "localhost", policy);
  EXPECT_EQ(lost(stream->handshake()), EIO);
}

TEST_F(TlsStreamTest, AbortEndsAHandshakeThatHangs) {
  std::promise<void> finished;
  const std::shared_future<void> end = finished.get_future().share();
  auto stream = tls_to([end](Peer&) { end.wait(); });
  asio::post(io_, [&] { stream->abort(); });
  EXPECT_NE(lost(stream->handshake()), 0);
  finished.set_value();
}

TEST(Fingerprints, AreReadInEveryUsualForm) {
  const std::string hex(64, 'a');
  std::string colons;
  for (int i = 0; i < 32; ++i) colons += i == 0 ? "AA" : ":AA";
  ASSERT_TRUE(net::parse_fingerprint(hex));
  EXPECT_EQ(net::to_hex(*net::parse_fingerprint("sha256:" + hex)), hex);
  EXPECT_EQ(net::parse_fingerprint("SHA256:" + colons), net::parse_fingerprint(hex));
  for (const std::string& wrong : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                   std::string(63, 'a') + "g", ":" + hex, "md5:" + hex})
    EXPECT_FALSE(net::parse_fingerprint(wrong)) << wrong;
}

}  // namespace
}  // namespace ftpfs::test
