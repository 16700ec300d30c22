// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

constexpr std::string_view synopsis =
    R"(Usage: ftpfs [-o OPTION[,OPTION...]] [-f] [-v] SOURCE MOUNTPOINT
       ftpfs check [--json] [-o OPTION[,OPTION...]] SOURCE
       ftpfs status [MOUNTPOINT|FILE]   ftpfs stats MOUNTPOINT   ftpfs list
       ftpfs flush [MOUNTPOINT]   ftpfs refresh PATH   ftpfs recover [SOURCE]
Mounts a directory of an FTP server; umount MOUNTPOINT ends it.

SOURCE  ftp://[USER[:PASS]@]HOST[:PORT][/PATH]  [USER@]HOST:[PATH]  HOST[/PATH]
  -f               stay in the foreground, log to standard error
  -d               the same, and show every kernel request
  -v, -vv, -vvv    tell about connections, FTP commands, kernel requests
  -r, -p PORT      read-only; the server's port       -n, -s  are ignored
  -h, --help       show this       --help-all  explain every option
  -V, --version    show the versions of its parts
  check            tell what the server can do (writes a little unless -o ro)
  status           how a mount or a file in it is: what is unsent, cached, wrong
  stats            all counters of a mount
  list             the ftpfs mounts of this machine, and whether they answer
  flush            send what waits, and return when the server has it
  refresh          ask the server again what lies at PATH and below
  recover          what mounts before have left; --send SOURCE, --export DIR
  --json, --watch  with these: for a program; again and again
)";

constexpr std::size_t width = 80;

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

// Calls `each(option, begins_group)`.
template <class Each>
void for_each_option(Each each) {
  const Option* previous = nullptr;
  for (const Option& option : option_table()) {
    each(option, previous == nullptr || previous->group != option.group);
    previous = &option;
  }
}

// Puts words behind one another, as many on a line as fit.
class Paragraph {
 public:
  explicit Paragraph(std::size_t indent) : indent_(indent, ' ') {}

  void begin(std::string_view head) {
    if (!text_.empty()) text_ += '\n';
    text_ += head;
    column_ = head.size();
  }
  void add(std::string_view word) {
    if (column_ + 1 + word.size() > width) begin(indent_);
    text_ += ' ';
    text_ += word;
    column_ += 1 + word.size();
  }
  std::string text() const { return text_ + "\n"; }

 private:
  std::string indent_;
  std::string text_;
  std::size_t column_ = 0;
};

std::string names_by_group() {
  Paragraph names(3);
  for_each_option([&](const Option& option, bool begins_group) {
    if (begins_group) names.begin(fmt::format("  {}:", title(option.group)));
    if (option.help.empty()) return;  // the option before it leads to it
    names.add(option.argument.empty() ? std::string(option.name) : fmt::format("{}=", option.name));
  });
  return names.text();
}

std::string explained(const Option& option) {
  constexpr std::size_t column = 24;
  const std::string_view help = option.help.empty() ? "see above" : option.help;
  const std::string text = fmt::format("  {:<{}} {}\n", spelled(option), column - 2, help);
  if (option.aliases.empty()) return text;
  Paragraph aliases(column);
  aliases.begin(std::string(column, ' ') + " also");
  for (const std::string_view alias : option.aliases) aliases.add(alias);
  return text + aliases.text();
}

// What other programs know and we do not.
std::string foreign_words() {
  Paragraph words(3);
  words.begin("Accepted, ignored:");
  for (const std::string_view name : ignored_options()) words.add(name);
  words.begin("Refused, with the reason:");
  for (const RefusedOption& option : refused_options()) words.add(option.name);
  return words.text();
}

}  // namespace

std::string help_text() {
  return fmt::format("{}OPTION is NAME[=VALUE], also --NAME[=VALUE]; --help-all and ftpfs(1) explain:\n{}",
                     synopsis, names_by_group());
}

std::string help_all_text() {
  std::string text(synopsis);
  for_each_option([&](const Option& option, bool begins_group) {
    if (begins_group) text += fmt::format("{}:\n", title(option.group));
    text += explained(option);
  });
  return text + foreign_words() + "Each is written -o NAME[=VALUE] or --NAME[=VALUE]. ftpfs(1) tells more.\n";
}

}  // namespace ftpfs::cli
