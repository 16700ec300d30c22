// SPDX-License-Identifier: MIT
#include "mount/tls_fixture.hpp"

#include <cstdlib>

namespace ftpfs::test {

void PrintTo(const TlsServer& server, std::ostream* out) {
  *out << server.kind << " in TLS " << server.version;
}

std::string tls_test_name(const testing::TestParamInfo<TlsServer>& server) {
  std::string name = test_name({server.param.kind, server.index}) + "Tls" + server.param.version;
  std::erase(name, '.');
  return name;
}

std::vector<TlsServer> all_tls_servers() {
  std::vector<TlsServer> all;
  for (const ServerKind kind :
       {ServerKind::vsftpd, ServerKind::proftpd, ServerKind::pure_ftpd, ServerKind::pyftpdlib}) {
    for (const char* version : {"1.2", "1.3"}) all.push_back({kind, version});
  }
  return all;
}

std::vector<TlsServer> some_tls_servers() {
  std::vector<TlsServer> some = all_tls_servers();
  const auto is_one_more = [](const TlsServer& one) {
    return one.version == "1.2" && one.kind != ServerKind::vsftpd;
  };
  if (std::getenv("FTPFS_LONG") == nullptr) std::erase_if(some, is_one_more);
  return some;
}

void TlsMountTest::SetUp() {
  MountFixture::SetUp();
  if (IsSkipped()) return;
  if (local_mode()) GTEST_SKIP() << "no server, no TLS";
  write_file(tmp("authority.pem"), authority_.certificate());
}

Identity TlsMountTest::start(const Subject& subject, TlsMode mode) {
  Identity identity = authority_.issue(subject);
  write_file(tmp("server.pem"), identity.pem());
  start_server({.tls = mode, .tls_version = GetParam().version, .certificate = tmp("server.pem")});
  return identity;
}

}  // namespace ftpfs::test
