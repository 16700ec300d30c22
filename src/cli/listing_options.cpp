// SPDX-License-Identifier: MIT
// How directories are asked for, where what FEAT says and a probe shows is not enough.
#include <cerrno>

#include <ftpfs/base/error.hpp>

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

constexpr const char* no_stat =
    "stat is not done: what some servers write there as names could be forged replies";

void set_list(Settings& s, Text value) {
  using enum ftp::ListMode;
  if (value == "stat") throw Error(EINVAL, no_stat);
  s.ftp.list = choose(value, std::to_array<std::pair<Text, ftp::ListMode>>(
                                 {{"auto", automatic}, {"mlsd", mlsd}, {"list", list}}));
}

// As curlftpfs: the command with its options.
void set_custom_list(Settings& s, Text value) {
  constexpr Text command = "LIST";
  const bool bare = value == command;
  if (!bare && !value.starts_with("LIST -")) throw Error(EINVAL, "is LIST, or LIST with options (LIST -la)");
  s.ftp.list = ftp::ListMode::list;
  s.ftp.list_options = bare ? Text() : value.substr(command.size() + 1);
}

}  // namespace

std::vector<Option> listing_options() {
  using enum Group;
  return {
      {server, "list", {}, "HOW", "auto (default), mlsd or list", set_list},
      {server,
       "disable_mlsd",
       {},
       "",
       "the same as list=list",
       [](S& s, Text) { s.ftp.list = ftp::ListMode::list; }},
      {server,
       "list_hidden",
       {},
       "",
       "the same as custom_list='LIST -a'",
       [](S& s, Text) { set_custom_list(s, "LIST -a"); }},
      {server, "custom_list", {}, "COMMAND", "how directories are listed (found out)", set_custom_list},
  };
}

}  // namespace ftpfs::cli
