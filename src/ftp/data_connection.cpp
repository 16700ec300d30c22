// SPDX-License-Identifier: MIT
#include "data_connection.hpp"

#include <cerrno>
#include <optional>
#include <vector>

#include <ftpfs/proto/address.hpp>

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

bool over_ipv4(const Session& session) {
  boost::system::error_code not_an_address;
  const auto peer = asio::ip::make_address(session.peer().host, not_an_address);
  return not_an_address || peer.is_v4() || peer.to_v6().is_v4_mapped();
}

Support& support(ServerProfile& profile, Verb verb) noexcept {
  return verb == Verb::epsv ? profile.epsv : profile.pasv;
}

// Which commands to try, in this order. RFC 2428's first: a NAT helper has nothing to rewrite in it.
std::vector<Verb> candidates(Session& session) {
  if (!over_ipv4(session)) return {Verb::epsv};  // PASV has no room for an IPv6 address
  if (session.context().config.disable_epsv) return {Verb::pasv};
  ServerProfile& profile = session.profile();
  // Neither is better than the other then: what went wrong may have been the network.
  if (profile.epsv == Support::no && profile.pasv == Support::no)
    profile.epsv = profile.pasv = Support::unknown;
  if (profile.epsv == Support::no) return {Verb::pasv, Verb::epsv};
  return {Verb::epsv, Verb::pasv};
}

std::optional<std::uint16_t> port_in(Verb verb, const Reply& reply) {
  // Only 229 is an answer to EPSV: webMAN says 202, others 200, and mean that they did nothing.
  if (verb == Verb::epsv) return reply.code == 229 ? proto::parse_epsv(reply.text) : std::nullopt;
  if (!reply.completion()) return std::nullopt;
  if (const auto address = proto::parse_pasv(reply.text)) return address->port;
  return proto::parse_epsv(reply.text);  // 229 in answer to PASV was seen (cpython #127478)
}

}  // namespace

awaitable<DataPort> agree_on_data_port(Session& session, std::stop_token stop) {
  std::string last_words;
  const std::vector<Verb> verbs = candidates(session);
  for (const Verb verb : verbs) {
    const Reply reply = co_await session.command(verb, "", stop);
    if (const auto port = port_in(verb, reply))
      co_return DataPort{verb, net::HostPort{session.peer().host, *port}};
    last_words = reply.last_line();
    learn_data_port(session, DataPort{verb, {}}, false);
  }
  throw Error(EPROTO, "no passive data connection offered", last_words);
}

awaitable<std::unique_ptr<net::Stream>> open_data_connection(Session& session, DataPort& port,
                                                             std::stop_token stop) {
  SessionContext& context = session.context();
  net::StreamLimits limits;
  limits.connect = context.config.connect_timeout;
  limits.inactivity = context.config.timeout;
  co_return co_await context.connector.connect(port.where, limits, stop);
}

// What has worked once is not given up for one failure: that was a full server, or the network.
void learn_data_port(Session& session, const DataPort& port, bool reached) noexcept {
  Support& known = support(session.profile(), port.agreed_by);
  if (reached) {
    known = Support::yes;
  } else if (known == Support::unknown) {
    known = Support::no;
  }
}

}  // namespace ftpfs::ftp
