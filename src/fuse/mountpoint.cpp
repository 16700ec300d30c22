// SPDX-License-Identifier: MIT
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/mountpoint.hpp>

namespace ftpfs::fuse {
namespace {

constexpr const char* own_type = "fuse.ftpfs";
constexpr const char* device_file = "/dev/fuse";
constexpr const char* fuse_conf = "/etc/fuse.conf";

[[noreturn]] void refuse(int code, const std::string& mountpoint, const std::string& why) {
  throw Error(code, "mountpoint " + escaped(mountpoint) + ": " + why);
}

std::string canonical(const std::string& mountpoint) {
  char resolved[PATH_MAX];
  if (::realpath(mountpoint.c_str(), resolved) == nullptr) {
    refuse(errno, mountpoint, errno == ENOENT ? "does not exist" : std::strerror(errno));
  }
  return resolved;
}

bool ftpfs_on_top(const std::string& mountpoint) {
  const auto mount = topmost_mount(mountpoint);
  return mount && mount->type == own_type;
}

// A living ftpfs stays; what a killed one left behind goes.
void clear_own_remains(const std::string& mountpoint, const Logger& logger) {
  while (ftpfs_on_top(mountpoint)) {
    if (!is_dead_mount(mountpoint)) refuse(EBUSY, mountpoint, "an ftpfs is mounted there already");
    if (!detach_mount(mountpoint))
      refuse(EBUSY, mountpoint, "holds a dead ftpfs mount that cannot be taken away");
    logger->info("took away the dead ftpfs mount on {}", escaped(mountpoint));
  }
}

void require_empty_directory(const std::string& mountpoint) {
  std::error_code failure;
  const bool directory = std::filesystem::is_directory(mountpoint, failure);
  if (failure) refuse(failure.value(), mountpoint, failure.message());
  if (!directory) refuse(ENOTDIR, mountpoint, "is not a directory");
  const bool empty = std::filesystem::is_empty(mountpoint, failure);
  if (failure) refuse(failure.value(), mountpoint, failure.message());
  if (!empty) refuse(ENOTEMPTY, mountpoint, "is not empty");
}

void require_permission(const MountConfig& config, const std::string& mountpoint) {
  struct ::stat status {};
  if (::stat(device_file, &status) != 0) {
    throw Error(ENODEV, "there is no /dev/fuse: load the fuse module (modprobe fuse)");
  }
  if (::geteuid() == 0) return;
  if (::access(mountpoint.c_str(), W_OK) != 0)
    refuse(EACCES, mountpoint, "mounting there needs write permission");
  if (!config.allow_other && !config.allow_root) return;
  std::ostringstream text;
  text << std::ifstream(fuse_conf).rdbuf();
  if (!permits_allow_other(text.str())) {
    throw Error(EPERM,
                "allow_other and allow_root need root, or the line user_allow_other in /etc/fuse.conf");
  }
}

std::string option_escaped(std::string_view value) {
  std::string escaped_value;
  for (const char c : value) {
    if (c == ',' || c == '\\') escaped_value += '\\';
    escaped_value += c;
  }
  return escaped_value;
}

}  // namespace

std::string prepare_mountpoint(const MountConfig& config, const Logger& logger) {
  std::string mountpoint = canonical(config.mountpoint);
  clear_own_remains(mountpoint, logger);
  require_empty_directory(mountpoint);
  require_permission(config, mountpoint);
  return mountpoint;
}

std::string mount_options(const MountConfig& config) {
  std::string options = "fsname=" + option_escaped(config.fsname) + ",subtype=ftpfs";
  options += ",max_read=" + std::to_string(config.max_request);
  const auto add = [&](bool wanted, const char* option) {
    if (wanted) options.append(",").append(option);
  };
  add(config.read_only, "ro");
  add(config.allow_other && !config.allow_root, "allow_other");
  add(config.allow_root, "allow_root");
  add(config.default_permissions, "default_permissions");
  add(true, config.suid ? "suid" : "nosuid");
  add(true, config.dev ? "dev" : "nodev");
  add(config.noexec, "noexec");
  return options;
}

bool permits_allow_other(std::string_view fuse_conf_text) {
  std::istringstream lines{std::string(fuse_conf_text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, more;
    if (words >> word && word == "user_allow_other" && !(words >> more)) return true;
  }
  return false;
}

bool is_dead_mount(const std::string& mountpoint) {
  struct ::stat status {};
  return ftpfs_on_top(mountpoint) && ::stat(mountpoint.c_str(), &status) != 0 && errno == ENOTCONN;
}

bool detach_mount(std::string mountpoint) noexcept {
  if (::umount2(mountpoint.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return true;
  char program[] = "fusermount3", unmount[] = "-uqz", end_of_options[] = "--";
  char* const arguments[] = {program, unmount, end_of_options, mountpoint.data(), nullptr};
  pid_t child = -1;
  if (::posix_spawnp(&child, program, nullptr, nullptr, arguments, environ) != 0) return false;
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0;
}

void raise_readahead(const std::string& device, std::size_t bytes) {
  std::ofstream("/sys/class/bdi/" + device + "/read_ahead_kb") << bytes / 1024;
}

}  // namespace ftpfs::fuse
