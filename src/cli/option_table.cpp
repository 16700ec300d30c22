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

void set_upload(Settings& s, Text value) {
  using enum vfs::UploadMode;
  s.vfs.upload = choose(value, std::to_array<std::pair<Text, vfs::UploadMode>>(
                                   {{"auto", automatic}, {"atomic", atomic}, {"inplace", inplace}}));
}

void set_perms(Settings& s, Text value) {
  using enum vfs::PermsMode;
  s.vfs.perms =
      choose(value, std::to_array<std::pair<Text, vfs::PermsMode>>({{"ignore", ignore}, {"strict", strict}}));
}

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

void set_password(Settings& s, Text value) {
  s.password = value;
  s.warnings.emplace_back("a password among the options can be seen by others for a moment");
}

void set_account(Settings& s, Text value) {
  s.ftp.account = value;
  s.warnings.emplace_back("an account among the options can be seen by others for a moment");
}

// fstab knows `user` as a word of its own: then it is not about logging in.
void set_user(Settings& s, Text value) {
  if (value.empty()) return;
  const std::size_t colon = value.find(':');
  s.user = value.substr(0, colon);
  if (colon != Text::npos) set_password(s, value.substr(colon + 1));
}

// The greeting has a more patient limit of its own only as long as the user has no opinion.
void set_timeout(Settings& s, Text value) {
  s.ftp.timeout = s.ftp.greeting_timeout = parse_seconds(value);
}

void set_read_only(Settings& s, bool value) {
  s.vfs.read_only = s.mount.read_only = value;
}

// Everybody gets in, so the permission bits must count: nobody should act with the rights of the log-in by
// accident.
void set_allow_other(Settings& s, Text) {
  s.mount.allow_other = s.mount.default_permissions = true;
}

std::vector<Option> make_table() {
  using enum Group;
  using S = Settings;
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
       "connections at the same time, at most (4)",
       [](S& s, Text v) { s.ftp.max_conns = parse_number(v, 1, most_connections); }},
      {server, "nomulticonn", {}, "", "the same as max_conns=1", [](S& s, Text) { s.ftp.max_conns = 1; }},
      {server, "timeout", {}, "SECS", "wait for a reply or for data to move, at most (30)", set_timeout},
      {server,
       "connect_timeout",
       {},
       "SECS",
       "wait for a connection, at most (10)",
       [](S& s, Text v) { s.ftp.connect_timeout = parse_seconds(v); }},
      {server,
       "idle_timeout",
       {},
       "SECS",
       "close connections that were idle for so long (60)",
       [](S& s, Text v) { s.ftp.idle_timeout = parse_seconds(v); }},
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

      {login, "username", {}, "NAME", "who logs in (anonymous)", [](S& s, Text v) { s.user = v; }},
      {login,
       "user",
       {},
       "NAME[:PASS]",
       "the same; shows PASS to others for a moment",
       set_user,
       Option::Value::optional},
      {login,
       "password_stdin",
       {},
       "",
       "read the password from standard input",
       [](S& s, Text) { s.password_stdin = true; }},
      {login, "password", {}, "PASS", "works, but others may see PASS for a moment", set_password},
      {login,
       "account",
       {},
       "NAME",
       "for a server that asks for one; seen by others for a moment",
       set_account},

      {files, "ro", {"read_only"}, "", "read-only; also -r", [](S& s, Text) { set_read_only(s, true); }},
      {files, "rw", {}, "", "read and write (default)", [](S& s, Text) { set_read_only(s, false); }},
      {files,
       "uid",
       {},
       "USER",
       "whom the files seem to belong to (you)",
       [](S& s, Text v) { s.vfs.uid = parse_user(v); }},
      {files,
       "gid",
       {},
       "GROUP",
       "which group they seem to belong to (yours)",
       [](S& s, Text v) { s.vfs.gid = parse_group(v); }},
      {files,
       "umask",
       {},
       "OCTAL",
       "permissions to take away from everything",
       [](S& s, Text v) { s.vfs.file_mask = s.vfs.directory_mask = parse_mask(v); }},
      {files, "fmask", {}, "OCTAL", "... from files", [](S& s, Text v) { s.vfs.file_mask = parse_mask(v); }},
      {files,
       "dmask",
       {},
       "OCTAL",
       "... from directories",
       [](S& s, Text v) { s.vfs.directory_mask = parse_mask(v); }},
      {files, "perms", {}, "HOW", "chmod etc. the server does not do: ignore (default), strict", set_perms},
      {files,
       "follow_symlinks",
       {},
       "",
       "show what symbolic links lead to instead of the links",
       [](S& s, Text) { s.ftp.follow_symlinks = true; }},
      {files,
       "contain_symlinks",
       {},
       "",
       "refuse to follow links out of the mount (default)",
       [](S& s, Text) { s.vfs.contain_symlinks = true; }},
      {files,
       "no_contain_symlinks",
       {},
       "",
       "hand their targets out wherever they point",
       [](S& s, Text) { s.vfs.contain_symlinks = false; }},
      {files,
       "statfs_size",
       {},
       "SIZE",
       "room that df shows (what the server tells, or 1T)",
       [](S& s, Text v) { s.vfs.statfs_size = parse_size(v); }},
      {files, "upload", {}, "HOW", "replace files: auto (default), atomic, inplace", set_upload},

      {caching,
       "dcache_timeout",
       {"cache_timeout", "actimeo"},
       "SECS",
       "trust a listing for so long (20)",
       [](S& s, Text v) { s.vfs.listing_ttl = parse_seconds(v); }},
      {caching,
       "attr_timeout",
       {},
       "SECS",
       "let the kernel trust attributes for so long (1)",
       [](S& s, Text v) { s.vfs.kernel_ttl = parse_seconds(v); }},
      {caching,
       "readahead",
       {},
       "SIZE",
       "read ahead of a sequential reader (8M)",
       [](S& s, Text v) { s.vfs.readahead_bytes = parse_size(v); }},
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
      {mount, "log_level", {}, "LEVEL", "error, warn (default), info, debug, trace", set_log_level},
  };
  for (const std::vector<Option>& part : {connection_options(), tls_options()}) {
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

std::span<const std::string_view> ignored_options() {
  // clang-format off
  static constexpr auto names = std::to_array<Text>({
      "auto", "noauto", "nouser", "users", "owner", "group", "defaults", "nofail", "_netdev", "comment",
      "x-*", "nonempty", "large_read", "hard_remove", "use_ino", "readdir_ino", "krb4", "engine",
      "tcp_nodelay", "intr", "tlsv1", "enable_epsv", "reconnect", "skip_pasv_ip", "soft", "async",
      "noatime", "nodiratime", "relatime", "transform_symlinks"});
  // clang-format on
  return names;
}

}  // namespace ftpfs::cli
