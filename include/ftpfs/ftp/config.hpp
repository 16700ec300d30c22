// SPDX-License-Identifier: MIT
// What the ftp layer is told: where, who, limits. Filled by cli/options.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <ftpfs/net/host_port.hpp>
#include <ftpfs/net/tls.hpp>
#include <ftpfs/proto/zone.hpp>

namespace ftpfs::ftp {

enum class TlsMode : std::uint8_t {
  off,
  automatic,  // AUTH TLS when the server offers it; from then on as `require`
  require,    // AUTH TLS or nothing
  implicit    // TLS from the first byte
};

enum class ListMode : std::uint8_t {
  automatic,  // MLSD where FEAT offers it, else LIST
  mlsd,       // MLSD whatever FEAT says; LIST where it is refused
  list
};

// An FTP server that stands before the real one: it is connected to, and told by USER user@host where to go.
struct FtpProxy {
  net::HostPort where;
  std::string user;  // of the proxy itself; empty: it wants no log-in of its own
  std::string password;
};

// In active mode the server connects to us.
struct ActiveMode {
  bool on = false;
  std::string address;           // what the server is told; empty: our end of the control connection
  std::uint16_t first_port = 0;  // 0 to 0: any that is free
  std::uint16_t last_port = 0;
  bool disable_eprt = false;  // PORT only, where there is a choice
};

// What the user knows of the server and we cannot find out, or not in time.
struct Workarounds {
  bool no_replacing = false;     // RNTO does not replace files, whatever it says
  bool no_moving = false;        // a rename to another directory that is refused is EXDEV, and mv(1) copies
  bool mdtm_sets_time = false;   // MDTM with a time and a path sets it; other commands are not to be tried
  bool list_by_walking = false;  // MLSD takes no path: CWD, then MLSD
};

struct FtpConfig {
  std::string host;
  std::uint16_t port = 21;
  std::string user = "anonymous";
  std::string password = "ftpfs@";  // sent only as PASS; never logged
  std::string account;              // sent as ACCT where the server asks for one (332); never logged
  // The directory to mount, as the user wrote it: "" = where the login lands (PWD); "a/b" = below that;
  // "/a/b" = absolute on the server.
  std::string directory;

  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds greeting_timeout{60'000};  // servers with reverse DNS or ident take 5-30 s
  std::chrono::milliseconds timeout{30'000};           // a reply, or progress on a data connection
  std::chrono::milliseconds work_timeout{60'000};      // all replies of one operation, until data flow
  std::chrono::milliseconds idle_timeout{60'000};      // spare sessions are closed with QUIT after this
  std::chrono::milliseconds keepalive{0};           // NOOP on sessions that were idle for so long; 0: never
  std::chrono::milliseconds queue_timeout{60'000};  // until a call has a session: its turn and the log-in
  std::chrono::milliseconds settle_time{1'000};     // for late commands; see late_commands.hpp
  // How long a call waits for a server that is away. 0 (soft): it fails at once; max() (hard): for ever.
  std::chrono::milliseconds retry_for{0};
  bool may_be_away = false;  // already when the mount begins (delay_connect)
  // Sessions at the same time. Absent: as many as pool.hpp says.
  std::optional<std::size_t> max_conns;
  std::chrono::microseconds far_from{5'000};       // a round trip that makes the server far away
  std::uint64_t max_entries = 2'000'000;           // of one directory; more is EFBIG, not a part of it
  std::uint64_t max_listing_bytes = 512ull << 20;  // bytes of it on the wire
  bool pipelining = true;         // several commands in one round trip, where the server answers them
  bool prime = true;              // data connections are made before they are needed
  std::uint64_t upload_rate = 0;  // bytes a second, of all data connections together; 0: no limit
  std::uint64_t download_rate = 0;
  ListMode list = ListMode::automatic;
  std::optional<std::string> list_options;  // of LIST; absent: -a, where it shows more than LIST alone
  Workarounds workarounds;
  bool disable_epsv = false;
  bool trust_pasv_ip = false;  // connect to the host that a 227 names (PASV only, then)
  ActiveMode active;
  std::optional<FtpProxy> proxy;

  TlsMode tls = TlsMode::automatic;
  net::TlsPolicy tls_policy;
  bool tls_data_clear = false;   // PROT C: file contents and listings can be read on the way
  bool follow_symlinks = false;  // list what links lead to instead of the links
  bool lenient_eof = false;      // believe a listing whose end came without close_notify

  // Character sets of file names, as iconv(1) calls them. codepage "": UTF-8 where the server speaks it, else
  // the bytes pass unchanged.
  std::string codepage;
  std::string iocharset = "UTF-8";
  bool ask_for_utf8 = true;                // OPTS UTF8 ON
  std::optional<proto::Zone> server_zone;  // of LIST; absent: learned

  bool waits_for_server() const noexcept { return retry_for > std::chrono::milliseconds::zero(); }
};

}  // namespace ftpfs::ftp
