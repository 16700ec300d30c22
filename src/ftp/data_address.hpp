// SPDX-License-Identifier: MIT
// Which address a data connection is for: what we tell the server in active mode, which host of a 227 may be
// believed, who is the server and who is not.
#pragma once

#include <string>

#include <ftpfs/ftp/session.hpp>
#include <ftpfs/proto/address.hpp>

namespace ftpfs::ftp {

// Unless the control connection is known to be one of IPv6. (Behind a proxy that looks names up nobody
// knows.)
bool may_be_ipv4(const Session& session);

// Do both name the same machine? An IPv4 address may also be written as one of IPv6.
bool same_host(const std::string& one, const std::string& other);

// The host that a 227 names, or the control connection's where the user does not trust the server in this, or
// where such an address cannot be meant: one that is reached from within the server's host or site only,
// while we reached the server from outside.
std::string pasv_host(const Session& session, const proto::PasvAddress& told);

// The argument of EPRT or PORT for a listener. Throws Error(EINVAL) when the user's active_addr= is of the
// other family.
std::string active_argument(const Session& session, proto::Verb verb, const net::Listener& listener);

}  // namespace ftpfs::ftp
