// SPDX-License-Identifier: MIT
// The ways in which data connections come about: passive by PASV alone, active, over IPv6, through proxies.
#include <cstdlib>

#include "mount/fixture.hpp"
#include "mount/proxy.hpp"
#include "support/certificates.hpp"

namespace ftpfs::test {
namespace {

class Connections : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (!IsSkipped() && local_mode()) GTEST_SKIP() << "no server, no connections";
  }

  // A server that insists on TLS; returns the option that trusts it.
  std::string start_secure_server() {
    write_file(tmp("authority.pem"), authority_.certificate());
    write_file(tmp("server.pem"), authority_.issue({.addresses = {"127.0.0.1"}}).pem());
    start_server({.tls = TlsMode::explicit_tls, .certificate = tmp("server.pem")});
    return "cacert=" + tmp("authority.pem").string();
  }
  // pyftpdlib 1.5.7 loses sight of a data connection that it has made itself while another session works:
  // three sessions of Python's ftplib that store two bytes each come to a stop as well.
  std::string active() const { return is(ServerKind::pyftpdlib) ? "active,max_conns=1" : "active"; }
  // On ::1, which not every machine has.
  bool start_ipv6_server() {
    if (read_file("/proc/net/if_inet6").empty()) return false;
    start_server({.ipv6 = true});
    return true;
  }

  // Into the mount and out of it, several at once, and one that needs more than one buffer.
  void work() {
    write_file(tmp("big"), noise(3'000'000, 7));
    sh("mkdir d && cp $TMP/big d/big && for i in 1 2 3 4 5; do echo $i > d/$i & done; wait");
    sh("cmp d/big $TMP/big && cmp $ROOT/d/big $TMP/big");
    EXPECT_EQ(sh("cat $ROOT/d/[1-5]"), "1\n2\n3\n4\n5\n");
    EXPECT_EQ(sh("ls d"), "1\n2\n3\n4\n5\nbig\n");
  }
  bool sent(const std::string& command) { return mounted().log().find(" > " + command) != std::string::npos; }

 private:
  Authority authority_;
};

TEST_P(Connections, PassiveWithoutEpsv) {
  mount("disable_epsv");
  work();
  EXPECT_TRUE(sent("PASV"));
  EXPECT_FALSE(sent("EPSV"));
}

TEST_P(Connections, PassiveWithTheServersAddress) {
  mount("trust_pasv_ip");
  work();
  EXPECT_TRUE(sent("PASV"));
}

TEST_P(Connections, Active) {
  mount(active() + ",active_ports=43000-43100");
  work();
  EXPECT_TRUE(sent("EPRT |1|127.0.0.1|43"));
  EXPECT_FALSE(sent("PASV") || sent("EPSV"));
}

TEST_P(Connections, ActiveWithoutEprt) {
  mount(active() + ",disable_eprt");
  work();
  EXPECT_TRUE(sent("PORT 127,0,0,1,"));
  EXPECT_FALSE(sent("EPRT"));
}

TEST_P(Connections, ActiveInTls) {
  const std::string trust = start_secure_server();
  mount(active() + "," + trust);
  work();
  EXPECT_TRUE(sent("EPRT"));
}

TEST_P(Connections, PassiveOverIpv6) {
  if (!start_ipv6_server()) GTEST_SKIP() << "no IPv6 here";
  mount();
  work();
  EXPECT_TRUE(sent("EPSV"));
}

TEST_P(Connections, ActiveOverIpv6) {
  if (!start_ipv6_server()) GTEST_SKIP() << "no IPv6 here";
  mount(active());
  work();
  EXPECT_TRUE(sent("EPRT |2|::1|"));
}

FTPFS_ON_ALL_SERVERS(Connections);

