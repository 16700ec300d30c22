// SPDX-License-Identifier: MIT
// The data connection of one transfer: agreed on with the server right before the transfer command, made
// while that is on its way. The only place that turns a reply into an address. The other end is always the
// control connection's peer: what a 227 says is not connected to (CVE-2020-8284) unless the user trusts it,
// and in active mode nobody else is let in.
#pragma once

#include <exception>
#include <memory>
#include <stop_token>
#include <string>

#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

// A connection to a passive port, made before a transfer needs it.
struct EarlyConnection {
  std::unique_ptr<net::Stream> stream;  // one of these two, when it is done
  std::exception_ptr failure;
  WaitList done;
  std::stop_source unwanted;
};

struct DataPort {
  proto::Verb agreed_by = proto::Verb::epsv;
  net::HostPort where;                      // the server's, in passive mode
  std::unique_ptr<net::Listener> listener;  // ours, in active mode
  std::shared_ptr<EarlyConnection> early;   // there already, or on its way
};

// For the transfer command `verb argument`. EPSV or PASV (in active mode EPRT or PORT), whichever is known to
// work; the other one where it is refused. Throws Error(EPROTO) when the server takes neither; Error(EUSERS)
// when it has too many connections; Error(EINVAL) for an active_addr= that does not fit; what
// Connector::listen() throws.
awaitable<DataPort> agree_on_data_port(Session& session, proto::Verb verb, std::string argument,
                                       std::stop_token stop);

// Did the server take EPSV or PASV (EPRT, PORT), as `port.agreed_by` says? Then `port` is complete.
bool agreed(const Session& session, const proto::Reply& reply, DataPort& port);

awaitable<void> connect_early(std::shared_ptr<Session> session, net::HostPort where,
                              std::shared_ptr<EarlyConnection> early);

// Connected, and nothing sent or received yet. Both references must outlive the call.
awaitable<std::unique_ptr<net::Stream>> open_data_connection(Session& session, DataPort& port,
                                                             std::stop_token stop);

// A data connection could be made there, or not: decides what the next agree_on_data_port() sends.
void learn_data_port(Session& session, const DataPort& port, bool reached) noexcept;

}  // namespace ftpfs::ftp
