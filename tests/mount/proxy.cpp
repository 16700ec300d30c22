// SPDX-License-Identifier: MIT
#include "mount/proxy.hpp"

#include <cstdlib>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t proxy_port = 1080;
constexpr const char* log_name = "proxy.log";

fs::path program(ProxyKind kind) {
  const char* chosen = std::getenv("FTPFS_TEST_SERVERS");
  const fs::path cache = chosen != nullptr ? chosen : "/var/cache/ftpfs-tests/servers";
  switch (kind) {
    case ProxyKind::microsocks:
      return cache / "microsocks/usr/bin/microsocks";
    case ProxyKind::tinyproxy:
      return cache / "tinyproxy/usr/bin/tinyproxy";
    case ProxyKind::ftp_proxy:
      break;
  }
  return cache / "ftp-proxy/usr/sbin/ftp-proxy";
}

bool answers() {
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(proxy_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::vector<std::string> command(ProxyKind kind, const fs::path& directory) {
  const std::string number = std::to_string(proxy_port);
  if (kind == ProxyKind::ftp_proxy) {
    const fs::path settings = directory / "ftp-proxy.conf";
    write_file(settings, "[-Global-]\nPort " + number +
                             "\nListen 127.0.0.1\nDestinationAddress 127.0.0.1\nAllowMagicUser yes\n"
                             "PidFile " +
                             (directory / "ftp-proxy.pid").string() + "\nLogDestination " +
                             (directory / log_name).string() + "\n");
    return {program(kind), "-d", "-n", "-f", settings};
  }
  if (kind == ProxyKind::microsocks)
    return {program(kind), "-i", "127.0.0.1", "-p", number, "-u", proxy_user, "-P", proxy_password};
  write_file(directory / "tinyproxy.conf",
             "Port " + number +
                 "\nListen 127.0.0.1\nTimeout 600\nMaxClients 50\nLogLevel Info\n"
                 "BasicAuth " +
                 proxy_user + " " + proxy_password + "\n");
  return {program(kind), "-d", "-c", directory / "tinyproxy.conf"};
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

}  // namespace

std::optional<std::string> why_missing(ProxyKind kind) {
  if (fs::exists(program(kind))) return std::nullopt;
  return program(kind).filename().string() + " is missing: run tests/servers/install";
}

RealProxy::RealProxy(ProxyKind kind, const fs::path& directory) : kind_(kind), log_(directory / log_name) {
  Spawn spawn;
  spawn.command = command(kind, directory);
  spawn.output = log_;
  spawn.with_descendants = true;
  process_.emplace(spawn);
  if (!eventually(answers)) throw std::runtime_error("the proxy did not start: " + log());
}

std::string RealProxy::url(const std::string& socks) const {
  const std::string place = "127.0.0.1:" + std::to_string(proxy_port);
  if (kind_ == ProxyKind::ftp_proxy) return "ftp://" + place;
  return (kind_ == ProxyKind::microsocks ? socks : "http") + "://" + proxy_user + "@" + place;
}

bool RealProxy::was_asked_for(const std::string& host) const {
  return log().find("connected to " + host + ":") != std::string::npos;
}

std::string RealProxy::log() const {
  return fs::exists(log_) ? read_file(log_) : std::string();
}

std::size_t RealProxy::connections() const {
  if (kind_ == ProxyKind::ftp_proxy) return count(log(), "PASV set to");
  return count(log(), kind_ == ProxyKind::microsocks ? "connected to" : "Established connection to host");
}

}  // namespace ftpfs::test
