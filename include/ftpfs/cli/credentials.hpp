// SPDX-License-Identifier: MIT
// A file of secrets in the form that mount.cifs(8) has made usual: `name=value` lines, the rest of the line
// is the value; a line that begins with '#' is a comment.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::cli {

struct Settings;

struct Credentials {
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::optional<std::string> account;
  std::optional<std::string> key_password;
  std::optional<std::string> proxy_username;
  std::optional<std::string> proxy_password;
};

// Throws Failure(usage) that names `path` and the line, and never shows a value.
Credentials parse_credentials(std::string_view text, std::string_view path);

// Fills in what SOURCE and the options left open, from the file that credentials= names, else from
// $CREDENTIALS_DIRECTORY/ftpfs.credentials, where systemd puts what LoadCredential= names. SOURCE must have
// been read. Throws Failure(usage): no such file, others can read it, it is about somebody else than SOURCE.
void settle_credentials(Settings& settings);

}  // namespace ftpfs::cli
