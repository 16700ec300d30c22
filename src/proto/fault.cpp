// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <string>
#include <string_view>

#include <ftpfs/proto/fault.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

struct Phrase {
  std::string_view text;  // lower case
  int code;
};

// Words of vsftpd, proftpd, pure-ftpd, pyftpdlib, FileZilla, IIS, SFTPGo and strerror(). The first that
// occurs wins, so the narrow ones stand before the wide ones.
constexpr std::array phrases = {
    Phrase{"too many open files", EIO},  // pyftpdlib passes on what the system says: not about the file
    Phrase{"input/output error", EIO},
    Phrase{"stale file handle", EIO},
    Phrase{"stale nfs file handle", EIO},
    Phrase{"cannot allocate memory", EIO},
    Phrase{"no such file", ENOENT},
    Phrase{"not found", ENOENT},
    Phrase{"does not exist", ENOENT},
    Phrase{"doesn't exist", ENOENT},
    Phrase{"can't find", ENOENT},
    Phrase{"cannot find", ENOENT},
    Phrase{"could not find", ENOENT},
    Phrase{"no such directory", ENOENT},
    Phrase{"not a valid pathname", ENOENT},
    Phrase{"already exist", EEXIST},
    Phrase{"file exists", EEXIST},
    Phrase{"directory exists", EEXIST},
    Phrase{"not empty", ENOTEMPTY},
    Phrase{"not a directory", ENOTDIR},
    Phrase{"is a directory", EISDIR},
    Phrase{"not a plain file", EISDIR},
    Phrase{"not a regular file", EISDIR},
    Phrase{"not retrievable", EISDIR},
    Phrase{"read-only", EROFS},
    Phrase{"read only file", EROFS},
    Phrase{"permission denied", EACCES},
    Phrase{"access denied", EACCES},
    Phrase{"access is denied", EACCES},
    Phrase{"not permitted", EACCES},
    Phrase{"privilege", EACCES},
    Phrase{"forbidden", EACCES},
    Phrase{"prohibited", EACCES},
    Phrase{"quota", EDQUOT},
    Phrase{"exceeded storage allocation", EDQUOT},
    Phrase{"no space", ENOSPC},
    Phrase{"disk full", ENOSPC},
    Phrase{"disk is full", ENOSPC},
    Phrase{"not enough", ENOSPC},
    Phrase{"insufficient disk", ENOSPC},
    Phrase{"insufficient storage", ENOSPC},
    Phrase{"too long", ENAMETOOLONG},
    Phrase{"too many levels", ELOOP},
    Phrase{"cross-device", EXDEV},
    Phrase{"different file system", EXDEV},
    Phrase{"used by another process", EBUSY},
    Phrase{"locked", EBUSY},
    Phrase{"busy", EBUSY},
    Phrase{"invalid", EINVAL},
    Phrase{"illegal", EINVAL},
    Phrase{"bad filename", EINVAL},
    Phrase{"bad file name", EINVAL},
    Phrase{"syntax is incorrect", EINVAL},
};

constexpr std::array limit_phrases = {
    std::string_view("too many"),
    std::string_view("maximum number"),
    std::string_view("(the maximum)"),  // pure-ftpd 1.0.50: "2 users (the maximum) are already logged in"
    std::string_view("number of connect"),
    std::string_view("more connection"),
    std::string_view("already connected"),
    std::string_view("simultaneous login"),
    std::string_view("overloaded"),
    std::string_view("try again later"),
    std::string_view("try back later"),
    std::string_view("is restricted to"),
    std::string_view("connection limit"),
    std::string_view("login limit"),
    std::string_view("can't accept more than"),
};

constexpr std::array resumption_phrases = {
    std::string_view("session reuse"),                        // vsftpd 3.0.3, 522
    std::string_view("not resumed"),                          // FileZilla Server 0.9 and 1.x, 425 and 450
    std::string_view("connection: operation not permitted"),  // proftpd mod_tls, 425
};

constexpr std::array tls_phrases = {
    std::string_view("tls"),        // proftpd and pyftpdlib 550, pure-ftpd 421, FileZilla Server 0.9 530
    std::string_view("ssl"),        // IIS 534
    std::string_view("encrypt"),    // vsftpd 530
    std::string_view("use auth"),   // FileZilla Server 1.x 503
    std::string_view("cleartext"),  // pure-ftpd 421
    std::string_view("secure connection"),
};

constexpr std::array passing_phrases = {
    std::string_view("broken pipe"),
    std::string_view("too many"),
    std::string_view("timed out"),
    std::string_view("closed by the remote host"),
};

bool contains(std::string_view text, std::string_view phrase) noexcept {
  const auto same = [](char left, char right) { return to_lower(left) == right; };
  return std::search(text.begin(), text.end(), phrase.begin(), phrase.end(), same) != text.end();
}

bool contains_any(std::string_view text, std::span<const std::string_view> some) noexcept {
  return std::any_of(some.begin(), some.end(),
                     [&](std::string_view phrase) { return contains(text, phrase); });
}

// "No files found", "No members found." Word by word: a path may have anything in it.
bool finds_nothing(std::string_view text) noexcept {
  bool none = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", at), text.size());
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && !is_alpha(word.back())) word.remove_suffix(1);
    if (equals_ignoring_case(word, "empty")) return true;
    if (none && equals_ignoring_case(word, "found")) return true;
    none = none || equals_ignoring_case(word, "no");
    at = end + 1;
  }
  return false;
}

