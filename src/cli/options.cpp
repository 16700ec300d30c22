// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/spelling.hpp>

namespace ftpfs::cli {
namespace {

const Option* find_option(std::string_view name) {
  for (const Option& option : option_table()) {
    if (option.name == name || std::ranges::find(option.aliases, name) != option.aliases.end())
      return &option;
  }
  return nullptr;
}

bool is_ignored(std::string_view name) {
  return std::ranges::any_of(ignored_options(), [&](std::string_view known) {
    return known.ends_with('*') ? name.starts_with(known.substr(0, known.size() - 1)) : name == known;
  });
}

// mount(8) writes these down in /run/mount/utab once we have mounted.
bool is_kept_in_utab(std::string_view name) {
  static constexpr std::string_view kept[] = {"_netdev", "user", "users", "owner", "group", "uhelper"};
  return std::ranges::find(kept, name) != std::end(kept);
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  for (const RefusedOption& option : refused_options()) {
    if (option.name == name) refuse(fmt::format("option {} {}", name, option.why));
  }
  std::vector<std::string_view> known;
  for (const Option& option : option_table()) {
    known.push_back(option.name);
    known.insert(known.end(), option.aliases.begin(), option.aliases.end());
  }
  for (const std::string_view word : ignored_options()) {
    if (!word.ends_with('*')) known.push_back(word);
  }
  const std::string_view hint = nearest(name, known);
  refuse(
      fmt::format("unknown option '{}'{}", name,
                  hint.empty() ? "; --help lists what there is" : fmt::format("; did you mean '{}'?", hint)));
}

// Applies `name` or `name=value`.
void set_option(Settings& settings, std::string_view item) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const auto value = equals == std::string_view::npos
                         ? std::nullopt
                         : std::optional<std::string_view>(item.substr(equals + 1));
  const Option* option = find_option(name);
  settings.in_utab |= settings.invocation == Invocation::mount_helper && is_kept_in_utab(name);
  if (option == nullptr) {
    if (is_ignored(name)) return;
    refuse_unknown(name);
  }
  if (value && option->value == Option::Value::none) refuse(fmt::format("option {} takes no value", name));
  if (!value && option->value == Option::Value::required) {
    refuse(fmt::format("option {} needs a value: {}={}", name, name, option->argument));
  }
  try {
    option->set(settings, value.value_or(""));
  } catch (const Error& error) {
    refuse(fmt::format("option {}: {}", name, error.what()));
  }
}

// The next item of a comma-separated list, taken off its front. `\,` is a comma that does not separate.
std::string take_item(std::string_view& list) {
  std::string item;
  while (!list.empty()) {
    const bool escape = list.starts_with("\\,") || list.starts_with("\\\\");
    if (escape) list.remove_prefix(1);
    const char c = list.front();
    list.remove_prefix(1);
    if (c == ',' && !escape) break;
    item += c;
  }
  return item;
}

struct Command {
  std::string_view name;
  Settings::Action action;
  std::size_t least;  // arguments
  std::size_t most;
  std::string_view usage;
};

const Command* find_command(std::string_view name) {
  using enum Settings::Action;
  static constexpr Command commands[] = {
      {"check", check, 1, 1, "ftpfs check [--json] [-o OPTIONS] SOURCE"},
      {"refresh", refresh, 1, 1, "ftpfs refresh PATH"},
      {"status", status, 0, 1, "ftpfs status [--json] [--watch] [MOUNTPOINT|FILE]"},
      {"stats", stats, 1, 1, "ftpfs stats [--json] MOUNTPOINT"},
      {"flush", flush, 0, 1, "ftpfs flush [--json] [MOUNTPOINT]"},
      {"list", list, 0, 0, "ftpfs list [--json]"},
      {"recover", recover, 0, 1,
       "ftpfs recover [--json | --send | --export DIR] [-o OPTIONS] [SPOOL|SOURCE]"}};
  const auto* const found = std::ranges::find(commands, name, &Command::name);
  return found == std::end(commands) ? nullptr : found;
}

// Flags that belong to commands.
void check_flags(const Settings& settings) {
  using enum Settings::Action;
  const bool has_json = settings.action != mount && settings.action != refresh;
  if (settings.json && !has_json) refuse("--json goes with check, status, stats, flush, list and recover");
  if (settings.watch && settings.action != status) refuse("--watch goes with status");
  const bool acts = settings.send || !settings.export_directory.empty();
  if (acts && settings.action != recover) refuse("--send and --export go with recover");
  if (settings.send && settings.source.empty()) refuse("usage: ftpfs recover --send [-o OPTIONS] SOURCE");
  if (settings.send && !settings.export_directory.empty()) refuse("--send and --export exclude each other");
}

class Parser {
 public:
  Parser(std::span<const std::string> arguments, Invocation invocation) : rest_(arguments) {
    settings_.invocation = invocation;
    settings_.vfs.uid = ::getuid();
    settings_.vfs.gid = ::getgid();
  }

