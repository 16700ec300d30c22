// SPDX-License-Identifier: MIT
// What the ftp layer is told: where, who, limits. Filled by cli/options.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace ftpfs::ftp {

struct FtpConfig {
  std::string host;
  std::uint16_t port = 21;
  std::string user = "anonymous";
  std::string password = "ftpfs@";  // sent only as PASS; never logged
  // The directory to mount, as the user wrote it: "" = where the login lands (PWD); "a/b" = below that;
  // "/a/b" = absolute on the server.
  std::string directory;

  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds greeting_timeout{60'000};  // servers with reverse DNS or ident take 5-30 s
  std::chrono::milliseconds timeout{30'000};           // a reply, or progress on a data connection
  std::chrono::milliseconds idle_timeout{60'000};      // spare sessions are closed with QUIT after this
  std::chrono::milliseconds queue_timeout{60'000};     // waiting for a session of a full pool
  std::size_t max_conns = 4;
  bool disable_epsv = false;
};

}  // namespace ftpfs::ftp
