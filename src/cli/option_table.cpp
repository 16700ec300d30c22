// SPDX-License-Identifier: MIT
// The table of options, and nothing else.
#include <algorithm>
#include <array>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/values.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

void set_prefetch(Settings& s, Text value) {
  const auto [directories, small_files] =
      choose(value, std::to_array<std::pair<Text, std::pair<bool, bool>>>({{"on", {true, true}},
                                                                           {"off", {false, false}},
                                                                           {"directories", {true, false}},
                                                                           {"files", {false, true}}}));
  s.vfs.list_ahead = directories;
  s.vfs.fetch_ahead = small_files;
}

void set_log_level(Settings& s, Text value) {
  using enum spdlog::level::level_enum;
  s.log_level = choose(
      value, std::to_array<std::pair<Text, spdlog::level::level_enum>>(
                 {{"error", err}, {"warn", warn}, {"info", info}, {"debug", debug}, {"trace", trace}}));
}

// The greeting has a more patient limit of its own only as long as the user has no opinion.
void set_timeout(Settings& s, Text value) {
  s.ftp.timeout = s.ftp.greeting_timeout = parse_seconds(value);
}

void set_listing_cache(Settings& s, Text value) {
  const bool on = choose(value, std::to_array<std::pair<Text, bool>>({{"yes", true}, {"no", false}}));
  if (!on) s.vfs.listing_ttl = {};
}

void set_readdirplus(Settings& s, Text value) {
  using enum fuse::Readdirplus;
  s.mount.readdirplus = choose(value, std::to_array<std::pair<Text, fuse::Readdirplus>>(
                                          {{"yes", yes}, {"auto", automatic}, {"no", no}}));
}

void set_debug(Settings& s, Text) {
  s.foreground = s.mount.debug = true;
  s.log_level = spdlog::level::trace;
}

// curlftpfs: how much, from 0 on.
void set_debug_level(Settings& s, Text value) {
  const std::uint64_t level = value.empty() ? 1 : parse_number(value, 0, 100);
  s.log_level = level == 0 ? spdlog::level::warn : level == 1 ? spdlog::level::debug : spdlog::level::trace;
}

// Everybody gets in, so the permission bits must count: nobody should act with the rights of the log-in by
// accident.
void set_allow_other(Settings& s, Text) {
  s.mount.allow_other = s.mount.default_permissions = true;
}

