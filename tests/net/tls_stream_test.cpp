// SPDX-License-Identifier: MIT
// The bytes that go through a TlsStream, its beginning, its end, and its sessions.
#include "tls_peers.hpp"

namespace ftpfs::net {

static void PrintTo(TlsVersion version, std::ostream* out) {
  *out << (version == TlsVersion::tls1_2 ? "tls12" : "tls13");
}

}  // namespace ftpfs::net

namespace ftpfs::test {
namespace {

using testing::HasSubstr;

class TlsStreamTest : public TlsPeers {};

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

// Else it would keep a reader, and the thread of all the others, busy for as long as it likes.
TEST_F(TlsStreamTest, AFloodOfTicketsEndsTheConnection) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_3);
  const auto stream = tls_to([](Peer& peer) {
    peer.accept();
    for (int i = 0; i < 4000; ++i) peer.send_ticket();
    peer.write("220 hi\r\n");
  });
  run(io_, stream->handshake());
  for (int i = 0; i < 2; ++i) {
    try {
      ADD_FAILURE() << read(*stream);
    } catch (const ConnectionLost& lost) {
      EXPECT_THAT(lost.what(), testing::HasSubstr("no data"));
    }
  }
  stream->abort();
  peers_end();
}

// Between two pieces of data any number of times.
TEST_F(TlsStreamTest, TicketsAmongDataAreNoFlood) {
  show(authority_.issue(localhost()));
  only(TlsVersion::tls1_3);
  const auto stream = tls_to([](Peer& peer) {
    peer.accept();
    for (int i = 0; i < 4000; ++i) {
      peer.send_ticket();
      if (i % 500 == 0) peer.write("data");
    }
    peer.write("end");
    peer.read_all();
  });
  run(io_, stream->handshake());
  std::string got;
  while (!got.ends_with("end")) got += read(*stream);
  EXPECT_EQ(got, "datadatadatadatadatadatadatadataend");
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

}  // namespace
}  // namespace ftpfs::test
