// SPDX-License-Identifier: MIT
// What a refusal means: (Verb, Reply) -> errno. Text first, because servers use 550 for everything, then the
// code. A guess by nature; callers that can look (does the target exist? is the directory empty?) look before
// they trust it.
#pragma once

#include <ftpfs/proto/command.hpp>
#include <ftpfs/proto/reply.hpp>

namespace ftpfs::proto {

// For a reply that is not what the command wanted. Never 0.
int errno_for(Verb verb, const Reply& reply) noexcept;

// The refusal of a listing whose directory is there, for nothing is in it: 450 or 550 "No files found"
// (proftpd, z/OS), a 550 without a word (DrFTPD). Any other words may be about what went wrong.
bool says_empty(const Reply& reply) noexcept;

// "Too many connections" in all its forms: come back with fewer, the login is not wrong.
bool is_connection_limit(const Reply& reply) noexcept;

// The last words on this connection, whatever was asked: 421 (RFC 959, 4.2), or those of a server that breaks
// down ("500 OOPS: child died": utility.c of vsftpd 3.0.3 ends its process then).
bool ends_session(const Reply& reply) noexcept;

// The server does not have this command (or this form of it): do not ask again, use another.
bool is_unimplemented(Verb verb, const Reply& reply) noexcept;

// The server insists that a TLS data connection resumes its control connection's session (vsftpd, proftpd,
// FileZilla Server), and thinks that one did not.
bool is_resumption_refused(const Reply& reply) noexcept;

// The server wants TLS before it lets anybody in, and says so in answer to USER or PASS in clear text.
bool wants_tls(const Reply& reply) noexcept;

// A refusal that may be over in a moment: 450 (busy) and 451 (local error) where the text tells no other
// reason, and permanent codes whose text speaks of a passing condition.
bool is_passing(Verb verb, const Reply& reply) noexcept;

}  // namespace ftpfs::proto
