// SPDX-License-Identifier: MIT
// A real FTP server for one test: a throw-away instance started through tests/servers/serve, with its own
// root. It ends with the object, whatever happens. Lives in the sandbox, where its port is always free.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mount/process.hpp"

namespace ftpfs::test {

enum class ServerKind { vsftpd, proftpd, pure_ftpd, pyftpdlib };

std::string_view name_of(ServerKind kind);
std::ostream& operator<<(std::ostream& out, ServerKind kind);  // for GoogleTest
// Why this server cannot be started here, in words.
std::optional<std::string> why_missing(ServerKind kind);

inline constexpr std::string_view test_user = "tester";
inline constexpr std::string_view test_password = "opensesame";

enum class TlsMode { none, explicit_tls, implicit_tls };  // pure-ftpd has no implicit TLS

struct ServerOptions {
  int max_clients = 100;
  int max_per_address = 0;  // sessions of one client's address; 0: no limit of its own
  int idle_seconds = 300;   // pure-ftpd counts in minutes, at least one
  bool ipv6 = false;        // on ::1
  TlsMode tls = TlsMode::none;
  std::string tls_version = {};            // "1.2" or "1.3"; empty: any
  std::filesystem::path certificate = {};  // PEM, with its key
  std::string zone = {};                   // what the server takes for local time, as in TZ
  std::vector<std::string> config = {};    // more lines for its configuration (pure-ftpd: words)
};

class RealServer {
 public:
  // Files below `directory`: the root that is served, and the server's own. Returns when the greeting has
  // come.
  RealServer(ServerKind kind, const std::filesystem::path& directory, ServerOptions options = {});

  ServerKind kind() const noexcept { return kind_; }
  const std::filesystem::path& root() const noexcept { return root_; }
  std::string url() const;  // ftp://user@host:port/ or ftpes:// or ftps://, no password
  std::string log();        // what the server itself wrote, and how it ended if it has

  void stop();                                       // killed, with all its sessions
  void start();                                      // again, at the same port
  void freeze() { process_->signal_tree(SIGSTOP); }  // alive for TCP, silent for FTP
  void thaw() { process_->signal_tree(SIGCONT); }
  // vsftpd has two processes for each session, the one with rights being the other's parent. Returns how many
  // it killed.
  enum class Part { privileged, unprivileged };
  std::size_t kill_in_each_session(Part part) const;
  // Whether a client is logged in, or still connected.
  bool has_sessions() const { return sessions() > 0; }
  std::size_t sessions() const;

  // A file that appears on the server without our mount's help; it belongs to the server's account. A mount
  // that has listed the directory already sees it only when that listing expires: put first, then mount.
  void put(const std::string& name, std::string_view content) const;
  void adopt() const;  // gives everything in the root to the server's account

 private:
  std::vector<std::string> command() const;
  void await_greeting();

  ServerKind kind_;
  ServerOptions options_;
  std::filesystem::path root_;
  std::filesystem::path state_;
  std::optional<Process> process_;
};

}  // namespace ftpfs::test
