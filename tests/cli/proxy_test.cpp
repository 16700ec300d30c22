// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

constexpr const char* variables[] = {"ftp_proxy", "FTP_PROXY", "all_proxy",           "ALL_PROXY",
                                     "no_proxy",  "NO_PROXY",  "FTPFS_PROXY_PASSWORD"};

class ProxyChoice : public testing::Test {
 protected:
  ProxyChoice() { forget(); }
  ~ProxyChoice() override { forget(); }

  static void forget() {
    for (const char* name : variables) ::unsetenv(name);
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }

  static Settings settle(const std::string& options, const std::string& source = "ftp.example.org:") {
    const std::vector<std::string> arguments{"-o", "uid=1," + options, source, "/mnt"};
    Settings settings = parse_arguments(arguments);
    complete(settings);
    settle_proxy(settings);
    return settings;
  }

  static std::string refusal(const std::string& options) {
    try {
      settle(options);
      return "accepted";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), ExitStatus::usage);
      return failure.what();
    }
  }

  static net::HostPort tunnel(const std::string& options, const std::string& source = "ftp.example.org:") {
    return settle(options, source).tunnel.value_or(net::Proxy()).where;
  }
};

const net::HostPort none;

TEST_F(ProxyChoice, ThereIsNoneByDefault) {
  const Settings settings = settle("");
  EXPECT_FALSE(settings.tunnel);
  EXPECT_FALSE(settings.ftp.proxy);
}

TEST_F(ProxyChoice, TheOptionNamesKindPlaceAndLogin) {
  const Settings settings = settle("proxy=socks5h://joe:pw@p:1081");
  ASSERT_TRUE(settings.tunnel);
  EXPECT_EQ(settings.tunnel->kind, net::Proxy::Kind::socks5h);
  EXPECT_EQ(settings.tunnel->where, (net::HostPort{"p", 1081}));
  EXPECT_EQ(settings.tunnel->user, "joe");
  EXPECT_EQ(settings.tunnel->password, "pw");
  EXPECT_EQ(settings.warnings.size(), 1u);
}

TEST_F(ProxyChoice, ABareOneIsOfTheKindThatAFlagSays) {
  EXPECT_EQ(settle("proxy=p:1").tunnel->kind, net::Proxy::Kind::http);
  EXPECT_EQ(settle("proxy=p:1,httpproxy").tunnel->kind, net::Proxy::Kind::http);
  EXPECT_EQ(settle("socks5,proxy=p:1").tunnel->kind, net::Proxy::Kind::socks5);
}

TEST_F(ProxyChoice, EachKindHasItsPort) {
  EXPECT_EQ(tunnel("proxy=p"), (net::HostPort{"p", 3128}));
  EXPECT_EQ(tunnel("proxy=p,socks5"), (net::HostPort{"p", 1080}));
  EXPECT_EQ(tunnel("proxy=http://[2001:db8::1]/"), (net::HostPort{"2001:db8::1", 3128}));
  EXPECT_EQ(settle("proxy=ftp://p").ftp.proxy->where, (net::HostPort{"p", 21}));
}

TEST_F(ProxyChoice, TheEnvironmentIsAskedWhereTheOptionIsSilent) {
  set("all_proxy", "socks5://all:1");
  EXPECT_EQ(tunnel(""), (net::HostPort{"all", 1}));
  set("ALL_PROXY", "socks5://capitals:1");
  EXPECT_EQ(tunnel(""), (net::HostPort{"capitals", 1}));
  set("all_proxy", "socks5://all:1");
  set("ftp_proxy", "http://ftp:1");
  EXPECT_EQ(tunnel(""), (net::HostPort{"ftp", 1}));
  set("ftp_proxy", "http://ftp:1");
  EXPECT_EQ(tunnel("proxy=option:1"), (net::HostPort{"option", 1}));
  set("ftp_proxy", "http://ftp:1");
  EXPECT_EQ(tunnel("proxy=none"), none);
}

TEST_F(ProxyChoice, WhatMayHoldAPasswordIsGoneFromTheEnvironment) {
  for (const char* name : {"ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"})
    set(name, "http://joe:pw@p:1");
  set("FTPFS_PROXY_PASSWORD", "pw");
  settle("proxy=q:1,proxy_user=joe");
  for (const char* name : variables) EXPECT_EQ(::getenv(name), nullptr) << name;
}

