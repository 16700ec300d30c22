// SPDX-License-Identifier: MIT
// What FtpRemote::examine() found out about a server, by using it as a mount does. Values for a program;
// cli/check puts them into words. Absent: not tried, or the server did not let it come to that (`troubles`).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ftpfs/ftp/config.hpp>
#include <ftpfs/ftp/profile.hpp>
#include <ftpfs/net/tls.hpp>

namespace ftpfs::ftp {

// How RNTO treats a file that has the new name already.
enum class Overwrite : std::uint8_t {
  replaces,
  refuses,  // proftpd by default, IIS
  pretends  // 250, and nothing happens (SwiFTP)
};

struct ConnectionCount {
  std::size_t open = 0;  // at the same time
  bool refused = false;  // the next one was; else nobody asked for more
  std::string server_said;
};

struct Trouble {
  std::string step;  // "list", "upload"...
  std::string what;
  std::string server_said;
};

// LIST shows the server's local time, and sometimes MDTM does: how far ahead of UTC.
struct Zones {
  bool told = false;                       // server_tz: LIST's was not asked for
  std::vector<std::chrono::seconds> list;  // as far as learned; two where summer time counts
  std::chrono::seconds mdtm{0};
};

// What becomes of file names.
struct NameReport {
  std::string charset;               // of the server; empty: bytes pass unchanged
  std::vector<std::string> kept;     // what was tried and kept: "capitals", "blanks at the end"
  std::vector<std::string> changed;  // what the server makes another name of: such names are refused
  std::optional<bool> folds_case;    // "A" is "a"
};

struct ServerReport {
  std::string host;
  std::string address;  // "192.0.2.1:21"
  std::string greeting;
  std::string system;  // SYST
  std::optional<net::TlsFacts> tls;
  std::string user;
  std::string home;  // PWD
  std::string root;  // what would be mounted
  bool relative =
      false;  // each directory is walked to: `home` is no path of Unix, and "/" in `root` stands for it
  std::vector<std::string> features;
  std::optional<std::chrono::microseconds> round_trip;  // the quickest of a few NOOPs

  std::optional<std::size_t> entries;         // of the root
  proto::Verb listed_by = proto::Verb::list;  // or MLSD, or STAT
  Support dot_files = Support::unknown;
  std::optional<proto::Verb>
      data_command;                 // what data connections are agreed on with: EPSV, PASV, EPRT, PORT
  std::optional<bool> tls_resumed;  // data connections take up the session of their control connection

  Support restart = Support::unknown;     // REST
  Support pipelining = Support::unknown;  // several commands in a row are answered
  std::optional<bool> writable;
  std::optional<Overwrite> overwrite;
  MtimeCommand mtime = MtimeCommand::untested;
  ModeCommand mode = ModeCommand::untested;
  std::optional<std::chrono::seconds> clock_ahead;  // of the server, against ours
  Zones zones;
  NameReport names;
  std::optional<ConnectionCount> connections;

  std::vector<Trouble> troubles;
};

}  // namespace ftpfs::ftp
