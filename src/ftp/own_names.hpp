// SPDX-License-Identifier: MIT
// Names of files and directories of our own on the server: what a rename moves aside, what `ftpfs check`
// writes, and probes, which exist for a moment to find out how the server does something.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <ftpfs/ftp/context.hpp>

namespace ftpfs::ftp {

std::string child_path(std::string_view directory, std::string_view name);

// ".ftpfs-WHAT-" and 20 digits, unlike any other: of lower case, dots and digits only, so that every server
// keeps it. z/OS takes eight capitals and digits at most: in relative mode it is "F" and seven digits. (A
// probe that is refused for its name does no harm.)
std::string own_name(SessionContext& context, std::string_view what);

// The name of a probe. Listings leave it out from now on; unless it is known to be gone() in the end, it is
// shown again, for then it may be what keeps the directory from being removed, and the log tells its path.
class Probe {
 public:
  Probe(std::shared_ptr<SessionContext> context, std::string_view directory);
  ~Probe();
  Probe(const Probe&) = delete;
  Probe& operator=(const Probe&) = delete;

  const std::string& path() const noexcept { return path_; }
  void gone() noexcept { gone_ = true; }  // never made, or removed

 private:
  std::shared_ptr<SessionContext> context_;
  std::string name_;
  std::string path_;
  bool gone_ = false;
};

// A probe of this mount, in whatever case the server shows it.
bool is_probe(const SessionContext& context, std::string_view name) noexcept;

}  // namespace ftpfs::ftp
