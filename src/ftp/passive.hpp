// SPDX-License-Identifier: MIT
// Where the server listens for the next data connection. The only function that turns a reply into an
// address, and the host is always the control connection's peer: what a 227 says is never connected to
// (CVE-2020-8284).
#pragma once

#include <stop_token>

#include <ftpfs/ftp/session.hpp>

namespace ftpfs::ftp {

struct PassivePort {
  net::HostPort where;
  bool by_epsv = false;
};

// EPSV, or PASV where EPSV is known not to work. Throws Error(EPROTO) when the server offers neither.
awaitable<PassivePort> ask_passive_port(Session& session, std::stop_token stop);

// The port of `port` was reached, or not: decides what the next ask_passive_port() sends.
void learn_passive(Session& session, const PassivePort& port, bool reached) noexcept;

}  // namespace ftpfs::ftp
