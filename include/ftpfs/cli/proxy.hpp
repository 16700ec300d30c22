// SPDX-License-Identifier: MIT
// Which proxy stands between us and the server. What the options say goes before ftp_proxy, and that before
// all_proxy (also in capitals); no_proxy and servers on this machine are exempt from the environment's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/proto/proxy_url.hpp>

namespace ftpfs::cli {

struct Settings;

// What the options say.
struct ProxyRequest {
  std::optional<std::string> url;                      // "none": no proxy, whatever the environment says
  proto::ProxyScheme bare = proto::ProxyScheme::http;  // what a URL without a scheme means
  std::string user;
  std::string password;
  std::string password_of_any;  // whoever the user turns out to be
};

// Settings::proxy and the environment become Settings::tunnel, FtpConfig::proxy, or neither. SOURCE must have
// been read. Forgets the secrets where they came from. Throws Failure(usage), also for what does not work
// through that kind of proxy.
void settle_proxy(Settings& settings);

// Is `host` in a list as no_proxy holds one? Names stand for themselves and what is below them, addresses may
// be networks (10.0.0.0/8), * is everything.
bool is_exempt(std::string_view no_proxy, std::string_view host);

}  // namespace ftpfs::cli