std::vector<Option> make_table() {
  using enum Group;
  constexpr std::uint64_t most_connections = 64;
  std::vector<Option> table = {
      {server,
       "port",
       {},
       "PORT",
       "the server's port (21); also -p PORT",
       [](S& s, Text v) { s.port = static_cast<std::uint16_t>(parse_number(v, 1, 65535)); }},
      {server,
       "max_conns",
       {"concurrency"},
       "N",
       "connections at the same time, at most (4, or 8 to a server far away)",
       [](S& s, Text v) { s.ftp.max_conns = parse_number(v, 1, most_connections); }},
      {server, "nomulticonn", {}, "", "the same as max_conns=1", [](S& s, Text) { s.ftp.max_conns = 1; }},
      {server,
       "timeout",
       {"data_timeout", "read_timeout"},
       "SECS",
       "wait for a reply or for data to move, at most (30)",
       set_timeout},
      {server,
       "connect_timeout",
       {"ConnectTimeout"},
       "SECS",
       "wait for a connection, at most (10)",
       [](S& s, Text v) { s.ftp.connect_timeout = parse_seconds(v); }},
      {server,
       "retry_for",
       {},
       "SECS",
       "while the server is away, calls wait so long for it (0)",
       [](S& s, Text v) { s.ftp.retry_for = parse_seconds(v); }},
      {server,
       "hard",
       {},
       "",
       "they wait until it is back; signals end the wait",
       [](S& s, Text) { s.ftp.retry_for = std::chrono::milliseconds::max(); }},
      {server,
       "soft",
       {},
       "",
       "they fail at once, the same as retry_for=0 (default)",
       [](S& s, Text) { s.ftp.retry_for = {}; }},
      {server,
       "idle_timeout",
       {},
       "SECS",
       "close connections that were idle for so long (60)",
       [](S& s, Text v) { s.ftp.idle_timeout = parse_seconds(v); }},
      {server,
       "keepalive",
       {"ServerAliveInterval"},
       "SECS",
       "say NOOP on those that were idle for so long (0: never)",
       [](S& s, Text v) { s.ftp.keepalive = parse_seconds(v); }},
      {server,
       "codepage",
       {},
       "CHARSET",
       "character set of names on the server (found out)",
       [](S& s, Text v) { s.ftp.codepage = parse_charset(v); }},
      {server,
       "iocharset",
       {},
       "CHARSET",
       "character set of names on this side (UTF-8)",
       [](S& s, Text v) { s.ftp.iocharset = parse_charset(v); }},
      {server, "utf8", {}, "", "the same as codepage=UTF-8", [](S& s, Text) { s.ftp.codepage = "UTF-8"; }},
      {server,
       "no_utf8",
       {},
       "",
       "never ask the server for UTF-8",
       [](S& s, Text) { s.ftp.ask_for_utf8 = false; }},
      {server,
       "server_tz",
       {},
       "ZONE",
       "time zone of the listings (found out)",
       [](S& s, Text v) { s.ftp.server_zone = parse_zone(v); }},

      {caching,
       "dcache_timeout",
       {"cache_timeout", "actimeo", "dcache_dir_timeout", "dcache_stat_timeout", "dcache_link_timeout",
        "cache_dir_timeout", "cache_stat_timeout", "cache_link_timeout"},
       "SECS",
       "trust a listing for so long (20)",
       [](S& s, Text v) { s.vfs.listing_ttl = parse_seconds(v); }},
      {caching,
       "attr_timeout",
       {"entry_timeout", "negative_timeout"},
       "SECS",
       "let the kernel trust attributes for so long (1)",
       [](S& s, Text v) { s.vfs.kernel_ttl = parse_seconds(v); }},
      {caching, "dir_cache", {"cache"}, "YES", "no: trust no listing", set_listing_cache},
      {caching,
       "readdirplus",
       {},
       "yes|auto|no",
       "hand out attributes with the names of a directory (yes)",
       set_readdirplus},
      {caching,
       "no_readahead",
       {},
       "",
       "the same as readahead=64K",
       [](S& s, Text) { s.vfs.readahead_bytes = 64u << 10; }},
      {caching,
       "readahead",
       {},
       "SIZE",
       "read ahead of a sequential reader (8M; near 2M)",
       [](S& s, Text v) { s.vfs.readahead_bytes = parse_size(v); }},
      {caching,
       "read_streams",
       {},
       "N",
       "connections for one large file, where several are faster (4)",
       [](S& s, Text v) { s.vfs.read_streams = parse_number(v, 1, 16); }},
      {caching,
       "prefetch",
       {},
       "WHAT",
       "what is fetched ahead: on (default: both), off, directories, files",
       set_prefetch},
      {caching,
       "writeback",
       {"delay_upload"},
       "SECS",
       "close() waits for this disk only; sent after SECS (0: off)",
       [](S& s, Text v) { s.vfs.writeback = parse_seconds(v); }},
      {caching,
       "sync",
       {"sshfs_sync"},
       "",
       "the same as writeback=0",
       [](S& s, Text) { s.vfs.writeback = {}; }},
      {caching,
       "spool_dir",
       {},
       "DIR",
       "where files wait to be sent",
       [](S& s, Text v) { s.vfs.spool_directory = v; }},

      {mount, "allow_other", {}, "", "let other users in (implies default_permissions)", set_allow_other},
      {mount, "allow_root", {}, "", "let root in", [](S& s, Text) { s.mount.allow_root = true; }},
      {mount,
       "default_permissions",
       {},
       "",
       "let the kernel check permission bits",
       [](S& s, Text) { s.mount.default_permissions = true; }},
      {mount,
       "suid",
       {},
       "",
       "obey set-user-ID bits (default: nosuid)",
       [](S& s, Text) { s.mount.suid = true; }},
      {mount, "nosuid", {}, "", "", [](S& s, Text) { s.mount.suid = false; }},
      {mount, "dev", {}, "", "obey device files (default: nodev)", [](S& s, Text) { s.mount.dev = true; }},
      {mount, "nodev", {}, "", "", [](S& s, Text) { s.mount.dev = false; }},
      {mount,
       "noexec",
       {},
       "",
       "run no programs from here (default: exec)",
       [](S& s, Text) { s.mount.noexec = true; }},
      {mount, "exec", {}, "", "", [](S& s, Text) { s.mount.noexec = false; }},
      {mount,
       "fsname",
       {},
       "NAME",
       "what df and mount call it (user@host:path)",
       [](S& s, Text v) { s.mount.fsname = v; }},
      {mount,
       "delay_connect",
       {},
       "",
       "be there at once, log in when somebody looks",
       [](S& s, Text) { s.connect_first = false; }},
      {mount,
       "no_check_root",
       {},
       "",
       "log in, but do not ask to see the directory",
       [](S& s, Text) { s.list_first = false; }},
      {mount,
       "remount",
       {},
       "",
       "change ro, rw, suid, dev or exec of what is mounted",
       [](S& s, Text) { s.remount = true; }},
      {mount, "debug", {}, "", "the same as -d", set_debug},
      {mount, "log_file", {}, "FILE", "log there, outside the mount", [](S& s, Text v) { s.log_file = v; }},
      {mount, "syslog", {}, "", "log there in the foreground, too", [](S& s, Text) { s.syslog = true; }},
      {mount,
       "verbose",
       {},
       "",
       "the same as log_level=info",
       [](S& s, Text) { s.log_level = spdlog::level::info; }},
      {mount,
       "ftpfs_debug",
       {"sshfs_debug"},
       "N",
       "the same as log_level=: 0 warn, 1 debug, 2 trace",
       set_debug_level,
       Option::Value::optional},
      {mount, "log_level", {}, "LEVEL", "error, warn (default), info, debug, trace", set_log_level},
  };
  for (const std::vector<Option>& part : {listing_options(), workaround_options(), connection_options(),
                                          login_options(), tls_options(), file_options(), cache_options()}) {
    const auto place = std::ranges::upper_bound(table, part.front().group, {}, &Option::group);
    table.insert(place, part.begin(), part.end());
  }
  return table;
}

}  // namespace

std::span<const Option> option_table() {
  static const std::vector<Option> table = make_table();
  return table;
}

}  // namespace ftpfs::cli
