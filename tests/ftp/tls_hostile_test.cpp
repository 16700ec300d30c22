// SPDX-License-Identifier: MIT
// FTPS with somebody on the line, or a server that breaks its word: an error, the server's words, and no
// password or file content in clear text.
#include <cerrno>
#include <functional>
#include <set>

#include <gmock/gmock.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;
using ftp::TlsMode;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class TlsHostileTest : public TlsFixture {
 protected:
  ~TlsHostileTest() override { expect_no_secret_in_clear(); }
};

// CVE-2021-22946: no reply, however legal, leads to a log-in in clear text.
TEST_F(TlsHostileTest, NoAnswerToAuthLeadsToAClearLogIn) {
  for (const TlsMode mode : {TlsMode::require, TlsMode::automatic}) {
    const std::set<std::string> unimplemented{"500", "502", "504"};  // TlsTest.AutomaticGoesInClear*
    for (const std::string code : {"200", "220", "230", "250", "331", "334", "350", "431", "500", "502",
                                   "503", "504", "530", "534", "550"}) {
      if (mode == TlsMode::automatic && unimplemented.contains(code)) continue;
      behaviour().replies["AUTH"] = code + " What now?";
      const auto error = refusal([&] { mount(mode); });
      ASSERT_TRUE(error) << code;
      EXPECT_EQ(error->code(), EPROTO) << code;
      EXPECT_THAT(error->server_said(), HasSubstr("What now?"));
    }
  }
}

TEST_F(TlsHostileTest, AuthThatIsAnsweredByGoodByeOrNothing) {
  behaviour().replies["AUTH"] = "421 Not now.";
  EXPECT_NE(failure([&] { mount(); }), 0);
  behaviour().replies.clear();
  for (const Action action : {Action::close, Action::reset}) {
    server_.inject({.verb = "AUTH", .action = action, .times = 2});
    EXPECT_NE(failure([&] { mount(); }), 0);
    server_.clear_faults();
  }
}

// Once it was offered there is no way back, also not for the second session.
TEST_F(TlsHostileTest, AnOfferThatDisappearsIsNotForgotten) {
  mount(TlsMode::automatic);
  behaviour().tls.in_feat = false;
  behaviour().replies["AUTH"] = "500 Unknown command.";
  const auto held = run(io_, remote_->open_source(Path("/a"), 0, {}));  // others need a session of their own
  EXPECT_NE(failure([&] { list("/d"); }), 0);
}

