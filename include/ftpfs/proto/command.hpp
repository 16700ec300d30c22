// SPDX-License-Identifier: MIT
// The only way a command is spelt. One line, one command: CR, LF and NUL in an argument are refused here,
// whatever the argument came from (a name from a listing, a password, a mount option).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ftpfs::proto {

// clang-format off
enum class Verb : std::uint8_t {
  user, pass, acct, feat, opts, clnt, syst, type, pwd, cwd, epsv, pasv, mlsd, mlst, list, size, mdtm, rest, retr,
  stor, appe, dele, mkd, rmd, rnfr, rnto, mfmt, mff, site, noop, abor, quit, auth, pbsz, prot, eprt, port, host,
  avbl, stat, cdup, pret, ccc, lang, help, allo, xquota
};
// clang-format on

std::string_view verb_text(Verb verb) noexcept;  // "MLSD"

// A byte 0xFF in a name starts a Telnet command on servers that honour RFC 959's Telnet layer; they want it
// doubled.
enum class Telnet : bool { plain, escaped };

// "VERB argument\r\n", "VERB\r\n" if the argument is empty (Synology and IIS answer 500 to a trailing blank).
// Throws std::invalid_argument on CR, LF or NUL.
std::string format_command(Verb verb, std::string_view argument = {}, Telnet telnet = Telnet::plain);

// For logs: no line end, the argument of PASS and ACCT replaced by ***. Raw bytes otherwise: escape before
// printing.
std::string masked_command(Verb verb, std::string_view argument = {});

}  // namespace ftpfs::proto
