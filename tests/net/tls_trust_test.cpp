// SPDX-License-Identifier: MIT
// Which servers a TlsStream trusts, and how it says why not.
#include "tls_peers.hpp"

namespace ftpfs::test {
namespace {

using testing::HasSubstr;

class TlsTrustTest : public TlsPeers {};

TEST_F(TlsTrustTest, NobodySignedIt) {
  const Identity identity = self_signed(localhost());
  show(identity);
  const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EKEYREJECTED);
  EXPECT_THAT(error->what(), HasSubstr("self-signed"));
  EXPECT_THAT(error->what(), HasSubstr("CN=ftpfs test server"));
  EXPECT_THAT(error->what(), HasSubstr("-o tls_pin=sha256:" + identity.sha256()));
}

TEST_F(TlsTrustTest, ThePinOfTheMessageTrustsIt) {
  Subject subject;
  subject.dns_names = {"elsewhere.example"};
  subject.validity = Subject::Validity::expired;
  const Identity identity = self_signed(subject);
  show(identity);
  net::TlsPolicy policy;
  policy.pins = {net::parse_fingerprint("sha256:" + identity.sha256()).value()};
  EXPECT_FALSE(refused(tls_to([](Peer& peer) { peer.accept(); }, "localhost", policy)));
}

TEST_F(TlsTrustTest, APinTrustsNothingElse) {
  show(authority_.issue(localhost()));
  net::TlsPolicy policy;
  policy.pins = {net::Fingerprint{}};
  const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }, "localhost", policy));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("not the pinned one"));
}

TEST_F(TlsTrustTest, DatesCount) {
  for (const auto validity : {Subject::Validity::expired, Subject::Validity::not_yet}) {
    Subject subject = localhost();
    subject.validity = validity;
    show(authority_.issue(subject));
    const std::optional<Error> error = refused(tls_to([](Peer& peer) { peer.accept(); }));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), EKEYREJECTED);
  }
}

TEST_F(TlsTrustTest, TheNameCounts) {
  Subject subject;
  subject.dns_names = {"*.example.org"};
  show(authority_.issue(subject));
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  EXPECT_FALSE(refused(tls_to(accept_only, "ftp.example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "a.b.example.org")));
  EXPECT_TRUE(refused(tls_to(accept_only, "127.0.0.1")));
}

TEST_F(TlsTrustTest, AnAddressMustBeInTheCertificate) {
  show(authority_.issue(localhost()));
  const auto accept_only = [](Peer& peer) { peer.accept(); };
  EXPECT_FALSE(refused(tls_to(accept_only, "127.0.0.1")));
  const std::optional<Error> error = refused(tls_to(accept_only, "127.0.0.2"));
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("not for this address"));
}

// OpenSSL takes no zone, and without an address any certificate of the authority would do.
TEST_F(TlsTrustTest, AnAddressIsComparedWithoutItsZone) {
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

TEST_F(TlsTrustTest, WhatIsNotToBeVerifiedIsNot) {
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
