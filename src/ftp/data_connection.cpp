// SPDX-License-Identifier: MIT
#include "data_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <ftpfs/proto/address.hpp>
#include <ftpfs/proto/fault.hpp>

#include "backoff.hpp"
#include "data_address.hpp"

namespace ftpfs::ftp {

using proto::Reply;
using proto::Verb;

namespace {

// A server whose range of ports is used up (each stays in TIME_WAIT for a minute) has one again soon.
constexpr int more_rounds = 2;
constexpr std::chrono::seconds first_pause{2};
constexpr std::chrono::seconds longest_pause{4};

Support& support(ServerProfile& profile, Verb verb) noexcept {
  switch (verb) {
    case Verb::epsv:
      return profile.epsv;
    case Verb::pasv:
      return profile.pasv;
    case Verb::eprt:
      return profile.eprt;
    default:
      return profile.port;
  }
}

// Which commands to try, in this order. RFC 2428's first: there is no address in EPSV that could be wrong.
std::vector<Verb> candidates(Session& session) {
  const FtpConfig& config = session.config();
  const bool active = config.active.on;
  const Verb extended = active ? Verb::eprt : Verb::epsv;
  const Verb classic = active ? Verb::port : Verb::pasv;
  if (!may_be_ipv4(session)) return {extended};  // RFC 959's have no room for an IPv6 address
  const bool only_classic = active ? config.active.disable_eprt : config.disable_epsv || config.trust_pasv_ip;
  if (only_classic) return {classic};
  Support& first = support(session.profile(), extended);
  Support& second = support(session.profile(), classic);
  // Neither is better than the other then: what went wrong may have been the network.
  if (first == Support::no && second == Support::no) first = second = Support::unknown;
  if (first == Support::no) return {classic, extended};
  return {extended, classic};
}

std::unique_ptr<net::Listener> open_listener(Session& session) {
  const ActiveMode& active = session.config().active;
  const net::ListenRequest request{session.local().address(), active.first_port, active.last_port};
  return session.context().connector.listen(session.context().executor, request);
}

// What the reply to EPSV or PASV says.
std::optional<net::HostPort> place_in(const Session& session, Verb verb, const Reply& reply) {
  const std::string& peer = session.peer().host;
  std::optional<std::uint16_t> port;
  if (verb == Verb::epsv) {
    // Only 229 is an answer to EPSV: webMAN says 202, others 200, and mean that they did nothing.
    if (reply.code == 229) port = proto::parse_epsv(reply.text);
  } else if (reply.completion()) {
    if (const auto address = proto::parse_pasv(reply.text))
      return net::HostPort{pasv_host(session, *address), address->port};
    port = proto::parse_epsv(reply.text);  // 229 in answer to PASV was seen (cpython #127478)
  }
  if (!port) return std::nullopt;
  return net::HostPort{peer, *port};
}

// One round of the candidates. Without a value: `words` are the last refusal, `for_now` says that each was
// one for the moment. `code` is what the last one means, once it has lasted.
struct Round {
  std::optional<DataPort> port;
  std::string words;
  bool for_now = true;
  int code = EPROTO;
};

// Some servers and firewalls answer EPSV by silence, or hang up (curlftpfs: disable_epsv is its default).
awaitable<Reply> ask(Session& session, const DataPort& port, std::string argument, std::stop_token stop) {
  try {
    co_return co_await session.command(port.agreed_by, std::move(argument), stop);
  } catch (const ConnectionLost&) {
    learn_data_port(session, port, false);
    throw;
  }
}

awaitable<Round> ask_for_data_port(Session& session, std::stop_token stop) {
  Round round;
  DataPort port;
  if (session.config().active.on) port.listener = open_listener(session);
  const std::vector<Verb> verbs = candidates(session);
  for (const Verb verb : verbs) {
    port.agreed_by = verb;
    std::string argument;
    if (port.listener) argument = active_argument(session, verb, *port.listener);
    const Reply reply = co_await ask(session, port, std::move(argument), stop);
    if (agreed(session, reply, port)) {
      round.port = std::move(port);
      break;
    }
    // pyftpdlib (max_cons) counts data connections, too: "425 Too many connections. Can't open data channel."
    if (reply.code == 425 && proto::is_connection_limit(reply))
      throw Error(EUSERS, "server takes no more connections", reply.last_line());
    round.words = reply.last_line();
    round.for_now = round.for_now && reply.transient();
    round.code = reply.code == 450 ? EBUSY : reply.code == 451 ? EIO : EPROTO;
    learn_data_port(session, port, false);
  }
  co_return round;
}

// Whoever is first at our port, it must be the server: anybody can try (S16: data connections stolen).
awaitable<std::unique_ptr<net::Stream>> admit_server(Session& session, net::Listener& listener,
                                                     std::stop_token stop) {
  SessionContext& context = session.context();
  const Clock::time_point deadline = context.clock.now() + context.config.timeout;
  net::StreamLimits limits;
  limits.inactivity = context.config.timeout;
  for (;;) {
    const auto left = std::max(deadline - context.clock.now(), Clock::duration::zero());
    limits.connect = std::chrono::duration_cast<std::chrono::milliseconds>(left);
    std::unique_ptr<net::Stream> stream = co_await listener.accept(limits, stop);
    if (same_host(stream->peer().host, session.peer().host)) {
      listener.close();
      co_return stream;
    }
    stream->abort();
    context.logger->warn("s{}: {} is not the server: turned away from the data port", session.number(),
                         stream->peer().host);
    if (context.clock.now() >= deadline) throw ConnectionLost(ETIMEDOUT, "the server did not connect to us");
  }
}

awaitable<std::unique_ptr<net::Stream>> connect_passively(Session& session, net::HostPort where,
                                                          std::stop_token stop) {
  net::StreamLimits limits;
  limits.connect = session.config().connect_timeout;
  limits.inactivity = session.config().timeout;
  return session.context().connector.connect(std::move(where), limits, std::move(stop));
}

awaitable<std::unique_ptr<net::Stream>> wait_for(std::shared_ptr<EarlyConnection> early,
                                                 std::stop_token stop) {
  const std::stop_callback on_stop(stop, [&early] { early->unwanted.request_stop(); });
  while (!early->stream && !early->failure) co_await early->done.wait(stop);
  if (early->failure) std::rethrow_exception(early->failure);
  co_return std::move(early->stream);
}

}  // namespace

bool agreed(const Session& session, const Reply& reply, DataPort& port) {
  if (port.listener) return reply.completion() && reply.code != 202;
  const auto place = place_in(session, port.agreed_by, reply);
  if (place) port.where = *place;
  return place.has_value();
}

awaitable<DataPort> agree_on_data_port(Session& session, Verb verb, std::string argument,
                                       std::stop_token stop) {
  if (session.profile().features.pret &&
      !session.config().active.on) {  // DrFTPD and ioFTPD want to know before where a port is for
    std::string command(proto::verb_text(verb));
    if (!argument.empty()) command += ' ' + argument;
    co_await session.command(Verb::pret, std::move(command), stop);
  }
  Backoff backoff(session.context(), first_pause, longest_pause);
  for (int rounds_left = more_rounds;; --rounds_left) {
    Round round = co_await ask_for_data_port(session, stop);
    if (round.port) co_return std::move(*round.port);
    if (!round.for_now || rounds_left == 0)
      throw Error(round.code, "no data connection offered", std::move(round.words));
    const Clock::time_point again = session.context().clock.now() + backoff.next();
    co_await session.context().clock.sleep_until(again, stop);
  }
}

awaitable<void> connect_early(std::shared_ptr<Session> session, net::HostPort where,
                              std::shared_ptr<EarlyConnection> early) {
  const std::stop_token stop = early->unwanted.get_token();
  try {
    early->stream = co_await connect_passively(*session, where, stop);
  } catch (...) {
    early->failure = std::current_exception();
  }
  early->done.wake_all();
}

awaitable<std::unique_ptr<net::Stream>> open_data_connection(Session& session, DataPort& port,
                                                             std::stop_token stop) {
  if (port.listener) return admit_server(session, *port.listener, std::move(stop));
  if (port.early) return wait_for(port.early, std::move(stop));
  return connect_passively(session, port.where, std::move(stop));
}

// What has worked once is not given up for one failure: that was a full server, or the network.
void learn_data_port(Session& session, const DataPort& port, bool reached) noexcept {
  Support& known = support(session.profile(), port.agreed_by);
  if (reached) {
    known = Support::yes;
    session.profile().data_command = port.agreed_by;
  } else if (known == Support::unknown) {
    known = Support::no;
  }
}

}  // namespace ftpfs::ftp
