// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/credentials.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/password.hpp>
#include <ftpfs/cli/spelling.hpp>

namespace ftpfs::cli {
namespace {

using Field = std::optional<std::string> Credentials::*;

constexpr auto fields = std::to_array<std::pair<std::string_view, Field>>({
    {"username", &Credentials::username},
    {"user", &Credentials::username},
    {"password", &Credentials::password},
    {"account", &Credentials::account},
    {"key_password", &Credentials::key_password},
    {"proxy_username", &Credentials::proxy_username},
    {"proxy_password", &Credentials::proxy_password},
});

// Lines of the same file that only mount.cifs(8) has a use for.
constexpr std::string_view names_of_cifs[] = {"domain", "workgroup", "dom"};

bool is_of_cifs(std::string_view name) {
  for (const std::string_view known : names_of_cifs) {
    if (name == known) return true;
  }
  return false;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

[[noreturn]] void refuse_name(std::string_view name, const std::string& where) {
  std::array<std::string_view, fields.size()> known;
  for (std::size_t i = 0; i < known.size(); ++i) known[i] = fields[i].first;
  const std::string_view hint = nearest(name, known);
  cli::refuse(fmt::format(
      "{}: there is no '{}'{}", where, escaped(name),
      hint.empty() ? "; see CREDENTIALS in ftpfs(1)" : fmt::format("; did you mean '{}'?", hint)));
}

void take_line(std::string_view line, const std::string& where, Credentials& into) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (trimmed(line).empty() || trimmed(line).starts_with('#')) return;
  const std::size_t equals = line.find('=');
  if (equals == line.npos)
    cli::refuse(fmt::format("{}: not of the form name=value", where));  // may be a password
  const std::string_view name = trimmed(line.substr(0, equals));
  for (const auto& [known, field] : fields) {
    if (name != known) continue;
    into.*field = line.substr(equals + 1);
    return;
  }
  if (!is_of_cifs(name)) refuse_name(name, where);
}

struct SecretLines {
  std::string path;
  std::string text;
};

SecretLines read_named(const std::string& path) {
  auto file = read_secret_file(path);
  if (!file) cli::refuse(fmt::format("credentials={}: no such file", path));
  if (file->exposed) cli::refuse(fmt::format("credentials={}: others can read it: chmod 600 it", path));
  return {path, std::move(file->text)};
}

std::optional<SecretLines> read_of_service() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') return std::nullopt;
  const std::string path = fmt::format("{}/ftpfs.credentials", directory);
  auto file = read_secret_file(path);
  if (!file) return std::nullopt;
  if (file->exposed) cli::refuse(fmt::format("{}: others can read it", path));
  return SecretLines{path, std::move(file->text)};
}

// A password belongs to the user it came with.
void take_login(Settings& settings, Credentials& found, const std::string& path) {
  if (found.username && settings.user && *found.username != *settings.user) {
    cli::refuse(fmt::format("{} is about user '{}', but SOURCE or an option names '{}'", path,
                            escaped(*found.username), escaped(*settings.user)));
  }
  if (!settings.user) settings.user = std::move(found.username);
  if (!settings.password && !settings.password_stdin) settings.password = std::move(found.password);
  if (settings.ftp.account.empty()) settings.ftp.account = std::move(found.account).value_or("");
}

// Without a name beside it, it is for whom SOURCE or an option names, as FTPFS_PROXY_PASSWORD is.
void take_proxy_login(ProxyRequest& proxy, Credentials& found) {
  if (!found.proxy_username) {
    proxy.password_of_any = std::move(found.proxy_password).value_or("");
    return;
  }
  if (proxy.user.empty()) proxy.user = *found.proxy_username;
  if (proxy.user == found.proxy_username && proxy.password.empty())
    proxy.password = std::move(found.proxy_password).value_or("");
}

}  // namespace

Credentials parse_credentials(std::string_view text, std::string_view path) {
  Credentials found;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    take_line(line, fmt::format("{}, line {}", path, number), found);
  }
  return found;
}

void settle_credentials(Settings& settings) {
  const std::optional<SecretLines> file =
      settings.credentials ? read_named(*settings.credentials) : read_of_service();
  if (!file) return;
  Credentials found = parse_credentials(file->text, file->path);
  take_login(settings, found, file->path);
  take_proxy_login(settings.proxy, found);
  if (found.key_password) settings.ftp.tls_policy.key_password = *std::move(found.key_password);
}

}  // namespace ftpfs::cli
