// SPDX-License-Identifier: MIT
// The command line. One table says which options exist; it serves `-o name=value`, `--name=value`, --help and
// the test that compares it with the man page. What the options say ends up in the configuration structs of
// the layers.
//
//   arguments -> parse_arguments -> Settings -> complete -> Settings that a mount can start from (but for the
//   password)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <spdlog/common.h>

#include <ftpfs/cli/invocation.hpp>
#include <ftpfs/cli/proxy.hpp>
#include <ftpfs/ftp/config.hpp>
#include <ftpfs/fuse/config.hpp>
#include <ftpfs/net/connector.hpp>
#include <ftpfs/net/proxy.hpp>
#include <ftpfs/vfs/config.hpp>

namespace ftpfs::cli {

struct Settings {
  enum class Action {
    mount,
    check,
    refresh,
    status,
    stats,
    flush,
    list,
    recover,
    help,
    help_all,
    list_options,
    version
  };

  Action action = Action::mount;
  Invocation invocation = Invocation::command;
  std::string source;  // of commands about a mount: the path; empty: all of them
  ftp::FtpConfig ftp;
  vfs::VfsConfig vfs;
  fuse::MountConfig mount;

  std::optional<std::string> user;  // named in SOURCE or by an option; who logs in is settled by find_login
  std::optional<std::string> password;
  std::optional<std::uint16_t> port;
  std::optional<ftp::TlsMode> tls;
  net::Route route;
  ProxyRequest proxy;
  std::optional<net::Proxy> tunnel;  // through which everything goes; settled by settle_proxy
  bool password_stdin = false;
  std::optional<std::string> credentials;  // a file; see credentials.hpp
  bool netrc = false;                      // ~/.netrc also where no person has started us
  std::optional<std::string> netrc_file;   // instead of ~/.netrc

  bool keep_what_is_read = false;  // cache_mode=full

  bool connect_first = true;    // the mount appears when the server has let us in
  bool list_first = true;       // ... and has shown the directory
  bool fake = false;            // mount -f: everything but the mount
  bool remount = false;         // a mount that is there changes
  std::string mount_namespace;  // mount -N
  bool in_utab = false;         // there is a word that mount(8) writes into /run/mount/utab

  bool foreground = false;
  bool syslog = false;           // also in the foreground
  std::string log_file;          // instead of either
  bool json = false;             // of check and others: for a program
  bool watch = false;            // of status: again and again
  bool send = false;             // of recover
  std::string export_directory;  // of recover
  spdlog::level::level_enum log_level = spdlog::level::warn;
  std::vector<std::string> warnings;  // for the terminal, before anything starts
};

enum class Group { server, connection, login, tls, files, caching, mount };  // in the order of --help

struct Option {
  enum class Value { none, required, optional };

  Group group;
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view argument;  // what --help calls the value; empty when there is none
  std::string_view help;      // empty: the line before mentions it
  void (*set)(Settings& settings, std::string_view value);
  Value value = argument.empty() ? Value::none : Value::required;
};

std::span<const Option> option_table();
// Options of fstab, mount(8) and other mount programs that mean nothing here: accepted, with or without a
// value. One that ends in '*' stands for all that begin so.
std::span<const std::string_view> ignored_options();
// Those that ftpfs does not do, and why, or what to say instead.
struct RefusedOption {
  std::string_view name;
  std::string_view why;  // "NAME ..."
};
std::span<const RefusedOption> refused_options();

// Throws Failure(usage) with one line that names the culprit and, for an unknown option, the nearest known
// one.
Settings parse_arguments(std::span<const std::string> arguments, Invocation invocation = Invocation::command);

// Reads SOURCE into the settings, where options have the last word, and checks what must fit together.
// Forgets the text of SOURCE. Throws Failure(usage).
void complete(Settings& settings);

// What /proc/mounts shows to everybody when nothing else was asked for: user@host:path.
std::string mount_name(const ftp::FtpConfig& config);

std::string help_text();      // one screen: how to call it, and the names of all options
std::string help_all_text();  // and a line for each
// For programs, above all a shell that completes: NAME, what its value is and what it does, tabs between. The
// value is a choice (`auto|require|off`), what --help calls it (FILE, SECS), or `-` where none is needed.
std::string option_list_text();
std::string version_text();

}  // namespace ftpfs::cli
