// SPDX-License-Identifier: MIT
// How files appear here, and how they reach the server.
#include <chrono>

#include <ftpfs/cli/values.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

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

// mount.cifs and others name what is there, we what is taken away.
std::uint16_t mask_of_mode(Text mode) {
  return static_cast<std::uint16_t>(0777 & ~parse_mask(mode));
}

// What they say is what happens anyway; anything else would be a promise that is not kept.
void expect_mounting_user(Settings&, Text value) {
  choose(value, std::to_array<std::pair<Text, bool>>({{"user", true}, {"none", true}}));
}

void set_read_only(Settings& s, bool value) {
  s.vfs.read_only = s.mount.read_only = value;
}

}  // namespace

std::vector<Option> file_options() {
  using enum Group;
  return {
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
      {files,
       "file_mode",
       {},
       "OCTAL",
       "permissions of files, instead of a mask",
       [](S& s, Text v) { s.vfs.file_mask = mask_of_mode(v); }},
      {files,
       "dir_mode",
       {},
       "OCTAL",
       "... of directories",
       [](S& s, Text v) { s.vfs.directory_mask = mask_of_mode(v); }},
      {files,
       "idmap",
       {},
       "HOW",
       "user or none: whoever mounts owns the files (as without it)",
       expect_mounting_user},
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
      {files, "inplace", {}, "", "", [](S& s, Text) { s.vfs.upload = vfs::UploadMode::inplace; }},
  };
}

}  // namespace ftpfs::cli
