// SPDX-License-Identifier: MIT
#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

void set_mode(S& s, Text value) {
  using enum ftp::TlsMode;
  s.tls =
      choose(value, std::to_array<std::pair<Text, ftp::TlsMode>>(
                        {{"auto", automatic}, {"require", require}, {"off", off}, {"implicit", implicit}}));
}

void set_data(S& s, Text value) {
  s.ftp.tls_data_clear =
      choose(value, std::to_array<std::pair<Text, bool>>({{"private", false}, {"clear", true}}));
}

net::TlsVersion parse_version(Text value) {
  using enum net::TlsVersion;
  return choose(value, std::to_array<std::pair<Text, net::TlsVersion>>(
                           {{"1.0", tls1_0}, {"1.1", tls1_1}, {"1.2", tls1_2}, {"1.3", tls1_3}}));
}

void add_pin(S& s, Text value) {
  const std::optional<net::Fingerprint> pin = net::parse_fingerprint(value);
  if (!pin) throw Error(EINVAL, "is sha256: and 64 hex digits");
  s.ftp.tls_policy.pins.push_back(*pin);
}

void add_certificate(S& s, Text value) {
  for (const net::Certificate& certificate : net::read_certificates(std::string(value)))
    s.ftp.tls_policy.pins.push_back(certificate.fingerprint);
}

void trust_any_peer(S& s, Text) {
  s.ftp.tls_policy.verify_peer = false;
  s.warnings.emplace_back("no_verify_peer: whoever is on the way can read the password and change files");
}

void trust_any_name(S& s, Text) {
  s.ftp.tls_policy.verify_hostname = false;
  s.warnings.emplace_back("no_verify_hostname: any server with a valid certificate can play this one");
}

void trust_anybody(S& s, Text value) {
  trust_any_peer(s, value);
  s.ftp.tls_policy.verify_hostname = false;
}

}  // namespace

std::vector<Option> tls_options() {
  using enum Group;
  return {
      {tls, "tls", {}, "MODE", "auto (default; ssl_try), require (ssl), off (no_tls), implicit", set_mode},
      {tls, "ssl", {"explicit_tls"}, "", "", [](S& s, Text) { s.tls = ftp::TlsMode::require; }},
      {tls, "ssl_try", {}, "", "", [](S& s, Text) { s.tls = ftp::TlsMode::automatic; }},
      {tls, "no_tls", {}, "", "", [](S& s, Text) { s.tls = ftp::TlsMode::off; }},
      {tls, "tls_data", {}, "HOW", "data connections: private (default), clear (ssl_control)", set_data},
      {tls, "ssl_control", {}, "", "", [](S& s, Text) { s.ftp.tls_data_clear = true; }},
      {tls,
       "cacert",
       {},
       "FILE",
       "trust the authorities in this PEM file only",
       [](S& s, Text v) { s.ftp.tls_policy.ca_file = v; }},
      {tls,
       "capath",
       {},
       "DIR",
       "trust the authorities in this directory (openssl rehash) only",
       [](S& s, Text v) { s.ftp.tls_policy.ca_path = v; }},
      {tls, "tls_pin", {}, "sha256:HEX", "trust exactly this certificate; may be given again", add_pin},
      {tls, "server_cert", {}, "FILE", "trust exactly the certificate(s) in this PEM file", add_certificate},
      {tls,
       "cert",
       {},
       "FILE",
       "our certificate: PEM or PKCS#12",
       [](S& s, Text v) { s.ftp.tls_policy.certificate = v; }},
      {tls,
       "key",
       {},
       "FILE",
       "its key, where cert does not hold it",
       [](S& s, Text v) { s.ftp.tls_policy.key = v; }},
      {tls, "no_verify_peer", {}, "", "trust any certificate (for the right name): unsafe", trust_any_peer},
      {tls, "no_verify_hostname", {}, "", "trust a valid certificate for any name: unsafe", trust_any_name},
      {tls, "no_check_certificate", {}, "", "both of them", trust_anybody},
      {tls,
       "tls_min",
       {},
       "VERSION",
       "1.0, 1.1, 1.2 (default) or 1.3",
       [](S& s, Text v) { s.ftp.tls_policy.min = parse_version(v); }},
      {tls,
       "tls_max",
       {},
       "VERSION",
       "the same (1.3); 1.2: disable_tls13",
       [](S& s, Text v) { s.ftp.tls_policy.max = parse_version(v); }},
      {tls, "disable_tls13", {}, "", "", [](S& s, Text) { s.ftp.tls_policy.max = net::TlsVersion::tls1_2; }},
      {tls,
       "ciphers",
       {},
       "LIST",
       "as openssl-ciphers(1)",
       [](S& s, Text v) { s.ftp.tls_policy.ciphers = v; }},
      {tls,
       "lenient_eof",
       {},
       "",
       "believe listings that end without close_notify",
       [](S& s, Text) { s.ftp.lenient_eof = true; }},
  };
}

}  // namespace ftpfs::cli
