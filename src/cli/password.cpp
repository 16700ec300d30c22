// SPDX-License-Identifier: MIT
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/environment.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/home.hpp>
#include <ftpfs/cli/netrc.hpp>
#include <ftpfs/cli/password.hpp>

namespace ftpfs::cli {
namespace {

// A command's line is not endless either, and what ends nowhere (/dev/zero) is no password.
constexpr std::size_t longest_password = 4096;
constexpr off_t longest_file = 1 << 20;

std::string read_all(int fd) {
  std::string text;
  char chunk[4096];
  ssize_t got = 0;
  while ((got = ::read(fd, chunk, sizeof chunk)) > 0) text.append(chunk, static_cast<std::size_t>(got));
  ::explicit_bzero(chunk, sizeof chunk);
  if (got < 0) throw Error(errno, std::strerror(errno));
  return text;
}

std::string first_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

// Byte by byte, so that what follows the line stays there for whoever shares our standard input.
std::string read_line_of_stdin() {
  std::string line;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    line += c;
    if (line.size() > longest_password) refuse("password_stdin: the first line is too long for a password");
  }
  return first_line(line);
}

std::optional<std::string> netrc_path(const LoginRequest& request) {
  if (request.netrc_file || !request.netrc) return request.netrc_file;
  const std::optional<std::string> home = home_directory();
  if (!home) return std::nullopt;
  return *home + "/.netrc";
}

std::optional<NetrcEntry> ask_netrc(const LoginRequest& request) {
  const std::optional<std::string> path = netrc_path(request);
  if (!path) return std::nullopt;
  const auto file = read_secret_file(*path);
  if (!file && request.netrc_file) refuse(fmt::format("netrc_file={}: no such file", *path));
  if (!file) return std::nullopt;
  auto entry = find_netrc_entry(file->text, request.host, request.user);
  if (entry && file->exposed)
    refuse(fmt::format("{} has the password, but others can read it: chmod 600 it", *path));
  return entry;
}

std::string ask_terminal(const LoginRequest& request) {
  const std::string& user = *request.user;
  if (!can_prompt()) {
    refuse(
        fmt::format("no password for user '{}': give credentials=FILE, password_stdin or FTPFS_PASSWORD_FILE",
                    escaped(user)));
  }
  return prompt_password(STDIN_FILENO,
                         fmt::format("Password for {}@{}: ", escaped(user), escaped(request.host)));
}

}  // namespace

bool can_prompt() noexcept {
  return ::isatty(STDIN_FILENO) != 0;
}

std::optional<SecretFile> read_secret_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::nullopt;
  struct ::stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) refuse(fmt::format("{}: {}", path, std::strerror(errno)));
  if (!S_ISREG(found.st_mode)) refuse(fmt::format("{}: not a regular file", path));
  if (found.st_size > longest_file) refuse(fmt::format("{}: too long for a file of secrets", path));
  const bool owned = found.st_uid == ::geteuid() || found.st_uid == 0;
  // A group may read what root shows it: that is how service managers hand out secrets.
  const mode_t forbidden = found.st_uid == 0 ? 0037 : 0077;
  return SecretFile{.text = read_all(file.get()), .exposed = !owned || (found.st_mode & forbidden) != 0};
}

std::optional<std::string> take_environment_password() {
  const auto password = take_variable("FTPFS_PASSWORD");
  const auto path = take_variable("FTPFS_PASSWORD_FILE");
  if (password || !path) return password;
  const auto file = read_secret_file(*path);
  if (!file) refuse(fmt::format("FTPFS_PASSWORD_FILE: {}: no such file", *path));
  if (file->exposed) refuse(fmt::format("FTPFS_PASSWORD_FILE: {}: others can read it: chmod 600 it", *path));
  return first_line(file->text);
}

Login find_login(const LoginRequest& request) {
  auto from_environment = take_environment_password();
  auto password = request.password;
  if (request.password_stdin) password = read_line_of_stdin();
  if (password && !request.user) refuse("there is a password, but no user name: USER@HOST, or username=NAME");
  if (!password && request.user) password = std::move(from_environment);
  if (password) return Login{.user = *request.user, .password = *std::move(password)};

  if (auto entry = ask_netrc(request))
    return Login{.user = entry->login, .password = entry->password, .account = entry->account};
  if (!request.user || *request.user == request.anonymous.user) return request.anonymous;
  return Login{.user = *request.user, .password = ask_terminal(request)};
}

}  // namespace ftpfs::cli
