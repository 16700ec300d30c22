// SPDX-License-Identifier: MIT
// SOURCE as it stands on a command line or in fstab -> Target.
//   ftp://[user[:password]@]host[:port][/path]    ftps:// (implicit TLS)    ftpes:// (explicit TLS)
//   [user@]host:[path]    host[/path]    each also behind the prefix ftpfs# of old fstab lines
// Percent-escapes are decoded once, and in URLs only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::proto {

enum class Scheme : std::uint8_t { ftp, ftps, ftpes };  // ftp also when none was written

struct Target {
  Scheme scheme = Scheme::ftp;
  std::string host;        // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;  // 0: the scheme's default
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string directory;  // as FtpConfig::directory: "" the login directory, "a/b" below it, "/a/b" absolute

  friend bool operator==(const Target&, const Target&) = default;
};

// Throws std::invalid_argument with one clear line that never contains a password.
Target parse_source(std::string_view source);

}  // namespace ftpfs::proto