  Settings parse() {
    while (!rest_.empty() && settings_.action == Settings::Action::mount) {
      const std::string& argument = take();
      if (only_operands_ || argument == "-" || !argument.starts_with('-')) {
        operands_.push_back(argument);
      } else if (argument == "--") {
        only_operands_ = true;
      } else if (argument.starts_with("--")) {
        long_option(argument.substr(2));
      } else {
        short_options(std::string_view(argument).substr(1));
      }
    }
    if (settings_.action == Settings::Action::mount) take_operands();
    check_flags(settings_);
    return std::move(settings_);
  }

 private:
  const std::string& take() {
    const std::string& argument = rest_.front();
    rest_ = rest_.subspan(1);
    return argument;
  }

  void long_option(std::string item) {
    // --allow-other is --allow_other; a value keeps its dashes.
    std::replace(item.begin(), std::find(item.begin(), item.end(), '='), '-', '_');
    if (item == "help") {
      settings_.action = Settings::Action::help;
    } else if (item == "help_all") {
      settings_.action = Settings::Action::help_all;
    } else if (item == "list_options") {
      settings_.action = Settings::Action::list_options;
    } else if (item == "version") {
      settings_.action = Settings::Action::version;
    } else if (item == "json") {
      settings_.json = true;
    } else if (item == "watch") {
      settings_.watch = true;
    } else if (item == "send") {
      settings_.send = true;
    } else if (item == "export" || item.starts_with("export=")) {
      take_export_directory(item);
    } else {
      set_option(settings_, item);
    }
  }

  // A cluster as getopt reads it: -fv, -vvv, -oro, -p2121.
  void short_options(std::string_view cluster) {
    while (!cluster.empty()) {
      const char letter = cluster.front();
      cluster.remove_prefix(1);
      if (letter == 'o' || letter == 'p' || (is_helper() && (letter == 't' || letter == 'N'))) {
        with_value(letter, cluster);
        return;
      }
      flag(letter);
    }
  }

  void with_value(char letter, std::string_view attached) {
    if (attached.empty()) {
      if (rest_.empty()) refuse(fmt::format("-{} needs a value", letter));
      attached = take();
    }
    if (letter == 'p') {
      set_option(settings_, fmt::format("port={}", attached));
      return;
    }
    if (letter == 'N') settings_.mount_namespace = attached;
    if (letter == 'N' || letter == 't') return;
    while (!attached.empty()) {
      const std::string item = take_item(attached);
      if (!item.empty()) set_option(settings_, item);
    }
  }

  void flag(char letter) {
    switch (letter) {
      case 'f':
        (is_helper() ? settings_.fake : settings_.foreground) = true;
        break;
      case 'd':
        settings_.foreground = settings_.mount.debug = true;
        settings_.log_level = spdlog::level::trace;
        break;
      case 'v':
        settings_.log_level =
            std::max(spdlog::level::trace, spdlog::level::level_enum(settings_.log_level - 1));
        break;
      case 'r':
        set_option(settings_, "ro");
        break;
      case 'h':
        settings_.action = Settings::Action::help;
        break;
      case 'V':
        settings_.action = Settings::Action::version;
        break;
      case 'n':  // autofs says "no mtab" to mount(8), which passes it on
      case 's':  // "single-threaded" to libfuse, "sloppy" to mount(8): both hold anyway, or do no harm
        break;
      default:
        refuse(fmt::format("unknown option '-{}'; --help lists what there is", letter));
    }
  }

  // mount(8) has flags of its own for those whom it runs.
  bool is_helper() const noexcept { return settings_.invocation == Invocation::mount_helper; }

  void take_export_directory(std::string_view item) {
    const std::size_t equals = item.find('=');
    if (equals == item.npos && rest_.empty()) refuse("--export needs a directory");
    settings_.export_directory = equals == item.npos ? take() : item.substr(equals + 1);
    if (settings_.export_directory.empty()) refuse("--export needs a directory");
  }

  // A host of the name of a command is written with a colon.
  void take_operands() {
    const Command* const command = operands_.empty() ? nullptr : find_command(operands_[0]);
    if (command != nullptr && settings_.invocation == Invocation::command) {
      const std::size_t given = operands_.size() - 1;
      if (given < command->least || given > command->most) refuse(fmt::format("usage: {}", command->usage));
      settings_.action = command->action;
      if (given > 0) settings_.source = operands_[1];
      return;
    }
    if (operands_.size() > 2) refuse(fmt::format("one argument too many: '{}'", operands_[2]));
    if (operands_.size() < 2) refuse("usage: ftpfs [-o OPTIONS] SOURCE MOUNTPOINT (--help tells more)");
    settings_.source = operands_[0];
    settings_.mount.mountpoint = operands_[1];
  }

  std::span<const std::string> rest_;
  bool only_operands_ = false;
  std::vector<std::string> operands_;
  Settings settings_;
};

}  // namespace

Settings parse_arguments(std::span<const std::string> arguments, Invocation invocation) {
  return Parser(arguments, invocation).parse();
}

}  // namespace ftpfs::cli
