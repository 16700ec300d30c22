// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/hash.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/home.hpp>
#include <ftpfs/cli/spool.hpp>

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(ExitStatus status, const fs::path& path, std::string_view why) {
  throw Failure(status, fmt::format("spool directory {}: {}", path.string(), why), {}, errno);
}

void make_private(const fs::path& path) {
  std::string so_far;
  for (const fs::path& part : path) {
    so_far = (fs::path(so_far) / part).string();
    if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST) {
      const int reason = errno;
      struct ::stat found {};
      if (::stat(so_far.c_str(), &found) != 0) refuse(ExitStatus::local_files, path, ::strerror(reason));
    }
  }
}

void require_private(const fs::path& path) {
  struct ::stat found {};
  if (::lstat(path.c_str(), &found) != 0) refuse(ExitStatus::local_files, path, ::strerror(errno));
  if (!S_ISDIR(found.st_mode)) refuse(ExitStatus::local_files, path, "not a directory");
  if (found.st_uid != ::geteuid()) refuse(ExitStatus::local_files, path, "belongs to another user");
  if ((found.st_mode & 0022) != 0) refuse(ExitStatus::local_files, path, "others may write to it");
}

}  // namespace

bool is_inside(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

std::string default_spool_base() {
  if (::geteuid() == 0) return "/var/lib/ftpfs";
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state == '/') return std::string(state) + "/ftpfs";
  if (const auto home = home_directory()) return *home + "/.local/state/ftpfs";
  throw Failure(ExitStatus::local_files, "no home directory to keep the spool in: give spool_dir=DIR");
}

std::string spool_folder_name(const ftp::FtpConfig& config) {
  const auto safe = [](std::string text) {
    const auto harmless = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
    std::ranges::replace_if(
        text, [&](char c) { return c != '.' && !harmless(static_cast<unsigned char>(c)); }, '_');
    return text.substr(0, 60);
  };
  return fmt::format("{}@{}-{:016x}", safe(config.user), safe(config.host), fnv1a(spool_source(config)));
}

std::string spool_source(const ftp::FtpConfig& config) {
  return fmt::format("{}\n{}\n{}\n{}", config.user, config.host, config.port, config.directory);
}

std::string prepare_spool(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(base), error);
  if (error) refuse(ExitStatus::local_files, base, error.message());
  if (!mountpoint.empty() && is_inside(path, mountpoint))
    refuse(ExitStatus::usage, path, "lies inside the mountpoint");
  make_private(path);
  require_private(path);
  return (path / spool_folder_name(config)).string();
}

}  // namespace ftpfs::cli