TEST_F(ProxyChoice, ThePasswordMayStandInTheEnvironment) {
  set("FTPFS_PROXY_PASSWORD", "pw");
  EXPECT_EQ(settle("proxy=http://joe@p:1").tunnel->password, "pw");
  set("FTPFS_PROXY_PASSWORD", "pw");
  EXPECT_EQ(settle("proxy=p:1,proxy_user=joe").tunnel->password, "pw");
  set("FTPFS_PROXY_PASSWORD", "pw");
  EXPECT_EQ(settle("proxy=http://joe:other@p:1").tunnel->password, "other");
  set("FTPFS_PROXY_PASSWORD", "pw");
  EXPECT_EQ(settle("proxy=p:1").tunnel->password, "") << "nobody logs in";
}

// A password is for the user it came with.
TEST_F(ProxyChoice, TheOptionsPasswordIsForTheOptionsUser) {
  EXPECT_EQ(settle("proxy=p:1,proxy_user=joe:pw").tunnel->password, "pw");
  EXPECT_EQ(settle("proxy=http://jim@p:1,proxy_user=joe:pw").tunnel->password, "");
}

TEST_F(ProxyChoice, ThisMachineAndWhatNoProxyListsAreReachedDirectly) {
  for (const char* source : {"localhost:", "127.0.0.1:", "ftp://[::1]/"}) {
    set("all_proxy", "p:1");
    EXPECT_EQ(tunnel("", source), none) << source;
    EXPECT_EQ(tunnel("proxy=p:1", source), (net::HostPort{"p", 1})) << "asked for by name";
  }
  set("all_proxy", "p:1");
  set("no_proxy", "example.org");
  EXPECT_EQ(tunnel(""), none);
}

TEST(NoProxy, ListsNamesDomainsAddressesAndNetworks) {
  EXPECT_TRUE(is_exempt("a.example, ftp.example.org", "ftp.example.org"));
  EXPECT_TRUE(is_exempt("example.org", "FTP.Example.org"));
  EXPECT_TRUE(is_exempt(".example.org", "ftp.example.org"));
  EXPECT_TRUE(is_exempt("*.example.org", "ftp.example.org"));
  EXPECT_TRUE(is_exempt("a b,*", "ftp.example.org"));
  EXPECT_TRUE(is_exempt("192.0.2.7", "192.0.2.7"));
  EXPECT_TRUE(is_exempt("192.0.2.0/24", "192.0.2.7"));
  EXPECT_TRUE(is_exempt("2001:db8::/32", "2001:db8::7"));
  EXPECT_FALSE(is_exempt("", "ftp.example.org"));
  EXPECT_FALSE(is_exempt("example.org", "ftp.badexample.org"));
  EXPECT_FALSE(is_exempt("org.example", "example.org"));
  EXPECT_FALSE(is_exempt("192.0.2.0/24", "192.0.3.7"));
  EXPECT_FALSE(is_exempt("0.2.7", "192.0.2.7"));
  EXPECT_FALSE(is_exempt("192.0.2.0/24", "2001:db8::7"));
  EXPECT_FALSE(is_exempt("192.0.2.0/33,.,*.,/", "192.0.2.7"));
}

TEST_F(ProxyChoice, WhatCannotBeUsedIsNamed) {
  EXPECT_EQ(refusal("proxy=https://p:1"),
            "proxy=: unknown kind of proxy: https:// (socks5, socks5h, http and ftp are known)");
  EXPECT_EQ(refusal("proxy=p:0"), "proxy=: the URL's port is not a number between 1 and 65535");
  EXPECT_EQ(refusal("proxy=http://p/path"), "proxy=: this is not a host name: p/path");
  EXPECT_EQ(refusal("proxy=socks5://:secret@p"), "proxy=: the proxy's URL has an empty user name");
  set("all_proxy", "socks4://p:1");
  EXPECT_EQ(refusal(""),
            "all_proxy: unknown kind of proxy: socks4:// (socks5, socks5h, http and ftp are known)");
}

TEST_F(ProxyChoice, ActiveModeWorksThroughNoTunnel) {
  EXPECT_NE(refusal("active,proxy=socks5://p").find("(proxy=)"), std::string::npos);
  set("ftp_proxy", "http://p");
  EXPECT_NE(refusal("active").find("(ftp_proxy)"), std::string::npos);
  EXPECT_EQ(refusal("active,proxy=ftp://p"), "accepted");
}

TEST_F(ProxyChoice, TlsWouldEndAtAnFtpProxy) {
  EXPECT_NE(refusal("tls=require,proxy=ftp://p").find("TLS"), std::string::npos);
  const Settings settings = settle("proxy=ftp://joe@p");
  EXPECT_EQ(settings.ftp.tls, ftp::TlsMode::off);
  EXPECT_EQ(settings.ftp.proxy->user, "joe");
  EXPECT_EQ(settings.warnings.size(), 1u);
}

}  // namespace
}  // namespace ftpfs::cli
