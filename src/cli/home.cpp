// SPDX-License-Identifier: MIT
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

#include <ftpfs/cli/home.hpp>

namespace ftpfs::cli {

std::optional<std::string> home_directory() {
  const char* variable = std::getenv("HOME");
  if (variable != nullptr && *variable == '/') return variable;
  const ::passwd* entry = ::getpwuid(::getuid());
  if (entry == nullptr || entry->pw_dir == nullptr || *entry->pw_dir != '/') return std::nullopt;
  return entry->pw_dir;
}

}  // namespace ftpfs::cli
