// SPDX-License-Identifier: MIT
#include "passive.hpp"

#include <cerrno>

#include <ftpfs/proto/address.hpp>
#include <ftpfs/proto/fault.hpp>

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

bool over_ipv4(const Session& session) {
  const asio::ip::address peer = session.peer().address();
  return peer.is_v4() || peer.to_v6().is_v4_mapped();
}

PassivePort at_peer(const Session& session, std::uint16_t port, bool by_epsv) {
  return PassivePort{net::HostPort{session.peer().address().to_string(), port}, by_epsv};
}

}  // namespace

awaitable<PassivePort> ask_passive_port(Session& session, std::stop_token stop) {
  ServerProfile& profile = session.profile();
  const bool pasv_possible = over_ipv4(session);  // PASV has no room for an IPv6 address
  if (session.context().config.disable_epsv) profile.passive = PassiveMode::pasv;
  if (profile.passive != PassiveMode::pasv || !pasv_possible) {
    const Reply reply = co_await session.command(Verb::epsv, "", stop);
    // Only 229 is an answer: webMAN says 202, others 200, and mean that they did nothing.
    std::optional<std::uint16_t> port;
    if (reply.code == 229) port = proto::parse_epsv(reply.text);
    if (port) co_return at_peer(session, *port, true);
    if (!pasv_possible) throw Error(EPROTO, "EPSV refused", reply.last_line());
  }
  const Reply reply = co_await session.command(Verb::pasv, "", stop);
  std::optional<std::uint16_t> port;
  if (reply.completion()) {
    if (const auto address = proto::parse_pasv(reply.text)) port = address->port;
    if (!port) port = proto::parse_epsv(reply.text);  // 229 in answer to PASV was seen (cpython #127478)
  }
  if (!port) throw Error(EPROTO, "no passive data connection offered", reply.last_line());
  if (profile.passive == PassiveMode::untested) profile.passive = PassiveMode::pasv;
  co_return at_peer(session, *port, false);
}

void learn_passive(Session& session, const PassivePort& port, bool reached) noexcept {
  PassiveMode& mode = session.profile().passive;
  if (!port.by_epsv || mode != PassiveMode::untested) return;
  if (reached) {
    mode = PassiveMode::epsv;
  } else if (over_ipv4(session)) {
    mode = PassiveMode::pasv;
  }
}

}  // namespace ftpfs::ftp