// CVE-2021-22947
TEST_F(TlsHostileTest, WordsBehindThe234AreNotBelieved) {
  behaviour().tls.injected = "331 Password, please.\r\n230 Welcome.\r\n";
  const auto error = refusal([&] { mount(); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EPROTO);
}

TEST_F(TlsHostileTest, HandshakesThatFail) {
  for (const Action action : {Action::close, Action::reset}) {
    server_.inject({.verb = "TLS", .action = action, .times = 2});
    EXPECT_NE(failure([&] { mount(); }), 0);
    server_.clear_faults();
  }
}

// A server without TLS on the implicit port: what it says instead is told.
TEST_F(TlsHostileTest, ClearTextInsteadOfAHandshake) {
  behaviour().tls.implicit = true;
  server_.inject({.verb = "TLS", .action = Action::reply, .reply = "220 Plain FTP here.", .times = 2});
  const auto error = refusal([&] { mount(TlsMode::implicit); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), EIO);
  EXPECT_EQ(error->server_said(), "220 Plain FTP here.");
}

TEST_F(TlsHostileTest, AHandshakeThatIsNeverAnsweredEndsInATimeout) {
  server_.inject({.verb = "TLS", .action = Action::stall});
  remote_ = make_remote(config());
  EXPECT_EQ(run_through_stalls(remote_->connect({}), 1, std::chrono::seconds(31)), ETIMEDOUT);
}

// vsftpd says so before it begins with TLS, also on the implicit port.
TEST_F(TlsHostileTest, AFullServerIsUnderstoodOnTheImplicitPort) {
  behaviour().tls.implicit = true;
  mount(TlsMode::implicit);
  behaviour().max_sessions = 1;
  ftp::FtpConfig hasty = config(TlsMode::implicit);
  hasty.queue_timeout = std::chrono::milliseconds(0);
  const auto second = make_remote(hasty);
  const auto error = refusal([&] { run(io_, second->connect({})); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("no more connections"));
  EXPECT_EQ(error->server_said(), "421 Too many connections from your host.");
}

TEST_F(TlsHostileTest, RefusedProtectionIsAnError) {
  for (const std::string code : {"431", "500", "503", "504", "534", "536"}) {
    behaviour().replies["PROT"] = code + " No.";
    const auto error = refusal([&] { mount(); });
    ASSERT_TRUE(error) << code;
    EXPECT_EQ(error->code(), EPROTO);
    EXPECT_THAT(error->what(), HasSubstr("tls_data=clear"));
  }
}

TEST_F(TlsHostileTest, DataConnectionsThatFallBackToClearText) {
  behaviour().tls.clear_data = true;
  ftp::FtpConfig hasty = config();
  hasty.timeout = std::chrono::milliseconds(300);
  mount(hasty);
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  EXPECT_NE(failure([&] { list("/d"); }), 0);
  EXPECT_NE(failure([&] { write("/new", "secret words"); }), 0);
  if (tree().exists("/new")) {
    EXPECT_THAT(tree().content("/new"), Not(HasSubstr("secret")));
  }
}

TEST_F(TlsHostileTest, DataHandshakesThatFail) {
  mount();
  for (const Action action : {Action::close, Action::reset, Action::garble}) {
    for (const auto& transfer : std::vector<std::function<void()>>{[&] { read("/a"); }, [&] { list("/d"); },
                                                                   [&] { write("/new", "words"); }}) {
      server_.inject({.verb = "DATA TLS", .action = action, .times = 3});  // retries, too
      EXPECT_NE(failure(transfer), 0);
      server_.clear_faults();
      EXPECT_EQ(read("/a"), "content");
    }
  }
}

TEST_F(TlsHostileTest, DataHandshakesThatAreNeverAnswered) {
  ftp::FtpConfig hasty = config();
  hasty.timeout = std::chrono::milliseconds(100);
  mount(hasty);
  server_.inject({.verb = "DATA TLS", .action = Action::stall, .times = 3});  // retries, too
  bool done = false;
  std::exception_ptr failed;
  asio::co_spawn(io_, remote_->list(Path("/d"), {}), [&](std::exception_ptr error, std::vector<Entry>) {
    failed = error;
    done = true;
  });
  run_until(io_, [&] {
    clock_.advance(std::chrono::milliseconds(1));
    return done;
  });
  ASSERT_TRUE(failed);
  EXPECT_THROW(std::rethrow_exception(failed), ConnectionLost);
  server_.clear_faults();
  EXPECT_EQ(read("/a"), "content");
}

TEST_F(TlsHostileTest, BrokenRecordsAreNoContent) {
  tree().file("/big", std::string(100'000, 'b'));
  mount();
  for (const std::size_t bytes : {0u, 1u, 50'000u, 100'000u}) {
    server_.inject({.verb = "RETR",
                    .moment = Moment::data,
                    .action = Action::garble,
                    .reply = "226 Done.",
                    .after_bytes = bytes});
    EXPECT_NE(failure([&] { read("/big"); }), 0) << bytes;
    server_.clear_faults();
    EXPECT_EQ(read("/a"), "content");
  }
}

// A FIN without close_notify, and the server says that all went well. (What is missing of a file is seen by
// its size.)
TEST_F(TlsHostileTest, CutListingsAreNotTakenForTheWhole) {
  mount();
  for (const std::size_t bytes : {0u, 1u, 60u}) {
    const Fault cut{.verb = "MLSD",
                    .moment = Moment::data,
                    .action = Action::close,
                    .reply = "226 Done.",
                    .after_bytes = bytes,
                    .times = 3};  // retries, too
    server_.inject(cut);
    EXPECT_EQ(failure([&] { list("/d"); }), EIO) << bytes;
    server_.clear_faults();
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
  }
}

// Nothing helps: told once, in the server's words, and not tried for ever.
TEST_F(TlsHostileTest, ServersThatRefuseEverySession) {
  for (const std::string words :
       {"522 SSL connection failed: session reuse required",                                 // vsftpd
        "425 Unable to build data connection: Operation not permitted",                      // proftpd
        "425 Unable to build data connection: TLS session of data connection not resumed.",  // FileZilla
                                                                                             // Server 1
        "450 TLS session of data connection has not resumed or the session does not match the control "
        "connection"}) {
    behaviour().tls.resumes = TlsBehaviour::Resumes::none;
    behaviour().tls.reuse_refusal = words;
    mount();
    const std::size_t before = server_.data_connections();
    const auto error = refusal([&] { list("/d"); });
    ASSERT_TRUE(error) << words;
    EXPECT_EQ(error->code(), EIO);
    EXPECT_EQ(error->server_said(), words);
    EXPECT_LE(server_.data_connections() - before, 3u);
    EXPECT_NE(failure([&] { write("/new", "words"); }), 0);
  }
}

// proftpd forgets sessions after a while: a fresh log-in helps. Listings do so themselves; who reads or
// writes a file goes on where the line died.
TEST_F(TlsHostileTest, AForgottenSessionIsReplaced) {
  behaviour().tls.reuse_refusal = "425 Unable to build data connection: Operation not permitted";
  const auto forget = [this] {  // a new context does not know the tickets of the old one
    mount();
    EXPECT_EQ(read("/a"), "content");
    behaviour().tls.certificate += "\n";
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    behaviour().tls.min_version = behaviour().tls.max_version = version;
    forget();
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    forget();
    EXPECT_THAT(failure([&] { read("/a"); }), AnyOf(0, EIO));
    EXPECT_EQ(read("/a"), "content");
    forget();
    EXPECT_THAT(failure([&] { write("/new", "words"); }), AnyOf(0, EIO));
    EXPECT_EQ(write("/new", "words").size, 5u);
  }
}

// TLS 1.2 is a way out only where the server has it.
TEST_F(TlsHostileTest, ASessionForgottenByAServerWithTlsOneThreeOnly) {
  behaviour().tls.min_version = TLS1_3_VERSION;
  behaviour().tls.reuse_refusal = "425 Unable to build data connection: Operation not permitted";
  mount();
  behaviour().tls.certificate += "\n";  // before the first transfer
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  EXPECT_EQ(read("/a"), "content");  // after a log-in with TLS 1.2 that failed
  EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
}

// proftpd 1.3.5 takes up no session of TLS 1.3 at all (proftpd #1177).
TEST_F(TlsHostileTest, TlsOneTwoWhereOneThreeDoesNotResume) {
  behaviour().tls.reuse_refusal = "425 Unable to build data connection: Operation not permitted";
  behaviour().tls.resumes = TlsBehaviour::Resumes::only_tls_1_2;
  mount();
  EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
  EXPECT_EQ(read("/a"), "content");
}

struct Verdict {
  std::string name;
  std::function<Identity(const Authority&)> server;
  bool peer;  // what each half of the verification says
  bool host;
};

const std::vector<Verdict>& verdicts() {
  using V = Subject::Validity;
  const auto issued = [](Subject subject) {
    return [subject](const Authority& authority) { return authority.issue(subject); };
  };
  static const std::vector<Verdict> all{
      {"right", issued({.dns_names = {"ftp.example.net"}}), true, true},
      {"several names", issued({.dns_names = {"example.org", "ftp.example.net"}}), true, true},
      {"wildcard", issued({.dns_names = {"*.example.net"}}), true, true},
      {"wildcard of two labels", issued({.dns_names = {"*.net"}}), true, false},
      {"partial wildcard", issued({.dns_names = {"f*.example.net"}}), true, false},
      {"another name", issued({.dns_names = {"ftp.example.org"}}), true, false},
      {"only an address", issued({.addresses = {"127.0.0.1"}}), true, false},
      {"expired", issued({.dns_names = {"ftp.example.net"}, .validity = V::expired}), false, true},
      {"not yet", issued({.dns_names = {"ftp.example.net"}, .validity = V::not_yet}), false, true},
      {"for clients", issued({.dns_names = {"ftp.example.net"}, .client = true}), false, true},
      {"self-signed", [](const Authority&) { return self_signed({.dns_names = {"ftp.example.net"}}); }, false,
       true},
      {"nobody's", [](const Authority&) { return Authority().issue({.dns_names = {"ftp.example.net"}}); },
       false, true}};
  return all;
}

TEST_F(TlsHostileTest, OnlyTheRightCertificateIsTrusted) {
  for (const Verdict& verdict : verdicts()) {
    SCOPED_TRACE(verdict.name);
    const Identity identity = verdict.server(authority_);
    behaviour().tls.certificate = identity.pem();
    for (const bool verify_peer : {true, false}) {
      for (const bool verify_hostname : {true, false}) {
        ftp::FtpConfig strict = config();
        strict.host = "ftp.example.net";
        strict.tls_policy.verify_peer = verify_peer;
        strict.tls_policy.verify_hostname = verify_hostname;
        const bool fine = (verdict.peer || !verify_peer) && (verdict.host || !verify_hostname);
        const auto error = refusal([&] { mount(strict); });
        EXPECT_EQ(!error, fine) << verify_peer << verify_hostname << (error ? error->what() : "");
        if (!error) continue;
        EXPECT_EQ(error->code(), EKEYREJECTED);
        EXPECT_THAT(error->what(), HasSubstr("ftpfs test server"));
        EXPECT_THAT(error->what(), HasSubstr("tls_pin=sha256:" + identity.sha256()));
      }
    }
  }
}

// Also one that the control connection would trust, and whatever of it is verified at all.
TEST_F(TlsHostileTest, AnotherCertificateOnDataConnections) {
  behaviour().tls.certificate = authority_.issue({.dns_names = {"ftp.example.net"}}).pem();
  for (const Verdict& verdict : verdicts()) {
    behaviour().tls.data_certificate = verdict.server(authority_).pem();
    for (const bool verified : {true, false}) {
      SCOPED_TRACE(verdict.name + (verified ? "" : ", not verified"));
      ftp::FtpConfig wanted = config();
      wanted.host = "ftp.example.net";
      wanted.tls_policy.verify_peer = wanted.tls_policy.verify_hostname = verified;
      mount(wanted);
      for (const auto& transfer : std::vector<std::function<void()>>{
               [&] { read("/a"); }, [&] { list("/d"); }, [&] { write("/new", "secret words"); }}) {
        const auto error = refusal(transfer);
        ASSERT_TRUE(error);
        EXPECT_EQ(error->code(), EKEYREJECTED);
      }
      if (tree().exists("/new")) {
        EXPECT_EQ(tree().content("/new"), "");
      }
    }
  }
}

TEST_F(TlsHostileTest, APinIsAsGoodAsAnyChainAndExcludesAllOthers) {
  for (const Verdict& verdict : verdicts()) {
    SCOPED_TRACE(verdict.name);
    const Identity identity = verdict.server(authority_);
    behaviour().tls.certificate = identity.pem();
    ftp::FtpConfig pinned = config();
    pinned.host = "ftp.example.net";
    pinned.tls_policy.pins.push_back(net::parse_fingerprint(identity.sha256()).value());
    mount(pinned);
    EXPECT_EQ(read("/a"), "content");
  }
  behaviour().tls.certificate = identity_.pem();
  ftp::FtpConfig pinned = config();
  pinned.tls_policy.pins.push_back(net::parse_fingerprint(self_signed({}).sha256()).value());
  EXPECT_EQ(failure([&] { mount(pinned); }), EKEYREJECTED);
}

// A name is no address, whatever the common name says.
TEST_F(TlsHostileTest, AddressesAreLookedForAmongAddresses) {
  for (const Subject& subject : {Subject{.common_name = "127.0.0.1"}, Subject{.dns_names = {"127.0.0.1"}},
                                 Subject{.addresses = {"127.0.0.2"}}}) {
    behaviour().tls.certificate = authority_.issue(subject).pem();
    EXPECT_EQ(failure([&] { mount(); }), EKEYREJECTED);
  }
}

// A server that changes its certificate is verified again, for each session.
TEST_F(TlsHostileTest, EachSessionIsVerified) {
  mount();
  const auto held = run(io_, remote_->open_source(Path("/a"), 0, {}));  // others need a session of their own
  behaviour().tls.certificate = self_signed({.addresses = {"127.0.0.1"}}).pem();
  EXPECT_EQ(failure([&] { list("/d"); }), EKEYREJECTED);
}

}  // namespace
}  // namespace ftpfs::test
