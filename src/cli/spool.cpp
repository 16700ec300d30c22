// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
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
  std::string_view option;
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

// Of the user alone, or root's. Where everybody has one, a umask of 002 is usual (pam_umask(8), usergroups),
// and with it a home that the group may write to.
bool is_private_group(::gid_t number) {
  const ::group* const group = ::getgrgid(number);
  const ::passwd* const user = ::getpwuid(::geteuid());
  if (group == nullptr || user == nullptr) return false;
  const std::string_view name = user->pw_name;
  if (number != 0 && name != group->gr_name) return false;
  for (char** member = group->gr_mem; *member != nullptr; ++member)
    if (*member != name && *member != std::string_view("root")) return false;
  return true;
}

bool others_may_write(const struct ::stat& found) {
  if ((found.st_mode & 0002) != 0) return true;
  return (found.st_mode & 0020) != 0 && !is_private_group(found.st_gid);
}

// Our own, or of the system: root's, also root's of another user namespace or of an NFS server, whom the
// kernel calls 65534.
bool is_of_trusted_user(const struct ::stat& found) {
  return found.st_uid == ::geteuid() || found.st_uid == 0 || found.st_uid == 65534;
}

// Whoever may write to a directory on the way could put another in the place of what lies in it. In one with
// the sticky bit, as /tmp has it, that can only be done to one's own.
void require_safe_way(const Folder& folder, const fs::path& path) {
  fs::path so_far;
  for (const fs::path& part : path) {
    so_far /= part;
    struct ::stat found {};
    if (::lstat(so_far.c_str(), &found) != 0) return;  // from here on we make it
    const bool is_last = so_far == path;
    if (is_last && !S_ISLNK(found.st_mode)) return;  // require_private
    const std::string advice =
        fmt::format("could put another in its place: give another {}=DIR", folder.option);
    if (!is_of_trusted_user(found))
      refuse(ExitStatus::local_files, folder,
             fmt::format("the owner of {}, who is another user, {}", so_far.string(), advice));
    if (S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) == 0 && others_may_write(found))
      refuse(ExitStatus::local_files, folder,
             fmt::format("others may write to {} and {}, or chmod go-w that one", so_far.string(), advice));
  }
}

void require_private(const Folder& folder) {
  struct ::stat found {};
  if (::lstat(folder.path.c_str(), &found) != 0) refuse(ExitStatus::local_files, folder, ::strerror(errno));
  if (!S_ISDIR(found.st_mode)) refuse(ExitStatus::local_files, folder, "not a directory");
  if (found.st_uid != ::geteuid()) refuse(ExitStatus::local_files, folder, "belongs to another user");
  if (others_may_write(found))
    refuse(ExitStatus::local_files, folder, "others may write to it: chmod go-w it");
}

// Makes `folder`, and names this mount's one in it.
std::string prepare(Folder folder, const ftp::FtpConfig& config, const std::string& mountpoint) {
  std::error_code error;
  const fs::path as_given = fs::absolute(folder.path);
  folder.path = fs::weakly_canonical(as_given, error);
  if (error) refuse(ExitStatus::local_files, {folder.what, folder.option, as_given}, error.message());
  if (!mountpoint.empty() && is_inside(folder.path, mountpoint))
    refuse(ExitStatus::usage, folder, "lies inside the mountpoint");
  require_safe_way(folder, as_given);  // the links, and where they lie
  require_safe_way(folder, folder.path);
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

std::string boot_id() {
  std::string id;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::getline(file, id);
  return id;
}

std::string spool_source(const ftp::FtpConfig& config) {
  return fmt::format("{}\n{}\n{}\n{}", config.user, config.host, config.port, config.directory);
}

std::string prepare_spool(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint) {
  return prepare({"spool directory", "spool_dir", base}, config, mountpoint);
}

std::string prepare_cache(const std::string& base, const ftp::FtpConfig& config,
                          const std::string& mountpoint) {
  return prepare({"cache directory", "cache_dir", base}, config, mountpoint);
}

}  // namespace ftpfs::cli
