// SPDX-License-Identifier: MIT
#include "mount/server.hpp"

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t port = 2121;
constexpr uid_t server_account = 1;  // `daemon`, see tests/servers/serve

// A connection to the server; nothing when nobody answers (yet).
UniqueFd connected(bool ipv6) {
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  six.sin6_addr = in6addr_loopback;
  const auto* address =
      ipv6 ? reinterpret_cast<const sockaddr*>(&six) : reinterpret_cast<const sockaddr*>(&four);
  UniqueFd socket{::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(socket.get(), address, ipv6 ? sizeof six : sizeof four) != 0) return {};
  return socket;
}

// The first bytes a server sends, or nothing when there is none (yet).
std::string greeting(bool ipv6) {
  const UniqueFd socket = connected(ipv6);
  pollfd readable{socket.get(), POLLIN, 0};
  if (!socket || ::poll(&readable, 1, static_cast<int>(patience.count())) <= 0) return {};
  char bytes[256];
  const ssize_t got = ::read(socket.get(), bytes, sizeof bytes);
  return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : std::string();
}

void give(const fs::path& path) {
  if (::lchown(path.c_str(), server_account, server_account) != 0)
    throw std::runtime_error("chown " + path.string());
}

}  // namespace

std::string_view name_of(ServerKind kind) {
  switch (kind) {
    case ServerKind::vsftpd:
      return "vsftpd";
    case ServerKind::proftpd:
      return "proftpd";
    case ServerKind::pure_ftpd:
      return "pure-ftpd";
    case ServerKind::pyftpdlib:
      break;
  }
  return "pyftpdlib";
}

std::ostream& operator<<(std::ostream& out, ServerKind kind) {
  return out << name_of(kind);
}

std::optional<std::string> why_missing(ServerKind kind) {
  const char* chosen = std::getenv("FTPFS_TEST_SERVERS");
  const fs::path cache = chosen != nullptr ? chosen : "/var/cache/ftpfs-tests/servers";
  const std::string name(name_of(kind));
  const bool there = kind == ServerKind::pyftpdlib ? fs::exists("/usr/lib/python3/dist-packages/pyftpdlib")
                                                   : fs::exists(cache / name / "usr/sbin" / name);
  if (there) return std::nullopt;
  return name + " is missing: run tests/servers/install";
}

RealServer::RealServer(ServerKind kind, const fs::path& directory, ServerOptions options)
    : kind_(kind), options_(std::move(options)), root_(directory / "root"), state_(directory / "state") {
  fs::create_directory(root_);
  give(root_);
  start();
}

std::string RealServer::url() const {
  const std::string scheme = options_.tls == TlsMode::none           ? "ftp"
                             : options_.tls == TlsMode::explicit_tls ? "ftpes"
                                                                     : "ftps";
  return scheme + "://" + std::string(test_user) + (options_.ipv6 ? "@[::1]:" : "@127.0.0.1:") +
         std::to_string(port) + "/";
}

std::string RealServer::log() {
  const fs::path path = state_ / "output";
  std::string text = fs::exists(path) ? read_file(path) : std::string();
  if (const auto status = process_->wait(0ms)) text += "ended with status " + std::to_string(*status) + "\n";
  return text;
}

// The shell stays as first process: vsftpd 3.0.3 in its place crashes when it inherits an orphan.
std::vector<std::string> RealServer::command() const {
  std::vector<std::string> words{"/bin/sh",
                                 "-c",
                                 "\"$0\" \"$@\"; exit $?",
                                 FTPFS_SERVE,
                                 "-c",
                                 std::to_string(options_.max_clients),
                                 "-p",
                                 std::to_string(options_.max_per_address),
                                 "-i",
                                 std::to_string(options_.idle_seconds)};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  if (options_.tls != TlsMode::none) {
    add({"-t", options_.tls == TlsMode::explicit_tls ? "explicit" : "implicit", "-k", options_.certificate});
  }
  if (options_.ipv6) add({"-6"});
  if (!options_.tls_version.empty()) add({"-v", options_.tls_version});
  for (const std::string& line : options_.config) add({"-e", line});
  add({std::string(name_of(kind_)), root_, state_, std::to_string(port)});
  return words;
}

void RealServer::start() {
  fs::remove_all(state_);
  fs::create_directory(state_);
  Spawn spawn;
  spawn.command = command();
  if (!options_.zone.empty()) spawn.environment = {{"TZ", options_.zone}};
  spawn.output = state_ / "output";
  spawn.with_descendants = true;
  process_.emplace(spawn);
  await_greeting();
}

void RealServer::stop() {
  process_->signal(SIGKILL);
  process_->wait();
}

void RealServer::await_greeting() {
  const bool silent = options_.tls == TlsMode::implicit_tls;  // until the client begins the handshake
  const auto answers = [&] {
    return silent ? bool(connected(options_.ipv6)) : greeting(options_.ipv6).starts_with("220");
  };
  if (!eventually([&] { return !process_->running() || answers(); }) || !process_->running())
    throw std::runtime_error("the server did not start: " + log());
}

// Below the shell and the one that listens.
std::size_t RealServer::kill_in_each_session(Part part) const {
  const std::vector<pid_t> condemned = process_->generation(part == Part::privileged ? 2 : 3);
  for (const pid_t pid : condemned) ::kill(pid, SIGKILL);
  return condemned.size();
}

std::size_t RealServer::sessions() const {
  std::set<std::string> clients;  // a table that changes while it is read may show one twice
  std::ifstream table(options_.ipv6 ? "/proc/self/net/tcp6" : "/proc/self/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string slot, local, remote, state;
    fields >> slot >> local >> remote >> state;
    constexpr std::string_view established = "01";
    if (local.ends_with(":0849") && state == established) clients.insert(remote);  // 2121
  }
  return clients.size();
}

void RealServer::put(const std::string& name, std::string_view content) const {
  write_file(root_ / name, content);
  give(root_ / name);
}

void RealServer::adopt() const {
  for (const auto& entry : fs::recursive_directory_iterator(root_)) give(entry.path());
}

}  // namespace ftpfs::test
