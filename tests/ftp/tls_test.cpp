// SPDX-License-Identifier: MIT
// FTPS with servers that mean well: each version, each way to begin, each habit on data connections.
#include <cerrno>
#include <filesystem>
#include <functional>

#include <gmock/gmock.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/inotify.h>

#include <ftpfs/net/tls.hpp>

#include "cli/temporary.hpp"
#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using ftp::TlsMode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int both_versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
constexpr auto vsftpd_wants_reuse = "522 SSL connection failed: session reuse required";

// Under which a directory of authorities has this one: "9d66eef0.0".
std::string hashed_name(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), X509_free);
  return fmt::format("{:08x}.0", X509_subject_name_hash(certificate.get()));
}

class TlsTest : public TlsFixture {};

// What OpenSSL finds on this machine where the user names nothing: a directory, empty here, and a file.
class SystemsAuthorities : public TlsFixture {
 protected:
  SystemsAuthorities() { EXPECT_GE(::inotify_add_watch(watch_.get(), file_.c_str(), IN_OPEN), 0); }

  void mount_automatically(bool verify_peer = true) {
    ftp::FtpConfig asked = config(TlsMode::automatic);
    asked.tls_policy = {};
    asked.tls_policy.verify_peer = verify_peer;
    mount(asked);
  }

  bool file_was_read() const {
    char events[4096];
    return ::read(watch_.get(), events, sizeof events) > 0;
  }

  const TemporaryDirectory folder_;
  const TemporaryDirectory directory_;
  const std::string file_ = folder_.write("authorities.pem", authority_.certificate());

 private:
  const Variable names_file_{"SSL_CERT_FILE", file_};
  const Variable names_directory_{"SSL_CERT_DIR", directory_.path().string()};
  const UniqueFd watch_{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
};

TEST_F(TlsTest, EveryDataConnectionResumesTheSessionOfItsControlConnection) {
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    behaviour().tls.reuse_refusal = vsftpd_wants_reuse;
    mount();
    expect_transfers();
    const auto held =
        run(io_, remote_->open_source(Path("/a"), 0, {}));  // others need a session of their own
    expect_transfers();
    expect_all_resumed();
  }
  expect_no_secret_in_clear();
}

TEST_F(TlsTest, AConnectionThatWasGivenUpDoesNotSpoilTheSession) {
  tree().file("/big", std::string(8'000'000, 'b'));
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    behaviour().tls.reuse_refusal = vsftpd_wants_reuse;
    mount();
    for (int i = 0; i < 5; ++i) {
      run(io_, remote_->open_source(Path("/big"), 0, {}));  // and dropped
      EXPECT_EQ(read("/a"), "content");
    }
    expect_all_resumed();
  }
}

TEST_F(TlsTest, OnlyFeatAndAuthGoInClear) {
  mount();
  EXPECT_THAT(server_.clear_commands(), ElementsAre("AUTH TLS"));
  mount(TlsMode::automatic);
  EXPECT_THAT(server_.clear_commands(), ElementsAre("AUTH TLS", "FEAT", "AUTH TLS"));
}

// What was said before TLS anybody could have said.
TEST_F(TlsTest, WhatFeatSaidInClearIsAskedAgain) {
  remote_ = make_remote(config(TlsMode::automatic));
  run(io_, remote_->connect({}));
  const std::vector<std::string> commands = server_.take_commands();
  EXPECT_EQ(std::ranges::count(commands, "FEAT"), 2);
  EXPECT_THAT(server_.clear_commands(), ElementsAre("FEAT", "AUTH TLS"));
}

TEST_F(TlsTest, ImplicitTlsBeginsWithTheFirstByte) {
  behaviour().tls.implicit = true;
  mount(TlsMode::implicit);
  expect_transfers();
  EXPECT_THAT(server_.clear_commands(), ElementsAre());
  expect_all_resumed();
}

