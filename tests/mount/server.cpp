// SPDX-License-Identifier: MIT
#include "mount/server.hpp"

#include <cstdlib>
#include <fstream>
#include <ostream>
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
UniqueFd connected() {
  UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

// The first bytes a server sends, or nothing when there is none (yet).
std::string greeting() {
  const UniqueFd socket = connected();
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
  return scheme + "://" + std::string(test_user) + "@127.0.0.1:" + std::to_string(port) + "/";
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
                                 "-i",
                                 std::to_string(options_.idle_seconds)};
  const auto add = [&](std::initializer_list<std::string> more) { words.insert(words.end(), more); };
  if (options_.tls != TlsMode::none) {
    add({"-t", options_.tls == TlsMode::explicit_tls ? "explicit" : "implicit", "-k", options_.certificate});
  }
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
  const auto answers = [&] { return silent ? bool(connected()) : greeting().starts_with("220"); };
  if (!eventually([&] { return !process_->running() || answers(); }) || !process_->running())
    throw std::runtime_error("the server did not start: " + log());
}

bool RealServer::has_sessions() const {
  std::ifstream table("/proc/self/net/tcp");
  for (std::string line; std::getline(table, line);) {
    std::istringstream fields(line);
    std::string slot, local, remote, state;
    fields >> slot >> local >> remote >> state;
    constexpr std::string_view established = "01";
    if (local.ends_with(":0849") && state == established) return true;  // 2121
  }
  return false;
}

void RealServer::put(const std::string& name, std::string_view content) const {
  write_file(root_ / name, content);
  give(root_ / name);
}

void RealServer::adopt() const {
  for (const auto& entry : fs::recursive_directory_iterator(root_)) give(entry.path());
}

}  // namespace ftpfs::test
