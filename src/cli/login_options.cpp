// SPDX-License-Identifier: MIT
// Who logs in, and where the password comes from.

#include "option_groups.hpp"

namespace ftpfs::cli {
namespace {

using Text = std::string_view;
using S = Settings;

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

void set_guest(Settings& s, Text) {
  s.user = "anonymous";
}

}  // namespace

std::vector<Option> login_options() {
  using enum Group;
  return {
      {login, "username", {}, "NAME", "who logs in (anonymous)", [](S& s, Text v) { s.user = v; }},
      {login,
       "user",
       {},
       "NAME[:PASS]",
       "the same; shows PASS to others for a moment",
       set_user,
       Option::Value::optional},
      {login, "guest", {}, "", "log in as anonymous", set_guest},
      {login,
       "credentials",
       {"cred"},
       "FILE",
       "username=, password= and other secrets, a line each",
       [](S& s, Text v) { s.credentials = v; }},
      {login, "netrc", {}, "", "ask ~/.netrc also from fstab", [](S& s, Text) { s.netrc = true; }},
      {login, "netrc_file", {}, "FILE", "ask this file instead", [](S& s, Text v) { s.netrc_file = v; }},
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
  };
}

}  // namespace ftpfs::cli
