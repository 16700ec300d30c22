// SPDX-License-Identifier: MIT
// Who logs in, with which password. The sources, in order: SOURCE or options, standard input, a file of
// credentials (credentials.hpp), the environment, ~/.netrc, a prompt; anonymous when no user is known.
// Secrets are read once and left nowhere: variables are overwritten and unset, files must be closed to
// others.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ftpfs::cli {

struct Login {
  std::string user;
  std::string password;
  std::string account = {};  // from ~/.netrc
};

struct LoginRequest {
  std::string host;
  std::optional<std::string> user;
  std::optional<std::string> password;
  bool password_stdin = false;
  bool netrc = true;                      // ~/.netrc may be asked
  std::optional<std::string> netrc_file;  // instead of it
  Login anonymous;
};

// Throws Failure: usage when no password can be had, interrupted when the prompt was.
Login find_login(const LoginRequest& request);

// The password in FTPFS_PASSWORD, or in the file that FTPFS_PASSWORD_FILE names. Both are gone afterwards,
// from /proc/PID/environ as well.
std::optional<std::string> take_environment_password();

// A file's text, or nothing when there is no such file.
struct SecretFile {
  std::string text;
  bool exposed = false;  // somebody else owns it or may read it
};
std::optional<SecretFile> read_secret_file(const std::string& path);

// Is there a terminal, and so a person to ask?
bool can_prompt() noexcept;

// Asks on the terminal `tty` without echo. Throws Failure(interrupted) on Ctrl-C and on end of input.
std::string prompt_password(int tty, std::string_view prompt);

}  // namespace ftpfs::cli
