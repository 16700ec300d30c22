// SPDX-License-Identifier: MIT
// What was learned about this server, shared by all sessions of a mount so that each thing is asked or tried
// once. FEAT is a hint, not a contract: what it claims starts as `unknown` and a refusal (500, 501, 502, 504)
// turns it off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/ftp/server_clock.hpp>
#include <ftpfs/net/tls.hpp>
#include <ftpfs/proto/command.hpp>
#include <ftpfs/proto/features.hpp>

namespace ftpfs::ftp {

enum class Support : std::uint8_t { unknown, yes, no };

// May it go out in a row with other commands? What FEAT lists and nobody has tried is as likely to work as
// not to be answered any worse than alone; the reply decides either way.
constexpr bool is_expected(Support known, bool listed) noexcept {
  return known == Support::yes || (known == Support::unknown && listed);
}

enum class MtimeCommand : std::uint8_t {
  untested,
  mfmt,            // draft-somers-ftp-mfxx: proftpd, pure-ftpd, pyftpdlib, FileZilla Server
  mff,             // the same draft; proftpd
  mdtm,            // MDTM with a time before the path: vsftpd, IIS, Serv-U
  site_utime,      // SITE UTIME time path: pure-ftpd, proftpd mod_site_misc
  site_utime_utc,  // SITE UTIME path atime mtime ctime UTC: the same, and others that read the short form as
                   // local
  none
};

enum class ModeCommand : std::uint8_t {
  untested,
  mff,         // MFF UNIX.mode=; proftpd
  site_chmod,  // most servers on Unix
  none
};

enum class SpaceCommand : std::uint8_t {
  untested,
  avbl,        // draft-peterson-streamlined-ftp-command-extensions; SFTPGo
  xquota,      // Serv-U, WS_FTP, GlobalSCAPE
  site_quota,  // proftpd mod_quotatab
  none
};

// As the server is told it: "SITE UTIME"; empty for untested and none.
std::string_view command_name(MtimeCommand command) noexcept;
std::string_view command_name(ModeCommand command) noexcept;

// What a file name may have that some servers do not keep, one bit each; see ftp/kept_names.hpp.
using NameTraits = std::uint32_t;

struct ServerProfile {
  bool is_vsftpd = false;  // by its greeting
  bool greeted = false;    // one log-in has been completed: features and home are known
  std::string greeting;
  proto::Features features;  // FEAT, asked by the first session
  std::string home = "/";    // PWD right after the first log-in
  // It is no path of Unix (z/OS "'JOE.'", OpenVMS "DISK:[JOE]"): names cannot be joined to it with '/', so
  // that each directory is walked to by CWD, and "/" in this layer is where the log-in ends.
  bool relative = false;
  Support plain_cwd = Support::unknown;  // in relative mode: CWD takes a bare name; no: "[.NAME]" (OpenVMS)

  std::optional<std::chrono::microseconds> round_trip;  // of the connection that was made last

  Support pipelining = Support::unknown;  // several commands in a row are answered; the first set-up tells
  // Reads its next command only when a transfer is over, data connection and all (vsftpd: one process, one
  // thing at a time). Others answer meanwhile, with 500 (pure-ftpd) or 450 (proftpd), or end the transfer.
  bool one_at_a_time = false;
  // What arrives on a data connection before its command is kept for it: one process for each session, which
  // looks at nothing meanwhile. pyftpdlib 1.5.7 closes such a connection, and never answers the command.
  bool keeps_early_data = false;
  Support priming = Support::unknown;  // no: a data connection made ahead of its use was trouble

  Support tls = Support::unknown;  // AUTH; `yes` once it has worked: no way back to clear text
  // proftpd 1.3.5 refuses every data connection of TLS 1.3 (proftpd #1177): then this is 1.2.
  net::TlsVersion tls_max = net::TlsVersion::tls1_3;
  bool tls_1_2_failed = false;    // when that was tried: 1.3 is all the server has
  bool tls_data_resumed = false;  // a transfer over a resumed data connection has succeeded

  // Yes: a data connection agreed on so was made. No: it was refused, or the connection could not be made.
  Support epsv = Support::unknown;
  Support pasv = Support::unknown;
  Support eprt = Support::unknown;
  Support port = Support::unknown;
  std::optional<proto::Verb> data_command;  // the last of these that worked
  Support mlsd = Support::unknown;          // FEAT, then the first MLSD
  Support list_all = Support::unknown;  // LIST -a shows dot files (vsftpd, proftpd, pure-ftpd); no: -a is a
                                        // file name here (FileZilla Server); a probe beside plain LIST
  // STAT -a prints what LIST -a prints, and REST says back what it was told, which marks its end (vsftpd, by
  // its greeting and the first set-up); see src/ftp/list_by_status.hpp.
  Support status = Support::unknown;
  Clock::time_point no_status_before{};         // a session has died in the middle of such a reply
  MtimeCommand mtime = MtimeCommand::untested;  // the first set_mtime that the server took and showed
  ModeCommand mode = ModeCommand::untested;     // FEAT MFF, then the first set_mode that the server took
  SpaceCommand space = SpaceCommand::untested;  // FEAT, then the first one that told a number
  Support mlst = Support::unknown;              // FEAT, then the first answer to MLST
  Support size = Support::unknown;  // the first answer to SIZE (not in FEAT of some servers that do it)
  Support mdtm = Support::unknown;  // the first answer to MDTM
  Support rest = Support::unknown;  // the first answer to REST before RETR
  // RNTO onto a file replaces it, where it is not refused; no: SwiFTP says 250 and does nothing. The first
  // one tells.
  Support replacing = Support::unknown;
  Support telnet = Support::unknown;  // 0xFF in a name must be doubled (proftpd; not vsftpd, pure-ftpd);
                                      // asked before the first such name
  Support utf8 = Support::unknown;    // FEAT, or the answer to OPTS UTF8 ON where FEAT is not answered
  NameTraits kept_traits = 0;         // names with these came out as they were made
  NameTraits lost_traits = 0;         // these did not
  ServerClock clock;                  // comparisons of times; the user's zone
  bool mlsd_paths = true;  // MLSD takes a path; false after "MLSD path" failed where CWD + MLSD worked
};

}  // namespace ftpfs::ftp
