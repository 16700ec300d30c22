// SPDX-License-Identifier: MIT
// How connections are made: passive or active, straight or through a proxy.
#include <ftpfs/cli/values.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

void set_active_address(S& s, Text value) {
  s.ftp.active.on = true;
  s.ftp.active.address = parse_address(value);
}

void set_active_ports(S& s, Text value) {
  const auto [first, last] = parse_port_range(value);
  s.ftp.active.on = true;
  s.ftp.active.first_port = first;
  s.ftp.active.last_port = last;
}

// curlftpfs: "-" means the address that the system would choose.
void set_ftp_port(S& s, Text value) {
  s.ftp.active.on = true;
  if (value != "-") set_active_address(s, value);
}

constexpr const char* visible = "a proxy's password among the options can be seen by others for a moment";

void set_proxy(S& s, Text value) {
  s.proxy.url = value;
  const std::size_t scheme = value.find("://");
  const std::size_t colon = value.find(':', scheme == Text::npos ? 0 : scheme + 3);
  const std::size_t at = value.rfind('@');
  if (at != Text::npos && colon < at) s.warnings.emplace_back(visible);
}

void set_proxy_user(S& s, Text value) {
  const std::size_t colon = value.find(':');
  s.proxy.user = value.substr(0, colon);
  if (colon == Text::npos) return;
  s.proxy.password = value.substr(colon + 1);
  s.warnings.emplace_back(visible);
}

std::uint64_t parse_rate(Text value) {
  return value == "off" ? 0 : parse_size(value);
}

// As rclone's: one rate is for both ways.
void set_bwlimit(S& s, Text value) {
  const std::size_t colon = value.find(':');
  s.ftp.upload_rate = parse_rate(value.substr(0, colon));
  s.ftp.download_rate = colon == Text::npos ? s.ftp.upload_rate : parse_rate(value.substr(colon + 1));
}

}  // namespace

std::vector<Option> connection_options() {
  using enum Group;
  return {
      {connection,
       "ipv4",
       {},
       "",
       "by IPv4 only",
       [](S& s, Text) { s.route.family = net::Route::Family::ipv4; }},
      {connection,
       "ipv6",
       {},
       "",
       "by IPv6 only",
       [](S& s, Text) { s.route.family = net::Route::Family::ipv6; }},
      {connection,
       "interface",
       {},
       "NAME",
       "leave by this interface (eth0), or from this address of ours",
       [](S& s, Text v) { s.route.interface = v; }},
      {connection,
       "bwlimit",
       {},
       "UP[:DOWN]",
       "bytes a second to and from the server, at most (512K, 2M:10M, off:1M)",
       set_bwlimit},
      {connection, "disable_epsv", {}, "", "use PASV only", [](S& s, Text) { s.ftp.disable_epsv = true; }},
      {connection,
       "disable_pipelining",
       {},
       "",
       "send no command before the last one is answered",
       [](S& s, Text) { s.ftp.pipelining = false; }},
      {connection,
       "disable_prime",
       {},
       "",
       "make no data connection before it is needed",
       [](S& s, Text) { s.ftp.prime = false; }},
      {connection,
       "trust_pasv_ip",
       {},
       "",
       "connect to the host that PASV names; implies disable_epsv",
       [](S& s, Text) { s.ftp.trust_pasv_ip = true; }},
      {connection,
       "active",
       {},
       "",
       "let the server connect to us (default: passive)",
       [](S& s, Text) { s.ftp.active.on = true; }},
      {connection,
       "active_addr",
       {},
       "ADDR",
       "the same, and tell it this address of ours (ftp_port)",
       set_active_address},
      {connection, "active_ports", {}, "A-B", "the same, at a port of this range", set_active_ports},
      {connection, "ftp_port", {}, "ADDR", "", set_ftp_port},
      {connection,
       "disable_eprt",
       {},
       "",
       "in active mode, use PORT only",
       [](S& s, Text) { s.ftp.active.disable_eprt = true; }},
      {connection,
       "proxy",
       {},
       "URL",
       "socks5://, socks5h://, http:// or ftp://[USER@]HOST[:PORT]; none",
       set_proxy},
      {connection,
       "proxy_user",
       {},
       "NAME[:PASS]",
       "who logs in there; a bare HOST:PORT is httpproxy or socks5",
       set_proxy_user},
      {connection, "socks5", {}, "", "", [](S& s, Text) { s.proxy.bare = proto::ProxyScheme::socks5; }},
      {connection,
       "httpproxy",
       {"proxytunnel"},
       "",
       "",
       [](S& s, Text) { s.proxy.bare = proto::ProxyScheme::http; }},
  };
}

}  // namespace ftpfs::cli
