// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

constexpr std::string_view synopsis =
    R"(Usage: ftpfs [-o OPTION[,OPTION...]] [-f] [-v] SOURCE MOUNTPOINT
       ftpfs check [--json] [-o OPTION[,OPTION...]] SOURCE
       ftpfs refresh PATH
Mounts a directory of an FTP server. Unmount with: umount MOUNTPOINT (or fusermount3 -u MOUNTPOINT)

SOURCE  ftp://[USER[:PASS]@]HOST[:PORT][/PATH]    [USER@]HOST:[PATH]    HOST[/PATH]
  -f                     stay in the foreground, log to standard error
  -d                     the same, and show every kernel request
  -v, -vv, -vvv          tell about connections, FTP commands, kernel requests
  -h, --help             show this          -V, --version    show the version
  check                  tell what the server can do; writes a small file there unless -o ro
  refresh                ask the server again what lies at PATH and below
  -r                     read-only          -p PORT          the server's port
  -n, -s                 accepted, ignored
)";

std::string_view title(Group group) {
  switch (group) {
    case Group::server:
      return "Server";
    case Group::connection:
      return "Connections";
    case Group::login:
      return "Log-in";
    case Group::tls:
      return "TLS";
    case Group::files:
      return "Files";
    case Group::caching:
      return "Memory and disk";
    case Group::mount:
      break;
  }
  return "Mount";
}

std::string spelled(const Option& option) {
  std::string text(option.name);
  if (option.argument.empty()) return text;
  return text + (option.value == Option::Value::optional ? fmt::format("[={}]", option.argument)
                                                         : fmt::format("={}", option.argument));
}

}  // namespace

std::string help_text() {
  std::string text(synopsis);
  const Option* previous = nullptr;
  for (const Option& option : option_table()) {
    if (previous == nullptr || previous->group != option.group)
      text += fmt::format("{}:\n", title(option.group));
    previous = &option;
    if (!option.help.empty()) text += fmt::format("  {:<22} {}\n", spelled(option), option.help);
  }
  return text + "Each is written -o NAME[=VALUE] or --NAME[=VALUE]. ftpfs(1) tells more.\n";
}

}  // namespace ftpfs::cli
