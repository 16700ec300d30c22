// SPDX-License-Identifier: MIT
#include <algorithm>
#include <climits>
#include <deque>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include <ftpfs/base/log.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/locate.hpp>

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;
using Mounts = std::vector<fuse::MountEntry>;

bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

// What a path lies on: the mount that is nearest, and of those on one directory the last.
const fuse::MountEntry* mount_of(const std::string& path, const Mounts& mounts) {
  const fuse::MountEntry* nearest = nullptr;
  for (const fuse::MountEntry& each : mounts) {
    if (!is_at_or_below(path, each.mountpoint)) continue;
    if (!nearest || each.mountpoint.size() >= nearest->mountpoint.size()) nearest = &each;
  }
  return nearest;
}

bool is_ours(const std::string& path, const Mounts& mounts) {
  const fuse::MountEntry* const mount = mount_of(path, mounts);
  return mount && mount->type == "fuse.ftpfs";
}

std::optional<std::string> link_target(const std::string& path) {
  char target[PATH_MAX];
  const ssize_t size = ::readlink(path.c_str(), target, sizeof target);
  if (size < 0) return std::nullopt;
  return std::string(target, static_cast<std::size_t>(size));
}

void put_first(std::deque<std::string>& names, const fs::path& path) {
  std::deque<std::string> first;
  for (const fs::path& part : path.relative_path()) first.push_back(part.string());
  names.insert(names.begin(), first.begin(), first.end());
}

// Absolute, without "." and "..", and without symbolic links up to the first ftpfs mount on the way.
std::string resolved(const std::string& path, const Mounts& mounts) {
  constexpr int most_links = 40;  // as the kernel follows
  std::deque<std::string> names;
  put_first(names, fs::path(path).is_absolute() ? fs::path(path) : fs::current_path() / path);
  std::string so_far = "/";
  for (int links = 0; !names.empty();) {
    const std::string name = names.front();
    names.pop_front();
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      so_far = fs::path(so_far).parent_path();
      continue;
    }
    const std::string next = so_far == "/" ? "/" + name : so_far + "/" + name;
    const auto target = is_ours(next, mounts) ? std::nullopt : link_target(next);
    if (!target) {
      so_far = next;
      continue;
    }
    if (++links > most_links) break;
    put_first(names, *target);
    if (target->starts_with('/')) so_far = "/";
  }
  return so_far;
}

}  // namespace

std::optional<Located> locate(const std::string& path, const Mounts& mounts) {
  const std::string where = resolved(path, mounts);
  if (!is_ours(where, mounts)) return std::nullopt;
  Located found{mount_of(where, mounts)->mountpoint};
  if (where.size() > found.mountpoint.size())
    found.below = found.mountpoint == "/" ? where : where.substr(found.mountpoint.size());
  return found;
}

std::optional<Located> locate(const std::string& path) {
  return locate(path, fuse::all_mounts());
}

Located locate_or_refuse(const std::string& path) {
  std::optional<Located> found = locate(path);
  if (!found) cli::refuse(fmt::format("{}: no ftpfs is mounted there", escaped(path)));
  return *found;
}

Mounts ftpfs_mounts() {
  const Mounts all = fuse::all_mounts();
  Mounts ours;
  for (const fuse::MountEntry& each : all) {
    if (mount_of(each.mountpoint, all) == &each && each.type == "fuse.ftpfs") ours.push_back(each);
  }
  return ours;
}

}  // namespace ftpfs::cli
