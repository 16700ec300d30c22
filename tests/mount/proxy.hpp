// SPDX-License-Identifier: MIT
// A real proxy for one test, in the sandbox, where its port is always free. It wants the log-in joe,
// mellonfriend; the FTP proxy (of SuSE's Proxy-Suite) wants none.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "mount/process.hpp"

namespace ftpfs::test {

enum class ProxyKind { microsocks, tinyproxy, ftp_proxy };

// Why this proxy cannot be started here, in words.
std::optional<std::string> why_missing(ProxyKind kind);

inline constexpr const char* proxy_user = "joe";
inline constexpr const char* proxy_password = "mellonfriend";

class RealProxy {
 public:
  // Its files lie below `directory`. Returns when it answers.
  RealProxy(ProxyKind kind, const std::filesystem::path& directory);

  // For proxy=, without the password. `socks`: the scheme of a SOCKS proxy.
  std::string url(const std::string& socks = "socks5h") const;
  // Its log names this host as one that it was asked to connect to.
  bool was_asked_for(const std::string& host) const;
  // How often it has connected somewhere; the FTP proxy: for data.
  std::size_t connections() const;

 private:
  std::string log() const;

  ProxyKind kind_;
  std::filesystem::path log_;
  std::optional<Process> process_;
};

}  // namespace ftpfs::test