TEST_F(TlsTest, AutomaticTakesTlsWhereverItIs) {
  using B = Behaviour;
  const std::vector<std::function<void(B&)>> servers{
      [](B&) {}, [](B& b) { b.feat = false; }, [](B& b) { b.replies["FEAT"] = "530 Please log in."; },
      [](B& b) { b.tls.only_auth_ssl = true; },
      [](B& b) { b.tls.login_needs_tls = b.tls.data_needs_tls = true; }};
  for (const auto& make : servers) {
    const std::string certificate = behaviour().tls.certificate;
    behaviour() = Behaviour();
    behaviour().tls.certificate = certificate;
    make(behaviour());
    mount(TlsMode::automatic);
    EXPECT_EQ(read("/a"), "content");
    EXPECT_TRUE(server_.data_tls().back().secured);
  }
  expect_no_secret_in_clear();
}

TEST_F(TlsTest, AutomaticGoesInClearWhereNothingElseIsOffered) {
  behaviour().tls.certificate.clear();
  for (const bool feat : {true, false}) {
    behaviour().feat = feat;
    mount(TlsMode::automatic);
    EXPECT_EQ(read("/a"), "content");
  }
  for (const DataTls& data : server_.data_tls()) EXPECT_FALSE(data.secured);
}

// They are hundreds, and reading them takes longer than all else of a mount.
TEST_F(SystemsAuthorities, AreReadWhereTlsIsOffered) {
  const std::string certificate = std::exchange(behaviour().tls.certificate, "");
  mount_automatically();
  EXPECT_FALSE(file_was_read());
  behaviour().tls.certificate = certificate;
  mount_automatically();
  EXPECT_TRUE(file_was_read());
  expect_transfers();
}

TEST_F(SystemsAuthorities, AreLookedUpInTheirDirectory) {
  directory_.write(hashed_name(authority_.certificate()), authority_.certificate());
  mount_automatically();
  EXPECT_FALSE(file_was_read());
  expect_transfers();
}

// That the directory has some says nothing about this one.
TEST_F(SystemsAuthorities, AreAskedForOneByOne) {
  const Authority other("somebody else");
  directory_.write(hashed_name(other.certificate()), other.certificate());
  mount_automatically();
  EXPECT_TRUE(file_was_read());
  expect_transfers();
}

TEST_F(SystemsAuthorities, DoNotVouchForEveryone) {
  behaviour().tls.certificate = self_signed({.addresses = {"127.0.0.1"}}).pem();
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto refused = refusal([&] { mount_automatically(); });
    ASSERT_TRUE(refused);
    EXPECT_THAT(refused->what(), HasSubstr("not trusted"));
  }
  EXPECT_TRUE(file_was_read());
}

