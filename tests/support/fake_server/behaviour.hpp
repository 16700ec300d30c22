// SPDX-License-Identifier: MIT
// How the fake server behaves: what it can do, which known servers' habits it has, and which faults it is to
// commit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "support/fake_server/tls_behaviour.hpp"

namespace ftpfs::test {

// The defaults are a modern server that can do everything (closest to pyftpdlib). May be changed while it
// runs.
struct Behaviour {
  std::string user = "joe";
  std::string password = "secret";
  std::string account;  // not empty: asked for after the password
  std::string home = "/";
  std::string greeting = "220 Fake server ready.";

  // Off: not in FEAT, and answered with 500.
  bool feat = true;
  bool clnt = false;
  bool utf8 = true;
  bool epsv = true;
  bool pasv = true;
  bool eprt = true;
  bool port = true;
  bool mlsd = true;  // off: MLSD only; MLST stays
  bool mlst = true;
  bool size = true;
  bool mdtm = true;
  bool rest = true;
  bool appe = true;
  bool mfmt = true;
  bool mff = false;
  bool mdtm_sets = false;       // MDTM YYYYMMDDhhmmss path (vsftpd, IIS)
  bool site_utime = false;      // SITE UTIME YYYYMMDDhhmmss path (pure-ftpd)
  bool site_utime_utc = false;  // SITE UTIME path atime mtime ctime UTC (the same)
  bool site_chmod = true;
  bool chmod_opens = false;           // SITE CHMOD needs the owner's right to read (pure-ftpd 1.0.50)
  bool site_symlink = false;          // makes links to what exists only (proftpd mod_site_misc)
  std::optional<std::uint64_t> avbl;  // bytes that AVBL tells
  std::string xquota;                 // what XQUOTA answers; empty: there is no such thing
  std::string site_quota;             // what SITE QUOTA answers
  bool pret = false;                  // no passive port without PRET (DrFTPD)
  bool overstates = false;            // FEAT lists MLST, SIZE, MDTM, REST, MFMT although they are off

  // Paths. z/OS: 'JOE.DATA.SET' and members in it, where CWD to what is not there makes a prefix of it;
  // OpenVMS: DISK$USER:[JOE.SUB]. Neither knows any '/'.
  enum class Paths { of_unix, of_zos, of_vms } paths = Paths::of_unix;
  bool cwd_wants_brackets = false;  // OpenVMS: CWD [.SUB]; CWD SUB is refused

  // Names.
  bool utf8_wants_clnt = false;      // OPTS UTF8 ON is 501 before CLNT (G6, RaidenFTPd)
  bool folds_case = false;           // "A" is "a", whichever was first (Windows, macOS)
  bool refuses_case_change = false;  // and RNTO to the same name in another case
  bool trims_blanks = false;         // off the end of every name (pure-ftpd)
  enum class Rewrites { nothing, upper_case, signs } new_names = Rewrites::nothing;  // as they are created

  // Times.
  std::optional<std::time_t> now;                     // by its clock; absent: the true time
  std::function<std::time_t(std::time_t)> zone = {};  // how far LIST's clock is ahead of UTC at that time
  bool mdtm_is_local = false;                // and MDTM's, in both directions (vsftpd, use_localtime=YES)
  bool site_utime_is_local = false;          // the short form
  bool forgets_times = false;                // MFMT says 213 and changes nothing
  std::optional<std::time_t> earliest_time;  // what is set to be older becomes so old (FAT: 1980)

