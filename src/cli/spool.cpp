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

struct Folder {
  std::string_view what;  // "spool directory"
  fs::path path;
};

[[noreturn]] void refuse(ExitStatus status, const Folder& folder, std::string_view why) {
  throw Failure(status, fmt::format("{} {}: {}", folder.what, folder.path.string(), why), {}, errno);
}

void make_private(const Folder& folder) {
  std::string so_far;
  for (const fs::path& part : folder.path) {
    so_far = (fs::path(so_far) / part).string();
    if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST) {
      const int reason = errno;
      struct ::stat found {};
      if (::stat(so_far.c_str(), &found) != 0) refuse(ExitStatus::local_files, folder, ::strerror(reason));
    }
  }
}

void require_private(const Folder& folder) {
  struct ::stat found {};
  if (::lstat(folder.path.c_str(), &found) != 0) refuse(ExitStatus::local_files, folder, ::strerror(errno));
  if (!S_ISDIR(found.st_mode)) refuse(ExitStatus::local_files, folder, "not a directory");
  if (found.st_uid != ::geteuid()) refuse(ExitStatus::local_files, folder, "belongs to another user");
  if ((found.st_mode & 0022) != 0) refuse(ExitStatus::local_files, folder, "others may write to it");
}

// Makes `base`, and names this mount's folder in it.
std::string prepare(std::string_view what, const std::string& base, const ftp::FtpConfig& config,
                    const std::string& mountpoint) {
  std::error_code error;
  const Folder folder{what, fs::weakly_canonical(fs::absolute(base), error)};
  if (error) refuse(ExitStatus::local_files, {what, base}, error.message());
  if (!mountpoint.empty() && is_inside(folder.path, mountpoint))
    refuse(ExitStatus::usage, folder, "lies inside the mountpoint");
  make_private(folder);
  require_private(folder);
  return (folder.path / spool_folder_name(config)).string();
}

// Of the user, by the variable of the XDG base directories or its default below home.
std::string base_of_user(const char* variable, std::string_view in_home, std::string_view what,
                         std::string_view option) {
  const char* const directory = std::getenv(variable);
  if (directory != nullptr && *directory == '/') return std::string(directory) + "/ftpfs";
  if (const auto home = home_directory()) return fmt::format("{}/{}/ftpfs", *home, in_home);
  throw Failure(ExitStatus::local_files,
                fmt::format("no home directory to keep the {} in: give {}=DIR", what, option));
}

}  // namespace

bool is_inside(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] = std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

std::string default_spool_base() {
  if (::geteuid() == 0) return "/var/lib/ftpfs";
  return base_of_user("XDG_STATE_HOME", ".local/state", "spool", "spool_dir");
}

std::string default_cache_base() {
  if (::geteuid() == 0) return "/var/cache/ftpfs";
  return base_of_user("XDG_CACHE_HOME", ".cache", "cache", "cache_dir");
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
  return prepare("spool directory", base, config, mountpoint);
}

std::string prepare_cache(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint) {
  return prepare("cache directory", base, config, mountpoint);
}

}  // namespace ftpfs::cli
