// SPDX-License-Identifier: MIT
// A mount in TLS, of each kind of server with each version of TLS alone. vsftpd and proftpd cut every data
// connection that does not resume the session of its own control connection.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "mount/fixture.hpp"
#include "support/certificates.hpp"

namespace ftpfs::test {

struct TlsServer {
  ServerKind kind;
  std::string version;
};

void PrintTo(const TlsServer& server, std::ostream* out);
std::string tls_test_name(const testing::TestParamInfo<TlsServer>& server);
std::vector<TlsServer> all_tls_servers();
// Where the version makes no difference to what we do: each server, and TLS 1.2 once; with FTPFS_LONG all.
std::vector<TlsServer> some_tls_servers();

class TlsMountTest : public MountFixture, public testing::WithParamInterface<TlsServer> {
 protected:
  ServerKind kind() const override { return GetParam().kind; }
  void SetUp() override;

  // Starts the server with a certificate for this subject.
  Identity start(const Subject& subject, TlsMode mode = TlsMode::explicit_tls);
  Identity start() { return start({.addresses = {"127.0.0.1"}}); }
  std::string trust() const { return "cacert=" + tmp("authority.pem").string(); }

 private:
  Authority authority_;
};

}  // namespace ftpfs::test

#define FTPFS_ON_ALL_TLS_SERVERS(Suite) \
  INSTANTIATE_TEST_SUITE_P(Servers, Suite, testing::ValuesIn(all_tls_servers()), tls_test_name)
#define FTPFS_ON_SOME_TLS_SERVERS(Suite) \
  INSTANTIATE_TEST_SUITE_P(Servers, Suite, testing::ValuesIn(some_tls_servers()), tls_test_name)