class Proxied : public Connections {
 protected:
  void SetUp() override {
    Connections::SetUp();
    for (const ProxyKind kind : {ProxyKind::microsocks, ProxyKind::tinyproxy, ProxyKind::ftp_proxy}) {
      const std::optional<std::string> missing = why_missing(kind);
      if (!IsSkipped() && missing) GTEST_SKIP() << *missing;
    }
  }
  ~Proxied() override { ::unsetenv("FTPFS_PROXY_PASSWORD"); }

  void mount_through(ProxyKind kind, const std::string& options = "", const std::string& socks = "socks5h") {
    proxy_.emplace(kind, tmp());
    ::setenv("FTPFS_PROXY_PASSWORD", proxy_password, 1);
    mount("proxy=" + proxy_->url(socks) + options);
  }
  // `ftpfs check` of the server, called by a name.
  Outcome check_localhost(const std::string& socks) {
    std::string url = server().url();
    url.replace(url.find("127.0.0.1"), 9, "localhost");
    return run_ftpfs(
        {"check", "-o", "proxy=" + proxy_->url(socks), url},
        {{"FTPFS_PASSWORD", std::string(test_password)}, {"FTPFS_PROXY_PASSWORD", proxy_password}});
  }
  // Commands and data: a mount that has worked has made more connections than it has sessions.
  void expect_data_through_the_proxy() { EXPECT_GT(proxy_->connections(), 5u); }

  std::optional<RealProxy> proxy_;
};

TEST_P(Proxied, Socks5) {
  mount_through(ProxyKind::microsocks);
  work();
  expect_data_through_the_proxy();
}

TEST_P(Proxied, Socks5WithoutNames) {
  mount_through(ProxyKind::microsocks, "", "socks5");
  work();
  expect_data_through_the_proxy();
}

TEST_P(Proxied, TheSchemeSaysWhoLooksUpNames) {
  for (const std::string socks : {"socks5", "socks5h"}) {
    SCOPED_TRACE(socks);
    proxy_.emplace(ProxyKind::microsocks, tmp());
    const Outcome checked = check_localhost(socks);
    EXPECT_EQ(checked.status, 0) << checked.output;
    EXPECT_EQ(proxy_->was_asked_for("localhost"), socks == "socks5h");
    EXPECT_TRUE(proxy_->was_asked_for("127.0.0.1"));  // for data, which has no names
    proxy_.reset();
  }
}

TEST_P(Proxied, HttpConnect) {
  mount_through(ProxyKind::tinyproxy);
  work();
  expect_data_through_the_proxy();
}

// It knows neither FEAT nor EPSV nor anything else after RFC 959.
TEST_P(Proxied, ClassicFtpProxy) {
  expect_complaints();  // that all goes in clear text
  mount_through(ProxyKind::ftp_proxy);
  work();
  expect_data_through_the_proxy();
}

TEST_P(Proxied, TlsInATunnel) {
  const std::string trust = start_secure_server();
  mount_through(ProxyKind::microsocks, "," + trust);
  work();
  expect_data_through_the_proxy();
}

TEST_P(Proxied, AWrongPasswordIsToldAsTheProxys) {
  for (const ProxyKind kind : {ProxyKind::microsocks, ProxyKind::tinyproxy}) {
    proxy_.emplace(kind, tmp());
    const std::string options = "spool_dir=" + tmp("spool").string() + ",proxy=" + proxy_->url();
    std::filesystem::create_directories(tmp("refused"));
    const Outcome refused = run_ftpfs({"-f", "-o", options, server().url(), tmp("refused")},
                                      {{"FTPFS_PASSWORD", "x"}, {"FTPFS_PROXY_PASSWORD", "wrong"}});
    EXPECT_EQ(refused.status, 32);
    EXPECT_NE(refused.output.find("proxy 127.0.0.1 port 1080 refuses the log-in"), std::string::npos)
        << refused.output;
    proxy_.reset();
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, Proxied, testing::Values(ServerKind::vsftpd, ServerKind::pyftpdlib),
                         test_name);

}  // namespace
}  // namespace ftpfs::test