  // Habits.
  bool dos_listing = false;     // IIS
  bool vms_listing = false;     // OpenVMS: sizes in blocks of 512 bytes
  bool list_options = true;     // LIST -a shows dot files; off: -a is a name (FileZilla, IIS)
  bool hides_dot_files = true;  // LIST without -a (vsftpd, proftpd)
  bool stat_lists =
      false;  // STAT -a: the same in its reply; and REST says back its number in brackets (vsftpd)
  bool hides_self = false;  // "." is not in listings
  std::string unreadable;   // a directory that may be entered: its listing is empty, with words (vsftpd)
  bool list_missing_is_empty = false;  // vsftpd, pure-ftpd: 150, nothing, 226
  bool facts_have_size = true;         // in MLSD and MLST, and in what FEAT says of MLST
  bool facts_hide_size = false;        // not in them, although FEAT says so
  bool late_226 = false;           // a transfer that broke is a 426, and then, after the next command, a 226
  bool dies_out_of_place = false;  // MLSD of a path while its own directory is gone: 421 (pure-ftpd 1.0.50)
  bool list_ignores_path = false;  // FRITZ!Box, consoles: LIST path lists the root, only CWD + LIST works
  std::string
      empty_listing;  // a reply instead of an empty listing: "450 No files found" (proftpd), "550 ..."
  enum class Links { slink, symlink, followed } mlsd_links = Links::slink;  // pure-ftpd, proftpd, pyftpdlib
  bool terse = false;                                                       // 550 texts say nothing (vsftpd)
  bool refuses_trailing_blank = true;                                       // "MLSD " is 500 (Synology, IIS)
  // What becomes of a command that came before the one ahead of it was answered (IIS, MikroTik; some ALGs).
  enum class Rows { answered, lost, mangled } rows = Rows::answered;
  bool commands_end_data = false;  // a data connection that waits for its transfer goes at any other command
  bool telnet = false;             // 0xFF starts a Telnet command, doubled it is a letter (proftpd)
  bool rename_replaces = true;     // off: RNTO onto something is 550 (proftpd, IIS)
  bool rename_lies = false;        // RNTO onto something: 250 and nothing happens (SwiFTP)
  bool early_150 = false;          // before the data connection is there (pyftpdlib)
  bool dupe_warning = false;       // "553-" and the files that are there already, and then the 150 (glftpd)
  std::string pasv_address;        // the address told in 227 instead of the true one: "10,1,2,3"
  bool epsv_port_closed = false;   // nobody listens on the port that 229 told (NAT helpers)
  bool pasv_port_closed = false;
  bool stranger_first = false;      // active mode: somebody else is at the client's port before us
  bool cannot_connect = false;      // active mode: a firewall is before the client's port
  std::size_t max_sessions = 0;     // 0: no limit
  std::size_t max_connections = 0;  // the data connections counted as well: 425 (pyftpdlib's max_cons)
  std::string limit_reply =
      "421 Too many connections from your host.";  // a 530 comes at PASS, others as greeting

  TlsBehaviour tls;

  std::map<std::string, std::string> replies;  // verb -> what to answer instead of obeying
  std::chrono::milliseconds delay{0};          // before each reply
};

// Something that goes wrong with one command.
struct Fault {
  enum class Moment {
    received,  // nothing is done
    done,      // the effect is there, the final reply is not
    replying,  // after `after_bytes` bytes of the final reply
    replied,   // the final reply is sent
    data       // on the data connection, after `after_bytes` bytes
  };
  enum class Action {
    close,   // FIN
    reset,   // RST
    stall,   // silence for ever
    reply,   // says `reply`: instead of its own, or in addition when `replied`
    drip,    // replying, data: so many bytes at a time (1 at least), `pause` apart
    flood,   // replying: line after line, until the client is gone
    act,     // does `act`, and goes on as if nothing were
    extra,   // data only: `after_bytes` bytes too many
    garble,  // some bytes that are no TLS, and FIN
    alert    // a fatal alert of TLS, and FIN
  };

  std::string verb;  // "GREETING": the connection itself; "TLS", "DATA TLS": the handshakes
  Moment moment = Moment::received;
  Action action = Action::reset;
  std::string reply = {};       // for `data`: the final reply; empty: 426
  std::size_t after_bytes = 0;  // for `data` and `replying`
  std::size_t skip = 0;         // so many such commands pass first
  std::size_t times = 1;        // so many are hit
  std::chrono::milliseconds pause{0};
  std::function<void()> act = {};
};

}  // namespace ftpfs::test
