// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/cli/environment.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/proxy.hpp>
#include <ftpfs/cli/values.hpp>

namespace ftpfs::cli {
namespace {

using asio::ip::address;
using boost::system::error_code;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

std::optional<address> address_of(const std::string& text) {
  error_code is_name;
  const address result = asio::ip::make_address(text, is_name);
  return is_name ? std::nullopt : std::optional(result);
}

template <class Octets>
bool same_beginning(const Octets& one, const Octets& other, std::size_t bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(one.begin(), one.begin() + whole, other.begin())) return false;
  return bits % 8 == 0 || (one[bits / 8] ^ other[bits / 8]) >> (8 - bits % 8) == 0;
}

// `item` is a network or a single address.
bool contains(std::string_view item, const address& host) {
  const std::size_t slash = item.find('/');
  const auto network = address_of(std::string(item.substr(0, slash)));
  if (!network || network->is_v4() != host.is_v4()) return false;
  std::size_t bits = host.is_v4() ? 32 : 128;
  try {
    if (slash != item.npos) bits = parse_number(item.substr(slash + 1), 0, bits);
  } catch (const Error&) {
    return false;
  }
  if (host.is_v4()) return same_beginning(network->to_v4().to_bytes(), host.to_v4().to_bytes(), bits);
  return same_beginning(network->to_v6().to_bytes(), host.to_v6().to_bytes(), bits);
}

bool covers(std::string item, const std::string& host) {
  if (item == "*") return true;
  if (const auto numeric = address_of(host)) return contains(item, *numeric);
  item.erase(0, item.find_first_not_of("*."));
  return !item.empty() && (host == item || host.ends_with('.' + item));
}

// The proxy of another machine would look for the server on itself.
bool is_this_machine(const std::string& host) {
  const auto numeric = address_of(host);
  return numeric ? numeric->is_loopback() : host == "localhost";
}

struct Found {
  std::string url;
  std::string where;  // for messages
};

std::optional<Found> in_environment(const std::string& host) {
  std::optional<Found> found;
  std::string exempt;
  // Each is taken, whichever counts: any may hold a password.
  for (const char* name : {"ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    auto value = take_variable(name);
    if (!found && value && !value->empty()) found = Found{*std::move(value), name};
  }
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    if (const char* value = std::getenv(name); exempt.empty() && value != nullptr) exempt = value;
  }
  if (is_this_machine(lower(host)) || is_exempt(exempt, host)) return std::nullopt;
  return found;
}

std::optional<Found> find(ProxyRequest& request, const std::string& host) {
  auto from_environment = in_environment(host);
  if (!request.url) return from_environment;
  Found found{*std::exchange(request.url, std::nullopt), "proxy="};
  if (found.url.empty() || found.url == "none") return std::nullopt;
  return found;
}

proto::ProxyUrl parse(const Found& found, const ProxyRequest& request) {
  try {
    return proto::parse_proxy_url(found.url, request.bare);
  } catch (const std::invalid_argument& error) {
    refuse(fmt::format("{}: {}", found.where, error.what()));
  }
}

// Who logs in to the proxy, as far as its URL does not say.
void add_login(proto::ProxyUrl& proxy, ProxyRequest& request) {
  auto password = take_variable("FTPFS_PROXY_PASSWORD");
  if (proxy.user.empty()) proxy.user = request.user;
  if (!proxy.password.empty() || proxy.user.empty()) return;
  if (proxy.user == request.user) proxy.password = request.password;
  if (proxy.password.empty()) proxy.password = request.password_of_any;
  if (proxy.password.empty() && password) proxy.password = *std::move(password);
}

void use_ftp_proxy(Settings& settings, proto::ProxyUrl proxy) {
  using enum ftp::TlsMode;
  if (settings.ftp.tls == require || settings.ftp.tls == implicit)
    refuse("TLS would end at the FTP proxy and not at the server: tls=off, or another kind of proxy");
  if (settings.ftp.tls == automatic)
    settings.warnings.emplace_back("through an FTP proxy, password and files are sent in clear text");
  settings.ftp.tls = off;
  settings.ftp.proxy =
      ftp::FtpProxy{{std::move(proxy.host), proxy.port}, std::move(proxy.user), std::move(proxy.password)};
}

void use_tunnel(Settings& settings, proto::ProxyUrl proxy, net::Proxy::Kind kind, const std::string& where) {
  if (settings.ftp.active.on)
    refuse(
        fmt::format("in active mode the server would have to connect to us, which no proxy lets it do ({}): "
                    "leave out one of them, or say proxy=none",
                    where));
  settings.tunnel =
      net::Proxy{kind, {std::move(proxy.host), proxy.port}, std::move(proxy.user), std::move(proxy.password)};
}

}  // namespace

bool is_exempt(std::string_view no_proxy, std::string_view host) {
  const std::string name = lower(host);
  std::string item;
  for (const char c : std::string(no_proxy) + ',') {
    if (c != ',' && c != ' ') {
      item += c;
    } else if (!item.empty() && covers(lower(std::exchange(item, {})), name)) {
      return true;
    }
  }
  return false;
}

void settle_proxy(Settings& settings) {
  const auto found = find(settings.proxy, settings.ftp.host);
  if (!found) return;
  proto::ProxyUrl proxy = parse(*found, settings.proxy);
  add_login(proxy, settings.proxy);
  switch (proxy.scheme) {
    case proto::ProxyScheme::socks5:
      return use_tunnel(settings, std::move(proxy), net::Proxy::Kind::socks5, found->where);
    case proto::ProxyScheme::socks5h:
      return use_tunnel(settings, std::move(proxy), net::Proxy::Kind::socks5h, found->where);
    case proto::ProxyScheme::http:
      return use_tunnel(settings, std::move(proxy), net::Proxy::Kind::http, found->where);
    case proto::ProxyScheme::ftp:
      return use_ftp_proxy(settings, std::move(proxy));
  }
}

}  // namespace ftpfs::cli
