// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>

#include <ftpfs/cli/environment.hpp>

namespace ftpfs::cli {

std::optional<std::string> take_variable(const char* name) {
  char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string copy(value);
  ::explicit_bzero(value, copy.size());
  ::unsetenv(name);
  return copy;
}

}  // namespace ftpfs::cli
