// SPDX-License-Identifier: MIT
#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>
#include <ftpfs/cli/password.hpp>
#include <ftpfs/proto/url.hpp>

namespace ftpfs::cli {
namespace {

proto::Target parse_target(const std::string& source) {
  try {
    return proto::parse_source(source);
  } catch (const std::invalid_argument& error) {
    throw Failure(ExitStatus::usage, error.what());
  }
}

// ftp:// leaves it to the option; the other schemes are promises that an option may repeat, not break.
ftp::TlsMode tls_mode(proto::Scheme scheme, std::optional<ftp::TlsMode> wanted) {
  using enum ftp::TlsMode;
  if (scheme == proto::Scheme::ftp) return wanted.value_or(automatic);
  const ftp::TlsMode promised = scheme == proto::Scheme::ftps ? implicit : require;
  if (wanted.value_or(promised) == promised) return promised;
  throw Failure(ExitStatus::usage, scheme == proto::Scheme::ftps
                                       ? "ftps:// means tls=implicit; write ftp:// for another tls="
                                       : "ftpes:// means tls=require; write ftp:// for another tls=");
}

std::uint16_t default_port(ftp::TlsMode mode) {
  return mode == ftp::TlsMode::implicit ? 990 : 21;
}

std::vector<std::string> complaints(const Settings& settings) {
  std::vector<std::string> found;
  const auto require = [&](bool holds, const char* text) {
    if (!holds) found.emplace_back(text);
  };
  using std::chrono::milliseconds;
  require(settings.ftp.timeout > milliseconds::zero(), "timeout must be more than 0");
  require(settings.ftp.connect_timeout > milliseconds::zero(), "connect_timeout must be more than 0");
  const std::size_t readahead = settings.vfs.readahead_bytes.value_or(64u << 10);
  require(readahead >= 64u << 10, "readahead must be 64K at least");
  require(readahead <= 1u << 30, "readahead must be 1G at most");
  require(!(settings.mount.allow_other && settings.mount.allow_root),
          "allow_other and allow_root exclude each other");
  require(settings.ftp.tls_policy.min <= settings.ftp.tls_policy.max, "tls_min is above tls_max");
  require(settings.ftp.tls_policy.key.empty() || !settings.ftp.tls_policy.certificate.empty(),
          "key= needs cert=");
  require(!(settings.ftp.active.on && settings.ftp.trust_pasv_ip),
          "active and trust_pasv_ip exclude each other");
  require(!settings.user || !settings.user->empty(), "the user name is empty");
  require(!(settings.password && settings.password_stdin),
          "there is a password already, password_stdin adds another");
  return found;
}

// The key that proves who we are: a secret as any other. Without key= it is in the certificate's file.
void require_secret_key(const net::TlsPolicy& policy) {
  const std::string& path = policy.key.empty() ? policy.certificate : policy.key;
  if (path.empty()) return;
  const std::optional<SecretFile> file = read_secret_file(path);
  if (file && file->exposed)
    throw Failure(ExitStatus::usage, fmt::format("{}: others can read the key: chmod 600 it", path));
}

// The daemon stands elsewhere when it reads them.
void make_absolute(net::TlsPolicy& policy) {
  for (std::string* const file : {&policy.ca_file, &policy.ca_path, &policy.certificate, &policy.key})
    if (!file->empty()) *file = std::filesystem::absolute(*file).string();
}

}  // namespace

void complete(Settings& settings) {
  const proto::Target target = parse_target(settings.source);
  // As fstab has it, so that `mount -a` sees that it is mounted; without a password, that is.
  if (settings.invocation == Invocation::mount_helper && settings.mount.fsname.empty() && !target.password)
    settings.mount.fsname = settings.source;
  settings.source.clear();
  settings.ftp.host = target.host;
  settings.ftp.directory = target.directory;
  settings.ftp.tls = tls_mode(target.scheme, settings.tls);
  settings.ftp.port = settings.port.value_or(target.port != 0 ? target.port : default_port(settings.ftp.tls));
  settings.ftp.may_be_away = !settings.connect_first;
  if (settings.ftp.waits_for_server()) settings.vfs.line_may_die = 4;  // it may go away again
  settings.vfs.hard = settings.ftp.retry_for == std::chrono::milliseconds::max();
  if (target.password)
    settings.warnings.emplace_back("a password in SOURCE can be seen by others for a moment");
  if (!settings.user) settings.user = target.user;
  // A password belongs to the user it came with.
  if (!settings.password && settings.user == target.user) settings.password = target.password;

  make_absolute(settings.ftp.tls_policy);
  const std::vector<std::string> found = complaints(settings);
  if (!found.empty()) throw Failure(ExitStatus::usage, fmt::format("{}", fmt::join(found, "; ")));
  require_secret_key(settings.ftp.tls_policy);
}

// Colon included: df and file managers take it for the mark of a network mount.
std::string mount_name(const ftp::FtpConfig& config) {
  const bool brackets = config.host.find(':') != std::string::npos;
  std::string name = brackets ? fmt::format("{}@[{}]:{}", config.user, config.host, config.directory)
                              : fmt::format("{}@{}:{}", config.user, config.host, config.directory);
  std::ranges::replace_if(
      name, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
  return name;
}

}  // namespace ftpfs::cli