// The verbs that only look at something: what they cannot reach is, as far as anybody can tell, not there.
bool looks(Verb verb) noexcept {
  constexpr std::array verbs = {Verb::cwd,  Verb::mlsd, Verb::mlst, Verb::list, Verb::stat,
                                Verb::size, Verb::mdtm, Verb::retr, Verb::rnfr};
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

bool logs_in(Verb verb) noexcept {
  return verb == Verb::user || verb == Verb::pass || verb == Verb::acct;
}

// chmod(2) and utimensat(2) say EPERM where others say EACCES.
int denied(Verb verb) noexcept {
  return verb == Verb::site || verb == Verb::mff || verb == Verb::mfmt ? EPERM : EACCES;
}

int errno_for_text(Verb verb, const Reply& reply) noexcept {
  for (const Phrase& phrase : phrases) {
    if (contains(reply.text, phrase.text)) return phrase.code == EACCES ? denied(verb) : phrase.code;
  }
  if (reply.code == 553 && contains(reply.text, "not allowed")) return EINVAL;
  return 0;
}

int errno_for_code(Verb verb, int code) noexcept {
  switch (code) {
    case 421:
      return EAGAIN;
    case 430:
    case 530:
    case 532:
      return EACCES;
    case 431:
    case 434:
    case 522:
    case 534:
    case 536:
      return EPROTO;
    case 452:
      return ENOSPC;
    case 501:
      return looks(verb) ? ENOENT : EINVAL;
    case 551:
      return ENOTSUP;
    case 550:
      return looks(verb) ? ENOENT : denied(verb);
    case 552:
      return EDQUOT;
    case 553:
      return EACCES;
    case 554:
      return EINVAL;
    default:
      return EIO;  // 425, 426, 450, 451, 503 and what nobody defined
  }
}

}  // namespace

int errno_for(Verb verb, const Reply& reply) noexcept {
  if (logs_in(verb)) return reply.permanent() ? EACCES : errno_for_code(verb, reply.code);
  if (is_unimplemented(verb, reply)) return reply.code == 522 ? EPROTO : ENOTSUP;
  // The text of 421 is about the connection, not about a file.
  if ((reply.transient() && reply.code != 421) || reply.permanent()) {
    if (const int code = errno_for_text(verb, reply)) return code;
  }
  return errno_for_code(verb, reply.code);
}

bool says_empty(const Reply& reply) noexcept {
  if (reply.code != 450 && reply.code != 550) return false;
  // What was not found is the program that makes the list, of servers that run one: a shell's words.
  if (contains(reply.text, "command not found") || contains(reply.text, "ls: not found")) return false;
  if (const int told = errno_for_text(Verb::list, reply)) return told == ENOENT;
  const bool speaks = std::any_of(reply.text.begin(), reply.text.end(), is_alpha);
  return finds_nothing(reply.text) || (reply.code == 550 && !speaks);
}

bool is_connection_limit(const Reply& reply) noexcept {
  if (!reply.transient() && !reply.permanent()) return false;
  if (contains_any(reply.text, limit_phrases)) return true;
  return contains(reply.text, "only") && contains(reply.text, "session");
}

bool ends_session(const Reply& reply) noexcept {
  return reply.code == 421 || (reply.code == 500 && reply.text.starts_with("OOPS:"));
}

bool is_resumption_refused(const Reply& reply) noexcept {
  return !reply.completion() && contains_any(reply.text, resumption_phrases);
}

bool is_unimplemented(Verb verb, const Reply& reply) noexcept {
  switch (reply.code) {
    case 202:  // "superfluous at this site": fine for a log-in and for ALLO, a polite no for the rest
      return !logs_in(verb) && verb != Verb::allo;
    case 500:
    case 502:
    case 504:
      return true;
    case 501: {
      // A bad argument. Where the argument is ours and not a path, the server does not know the form.
      constexpr std::array without_path = {Verb::feat, Verb::opts, Verb::clnt, Verb::syst, Verb::epsv,
                                           Verb::pasv, Verb::rest, Verb::host, Verb::pbsz, Verb::prot,
                                           Verb::auth, Verb::noop, Verb::lang, Verb::eprt, Verb::allo};
      return std::find(without_path.begin(), without_path.end(), verb) != without_path.end();
    }
    case 522:
      return verb == Verb::epsv || verb == Verb::eprt;  // network protocol not supported
    case 550:
    case 551:
      return verb == Verb::feat || verb == Verb::rest;
    default:
      return false;
  }
}

bool wants_tls(const Reply& reply) noexcept {
  return (reply.transient() || reply.permanent()) && contains_any(reply.text, tls_phrases);
}

bool is_passing(Verb verb, const Reply& reply) noexcept {
  if (reply.permanent()) return contains_any(reply.text, passing_phrases);
  if (reply.code != 450 && reply.code != 451) return false;
  const int told = is_resumption_refused(reply) ? EPROTO : errno_for_text(verb, reply);
  return told == 0 || told == EBUSY || told == EIO;
}

}  // namespace ftpfs::proto
