// SPDX-License-Identifier: MIT
#include <array>

#include <ftpfs/proto/proxy_url.hpp>

#include "text.hpp"
#include "url_parts.hpp"

namespace ftpfs::proto {
namespace {

struct Kind {
  std::string_view name;
  ProxyScheme scheme;
  std::uint16_t port;
};
constexpr std::array kinds = {Kind{"socks5", ProxyScheme::socks5, 1080},
                              Kind{"socks5h", ProxyScheme::socks5h, 1080},
                              Kind{"http", ProxyScheme::http, 3128}, Kind{"ftp", ProxyScheme::ftp, 21}};

// Cuts "scheme://" off, if it is there.
const Kind& kind_of(std::string_view& text, ProxyScheme bare) {
  const std::size_t colon = text.find("://");
  if (colon == text.npos) return kinds[static_cast<std::size_t>(bare)];
  const std::string_view name = text.substr(0, colon);
  // It may be part of a password, which no complaint tells.
  if (name.find_first_of("/@:[") != name.npos) refuse("the proxy's URL has something before its kind");
  text.remove_prefix(colon + 3);
  for (const Kind& kind : kinds)
    if (equals_ignoring_case(name, kind.name)) return kind;
  refuse("unknown kind of proxy: " + std::string(name) + ":// (socks5, socks5h, http and ftp are known)");
}

}  // namespace

ProxyUrl parse_proxy_url(std::string_view text, ProxyScheme bare) {
  check_controls(text);
  const Kind& kind = kind_of(text, bare);
  ProxyUrl url;
  url.scheme = kind.scheme;
  if (text.ends_with('/')) text.remove_suffix(1);
  // The last '@': a password may hold one that was not escaped.
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    std::string_view login = text.substr(0, at);
    url.user = decoded(cut(login, ':'));
    url.password = decoded(login);
    text.remove_prefix(at + 1);
    if (url.user.empty()) refuse("the proxy's URL has an empty user name");
  }
  url.host = checked_host(decoded(cut_host(text, ":")));
  if (!text.empty() && text.front() != ':') refuse("the proxy's URL has something behind the host");
  url.port = text.size() > 1 ? parse_port(text.substr(1)) : kind.port;
  return url;
}

}  // namespace ftpfs::proto