TEST_F(SystemsAuthorities, MayHaveNoFile) {
  std::filesystem::remove(file_);
  mount_automatically(false);
  expect_transfers();
  const auto refused = refusal([&] { mount_automatically(); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("not trusted"));
  directory_.write(hashed_name(authority_.certificate()), authority_.certificate());
  mount_automatically();
  expect_transfers();
}

// But not what the user names: a mistake is to show at once.
TEST_F(TlsTest, TheUsersCertificatesAreReadInAnyCase) {
  behaviour().tls.certificate.clear();
  ftp::FtpConfig asked = config(TlsMode::automatic);
  asked.tls_policy.ca_file = "/nonexistent";
  const auto refused = refusal([&] { mount(asked); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("/nonexistent"));
}

// pure-ftpd without a certificate lists AUTH TLS, and then does not know it.
TEST_F(TlsTest, AutomaticGoesInClearWhereTheOfferIsEmpty) {
  for (const std::string refusal : {"500 This security scheme is not implemented", "502 No.", "504 No."}) {
    behaviour().replies["AUTH"] = refusal;
    mount(TlsMode::automatic);
    EXPECT_EQ(read("/a"), "content");
  }
}

TEST_F(TlsTest, OffAsksForNothing) {
  mount(TlsMode::off);
  EXPECT_EQ(read("/a"), "content");
  EXPECT_THAT(server_.clear_commands(), testing::Not(testing::Contains(HasSubstr("AUTH"))));
}

TEST_F(TlsTest, RequireNeedsNoOfferInFeat) {
  behaviour().tls.in_feat = false;
  mount();
  EXPECT_EQ(read("/a"), "content");
}

TEST_F(TlsTest, DataConnectionsInClearOnRequest) {
  ftp::FtpConfig clear = config();
  clear.tls_data_clear = true;
  mount(clear);
  expect_transfers();
  for (const DataTls& data : server_.data_tls()) EXPECT_FALSE(data.secured);
  expect_no_secret_in_clear();
}

// A formality that means nothing.
TEST_F(TlsTest, PbszMayBeRefused) {
  behaviour().replies["PBSZ"] = "500 Unknown command.";
  mount();
  expect_transfers();
}

TEST_F(TlsTest, EachOrderOf150AndHandshake) {
  const auto both = [this] {
    for (const int version : both_versions) {
      behaviour().tls.min_version = behaviour().tls.max_version = version;
      mount();
      expect_transfers();
    }
  };
  behaviour().early_150 = true;  // before the data connection is accepted
  both();
  behaviour().early_150 = false;
  behaviour().tls.handshake_before_150 = true;
  both();
  expect_all_resumed();
}

// pyftpdlib 1.5.7 cuts a data connection off that is readable before there is a command for it.
TEST_F(TlsTest, TheCommandComesBeforeTheHandshake) {
  behaviour().tls.command_first = true;
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    mount();
    expect_transfers();
    server_.take_commands();
    behaviour().delay = std::chrono::milliseconds(20);  // time enough for a handshake beside REST
    EXPECT_EQ(read("/a", 3), "tent");
    EXPECT_EQ(std::ranges::count(server_.commands(), "REST 3"), 1);  // it was not tried again
    behaviour().delay = std::chrono::milliseconds(0);
  }
}

TEST_F(TlsTest, UploadsEndWithCloseNotify) {
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    behaviour().tls.needs_close_notify = true;
    mount();
    for (const std::size_t size : {0u, 1u, 16'384u, 1'000'000u}) {
      EXPECT_EQ(write("/new", std::string(size, 'n')).size, size);
      EXPECT_TRUE(server_.data_tls().back().closed);
    }
  }
}

// IIS answers the close_notify only after the FIN.
TEST_F(TlsTest, UploadsDoNotWaitForTheServersCloseNotify) {
  behaviour().tls.close_notify_after_fin = true;
  mount();
  for (const std::size_t size : {0u, 1u, 1'000'000u})
    EXPECT_EQ(write("/new", std::string(size, 'n')).size, size);
}

// Tickets that nobody reads would turn the FIN into a RST, and the server would lose the tail (curl #6149).
TEST_F(TlsTest, TicketsOnDataConnectionsCostNoTail) {
  for (const bool tickets : {true, false}) {
    behaviour().tls.tickets_on_data = tickets;
    mount();
    for (std::size_t size = 1; size < 3'000'000; size = size * 3 + 1) {
      const std::string content(size, 't');
      write("/new", content);
      EXPECT_EQ(tree().content("/new"), content);
    }
  }
}

// The size is known: the end is believed, but not that of a listing.
TEST_F(TlsTest, DownloadsWithoutCloseNotify) {
  behaviour().tls.close_notify = false;
  mount();
  EXPECT_EQ(read("/a"), "content");
  const auto error = refusal([&] { list("/d"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EIO);
  EXPECT_THAT(error->what(), HasSubstr("lenient_eof"));
  ftp::FtpConfig lenient = config();
  lenient.lenient_eof = true;
  mount(lenient);
  EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
}

TEST_F(TlsTest, DownloadsAreAnsweredWithCloseNotify) {
  behaviour().tls.awaits_close_notify = true;
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    mount();
    for (const std::size_t size : {0u, 1u, 16'384u, 1'000'000u}) {
      tree().file("/sized", std::string(size, 's'));
      EXPECT_EQ(read("/sized").size(), size);
      EXPECT_TRUE(server_.data_tls().back().closed) << size;
    }
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    EXPECT_TRUE(server_.data_tls().back().closed);
  }
}

// A directory as openssl-rehash(1) makes it.
TEST_F(TlsTest, AuthoritiesOfADirectory) {
  const TemporaryDirectory directory;
  ftp::FtpConfig wanted = config();
  wanted.tls_policy.ca_file.clear();
  wanted.tls_policy.ca_path = directory.path().string();
  EXPECT_EQ(failure([&] { mount(wanted); }), EKEYREJECTED);
  directory.write(hashed_name(authority_.certificate()), authority_.certificate());
  mount(wanted);
  expect_transfers();
}

// Also where nobody has signed it, for another name.
TEST_F(TlsTest, ACertificateFromAFileIsTrusted) {
  const Identity stranger = self_signed({.dns_names = {"elsewhere.example.org"}});
  const TextFile file(stranger.certificate());
  behaviour().tls.certificate = stranger.pem();
  ftp::FtpConfig wanted = config();
  EXPECT_EQ(failure([&] { mount(wanted); }), EKEYREJECTED);
  for (const net::Certificate& certificate : net::read_certificates(file.path()))
    wanted.tls_policy.pins.push_back(certificate.fingerprint);
  mount(wanted);
  expect_transfers();
}

TEST_F(TlsTest, CiphersAreChosenForBothKindsOfVersion) {
  const auto cipher_at = [this](int version, const std::string& wanted) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    ftp::FtpConfig choosy = config();
    choosy.tls_policy.ciphers = wanted;
    mount(choosy);
    return run(io_, remote_->examine(false, {})).tls.value().cipher;
  };
  const std::string list = "ECDHE-ECDSA-AES128-GCM-SHA256:TLS_CHACHA20_POLY1305_SHA256";
  EXPECT_EQ(cipher_at(TLS1_2_VERSION, list), "ECDHE-ECDSA-AES128-GCM-SHA256");
  EXPECT_EQ(cipher_at(TLS1_3_VERSION, list), "TLS_CHACHA20_POLY1305_SHA256");
  EXPECT_THROW(cipher_at(TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256"), Error);  // the server's key is EC
  EXPECT_EQ(failure([&] { cipher_at(TLS1_2_VERSION, "NO-SUCH-CIPHER"); }), EINVAL);
}

TEST_F(TlsTest, VersionsAreKeptTo) {
  using net::TlsVersion;
  struct Case {
    int server;
    TlsVersion min, max;
    bool works;
  };
  for (const Case& one : {Case{TLS1_2_VERSION, TlsVersion::tls1_2, TlsVersion::tls1_3, true},
                          Case{TLS1_2_VERSION, TlsVersion::tls1_3, TlsVersion::tls1_3, false},
                          Case{TLS1_3_VERSION, TlsVersion::tls1_2, TlsVersion::tls1_2, false},
                          Case{TLS1_3_VERSION, TlsVersion::tls1_3, TlsVersion::tls1_3, true}}) {
    behaviour().tls.min_version = behaviour().tls.max_version = one.server;
    ftp::FtpConfig limited = config();
    limited.tls_policy.min = one.min;
    limited.tls_policy.max = one.max;
    EXPECT_EQ(failure([&] { mount(limited); }) == 0, one.works);
  }
  expect_no_secret_in_clear();
}

TEST_F(TlsTest, OldAppliancesOnRequest) {
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    EXPECT_NE(failure([&] { mount(); }), 0);
    ftp::FtpConfig tolerant = config();
    tolerant.tls_policy.min = net::TlsVersion::tls1_0;
    mount(tolerant);
    expect_transfers();
  }
  expect_all_resumed();
}

TEST_F(TlsTest, HostNamesGoIntoTheHandshakeAddressesDoNot) {
  behaviour().tls.certificate =
      authority_.issue({.dns_names = {"ftp.example.net"}, .addresses = {"127.0.0.1"}}).pem();
  mount();
  ftp::FtpConfig named = config();
  named.host = "ftp.example.net";
  mount(named);
  EXPECT_THAT(server_.server_names(), ElementsAre("", "ftp.example.net"));
}

TEST_F(TlsTest, ClientCertificates) {
  behaviour().tls.client_authority = authority_.certificate();
  for (const int version : both_versions) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    EXPECT_NE(failure([&] { mount(); }), 0);
    const Identity identity = authority_.issue({.common_name = "joe", .client = true});
    const TextFile certificate(identity.certificate());
    const TextFile key(identity.key());
    ftp::FtpConfig with_certificate = config();
    with_certificate.tls_policy.certificate = certificate.path();
    with_certificate.tls_policy.key = key.path();
    mount(with_certificate);
    expect_transfers();
    expect_all_resumed();
  }
}

}  // namespace
}  // namespace ftpfs::test
