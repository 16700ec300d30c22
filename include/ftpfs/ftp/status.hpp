// SPDX-License-Identifier: MIT
// What FtpRemote tells about itself: a copy of the state at one moment, taken on the loop. Nothing here is
// asked of the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <ftpfs/ftp/config.hpp>

namespace ftpfs::ftp {

// Of the control connection that was made last.
struct TlsInUse {
  std::string version;  // "TLSv1.3"
  std::string cipher;
};

struct SessionCounts {
  std::size_t in_use = 0;     // leased, being opened or being closed
  std::size_t transfers = 0;  // of these, busy with the content of files
  std::size_t idle = 0;
  std::size_t waiting = 0;    // operations that have none
  std::size_t limit = 0;      // as many as are wanted, or what the server was seen to allow
  std::size_t max_conns = 0;  // as many as are wanted
};

struct Movement {
  std::uint64_t bytes = 0;
  double per_second = 0;  // in the last few seconds
};

// Nobody can log in at present.
struct Away {
  std::chrono::seconds since{};         // so long
  std::chrono::seconds next_attempt{};  // in so long
  unsigned attempts = 0;
  std::string why;
  std::string server_said;
};

struct RemoteStatus {
  std::string host;
  std::uint16_t port = 0;
  std::string user;
  std::string root;      // the mounted directory, as the server spells it; empty: not logged in yet
  std::string greeting;  // its first line, raw
  TlsMode tls_mode = TlsMode::automatic;
  std::optional<TlsInUse> tls;  // absent: in clear text, or not logged in yet
  SessionCounts sessions;
  std::optional<Away> away;
  std::optional<std::string> refusal;      // of our credentials, as long as no further log-in is tried
  std::optional<std::string> turned_away;  // it takes no more connections: its words

  Movement received;  // on data connections: contents and listings
  Movement sent;
  std::uint64_t commands = 0;
  std::uint64_t connections = 0;  // control connections begun
  std::uint64_t lost = 0;         // of these, ended by the line, the server or a time-out
};

}  // namespace ftpfs::ftp
