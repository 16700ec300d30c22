// SPDX-License-Identifier: MIT
#include <cstdlib>

#include <fmt/format.h>
#include <unistd.h>

#include <ftpfs/cli/paint.hpp>

namespace ftpfs::cli {

Paint::Paint(int fd) {
  const char* const wish = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
  on_ = ::isatty(fd) != 0 && (wish == nullptr || *wish == '\0') && !dumb;
}

std::string Paint::in(std::string_view code, std::string_view text) const {
  return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

}  // namespace ftpfs::cli
