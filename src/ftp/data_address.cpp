// SPDX-License-Identifier: MIT
#include "data_address.hpp"

#include <cerrno>
#include <optional>

#include <fmt/format.h>

namespace ftpfs::ftp {

using asio::ip::address;

namespace {

address plain(const address& any) {
  if (any.is_v6() && any.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, any.to_v6());
  return any;
}

// No value: a name.
std::optional<address> address_of(const std::string& host) {
  boost::system::error_code is_name;
  const address result = asio::ip::make_address(host, is_name);
  return is_name ? std::nullopt : std::optional(plain(result));
}

// As text without the zone (%eth0), which means nothing on another machine.
std::string text_of(const address& any) {
  if (any.is_v4()) return any.to_string();
  return asio::ip::address_v6(any.to_v6().to_bytes()).to_string();
}

}  // namespace

bool may_be_ipv4(const Session& session) {
  const auto peer = address_of(session.peer().host);
  return !peer || peer->is_v4();
}

bool same_host(const std::string& one, const std::string& other) {
  const auto left = address_of(one);
  const auto right = address_of(other);
  return left && right ? *left == *right : one == other;
}

std::string pasv_host(const Session& session, const proto::PasvAddress& told) {
  const std::string& peer_host = session.peer().host;
  if (!session.config().trust_pasv_ip) return peer_host;
  const auto peer = address_of(peer_host);
  const auto from_here =
      peer && peer->is_v4() ? proto::reach_of(peer->to_v4().to_bytes()) : proto::Reach::world;
  const auto reach = proto::reach_of(told.host);
  const std::string host = address(asio::ip::address_v4(told.host)).to_string();
  if (reach == proto::Reach::world || (reach != proto::Reach::none && reach == from_here)) return host;
  session.shared_context()->logger->info("s{}: PASV names {}, which cannot be meant: using {}",
                                         session.number(), host, peer_host);
  return peer_host;
}

std::string active_argument(const Session& session, proto::Verb verb, const net::Listener& listener) {
  const address ours = plain(listener.local().address());
  const std::string& wanted = session.config().active.address;
  const address told = wanted.empty() ? ours : address_of(wanted).value_or(ours);
  if (told.is_v4() != ours.is_v4()) {
    throw Error(EINVAL, fmt::format("active_addr={} does not fit a connection over {}", wanted,
                                    ours.is_v4() ? "IPv4" : "IPv6"));
  }
  const std::uint16_t port = listener.local().port();
  if (verb == proto::Verb::port) return proto::port_argument(told.to_v4().to_bytes(), port);
  const auto family = told.is_v4() ? proto::Family::ipv4 : proto::Family::ipv6;
  return proto::eprt_argument(family, text_of(told), port);
}

}  // namespace ftpfs::ftp
