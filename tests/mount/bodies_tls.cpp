// SPDX-License-Identifier: MIT
// The same mount in TLS, with each version of it alone. vsftpd and proftpd cut every data connection that
// does not resume the session of its own control connection, so each transfer that succeeds shows that it
// did.
//
// FTPFS_TLS_TRANSFERS=500 makes the long test longer.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "mount/tls_fixture.hpp"

namespace ftpfs::test {
namespace {

class Tls : public TlsMountTest {};

// 1 B to 10 MiB, evenly on a logarithmic scale.
std::vector<std::size_t> sizes() {
  const char* wanted = std::getenv("FTPFS_TLS_TRANSFERS");
  const int count = wanted != nullptr ? std::max(std::atoi(wanted), 2) : 12;
  std::vector<std::size_t> result;
  for (int i = 0; i < count; ++i) {
    result.push_back(static_cast<std::size_t>(std::lround(std::pow(10.0 * 1024 * 1024, i / (count - 1.0)))));
  }
  return result;
}

TEST_P(Tls, UploadsAndDownloadsAreByteEqual) {
  start();
  mount(trust());
  const auto all = sizes();
  for (unsigned i = 0; i < all.size(); ++i) {
    const std::string name = "file" + std::to_string(i);
    const std::string content = noise(all[i], i);
    write_file(mnt(name), content);
    ASSERT_TRUE(read_file(root(name)) == content) << all[i];
  }
  EXPECT_EQ(mounted().complaints(), std::vector<std::string>{});
  mount(trust());  // nothing comes from a cache
  for (unsigned i = 0; i < all.size(); ++i) {
    const std::string name = "file" + std::to_string(i);
    ASSERT_TRUE(read_file(mnt(name)) == read_file(root(name))) << all[i];
  }
}

TEST_P(Tls, EmptyFilesAndDirectories) {
  start();
  mount(trust());
  sh(": > empty; mkdir nothing; ls -a nothing; echo x > file; : > file");
  EXPECT_EQ(sh("ls; stat -c '%n %s' empty file"), "empty\nfile\nnothing\nempty 0\nfile 0\n");
  EXPECT_EQ(sh("cd $ROOT; stat -c '%n %s' empty file"), "empty 0\nfile 0\n");
}

// Every session resumes its own, not that of its neighbour.
TEST_P(Tls, SeveralSessionsSideBySide) {
  start();
  for (unsigned i = 1; i <= 6; ++i) server().put("file" + std::to_string(i), noise(2'000'000, i));
  mount(trust());
  sh("for i in 1 2 3 4 5 6; do (cmp file$i $ROOT/file$i && cp file$i copy$i) || touch $TMP/failed & done; "
     "wait; "
     "! test -e $TMP/failed");
  sh("for i in 1 2 3 4 5 6; do cmp $ROOT/file$i $ROOT/copy$i; done");
}

// A TLS session that is cut off in the middle must not spoil the one that later connections resume.
TEST_P(Tls, GivenUpDownloadsHarmNothing) {
  start();
  server().put("big", noise(30'000'000));
  server().put("small", "content");
  mount(trust() + ",readahead=1M,dcache_timeout=0");
  for (int i = 0; i < 5; ++i) {
    sh("head -c 100000 big | cmp -n 100000 - $ROOT/big && cat small && echo " + std::to_string(i) + " > new");
    EXPECT_EQ(read_file(root("new")), std::to_string(i) + "\n");
  }
}

TEST_P(Tls, ImplicitTls) {
  if (is(ServerKind::pure_ftpd)) GTEST_SKIP() << "pure-ftpd has no implicit TLS";
  start({.addresses = {"127.0.0.1"}}, TlsMode::implicit_tls);
  server().put("file", "content");
  mount(trust());
  EXPECT_EQ(sh("cat file; echo more >> file; cat $ROOT/file"), "contentcontentmore\n");
}

// Whom we believe, and what is said when we do not.
class TlsTrust : public TlsMountTest {
 protected:
  // A start that is to fail.
  Outcome try_mount(const std::string& options) {
    std::filesystem::create_directories(tmp("refused"));
    return run_ftpfs(
        {"-f", "-o", "spool_dir=" + tmp("spool").string() + options, server().url(), tmp("refused")},
        {{"FTPFS_PASSWORD", std::string(test_password)}});
  }
};

TEST_P(TlsTrust, UnknownCertificateIsRefusedInOneLineThatNamesTheOption) {
  const Identity identity = start();
  const Outcome refused = try_mount("");
  EXPECT_EQ(refused.status, 32);
  EXPECT_EQ(std::count(refused.output.begin(), refused.output.end(), '\n'), 1) << refused.output;
  const std::string option = "tls_pin=sha256:" + identity.sha256();
  EXPECT_NE(refused.output.find(option), std::string::npos) << refused.output;
  mount(option);
  sh("echo content > file && cmp file $ROOT/file");
}

TEST_P(TlsTrust, WrongPinIsRefused) {
  start();
  const std::string other = self_signed({}).sha256();
  const Outcome refused = try_mount(",tls_pin=sha256:" + other);
  EXPECT_EQ(refused.status, 32);
}

// As tls_pin does: whatever issuer and name it has, and nothing but what is in the file.
TEST_P(TlsTrust, ServerCertTrustsTheCertificatesInItsFile) {
  const Identity identity = start({.dns_names = {"ftp.example.net"}});
  const Identity other = self_signed({.addresses = {"127.0.0.1"}});
  write_file(tmp("other.pem"), other.certificate());
  EXPECT_EQ(try_mount(",server_cert=" + tmp("other.pem").string()).status, 32);
  write_file(tmp("both.pem"), other.certificate() + identity.certificate());
  mount("server_cert=" + tmp("both.pem").string());
  sh("echo content > file && cmp file $ROOT/file");
  write_file(tmp("empty.pem"), "no certificate\n");
  EXPECT_EQ(try_mount(",server_cert=" + tmp("empty.pem").string()).status, 1);
}

TEST_P(TlsTrust, CertificateForAnotherNameIsRefused) {
  start({.dns_names = {"ftp.example.net"}});
  const Outcome refused = try_mount("," + trust());
  EXPECT_EQ(refused.status, 32);
  expect_complaints();  // a loud warning
  mount(trust() + ",no_verify_hostname");
  EXPECT_NE(mounted().complaints(), std::vector<std::string>{});
  sh("echo content > file && cmp file $ROOT/file");
}

FTPFS_ON_ALL_TLS_SERVERS(Tls);
FTPFS_ON_SOME_TLS_SERVERS(TlsTrust);

}  // namespace
}  // namespace ftpfs::test
