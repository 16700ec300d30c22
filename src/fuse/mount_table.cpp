// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/fuse/mount_table.hpp>

namespace ftpfs::fuse {
namespace {

// The kernel writes blank, tab, newline, '#' and backslash as \ooo (proc_pid_mountinfo(5)).
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// What stands before the next `end`, which goes with it. Only these divide: what else the library takes for
// white space (\r, \v, \f) the kernel leaves in names as it is.
std::string_view cut(std::string_view& text, char end) {
  const std::string_view field = text.substr(0, text.find(end));
  text.remove_prefix(std::min(field.size() + 1, text.size()));
  return field;
}

// Not by a stream of the library, which would leave the descriptor to whatever program is run meanwhile.
std::string read_mountinfo(const std::string& process) {
  const UniqueFd file(::open(("/proc/" + process + "/mountinfo").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 16 * 1024> piece;
  for (;;) {
    const ::ssize_t size = ::read(file.get(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
}

std::string mount_namespace_of(const std::string& process) {
  std::error_code failure;
  return std::filesystem::read_symlink("/proc/" + process + "/ns/mnt", failure).string();
}

}  // namespace

std::vector<MountEntry> parse_mounts(std::string_view mountinfo) {
  std::vector<MountEntry> found;
  while (!mountinfo.empty()) {
    std::string_view line = cut(mountinfo, '\n');
    // 36 35 98:0 /root /mountpoint options... [tags...] - type source super-options
    cut(line, ' ');
    cut(line, ' ');
    MountEntry one;
    one.device = cut(line, ' ');
    cut(line, ' ');
    one.mountpoint = unescaped(cut(line, ' '));
    while (!line.empty() && cut(line, ' ') != "-") {
    }
    one.type = cut(line, ' ');
    if (one.type.empty()) continue;
    one.source = unescaped(cut(line, ' '));
    one.options = cut(line, ' ');
    found.push_back(std::move(one));
  }
  return found;
}

std::vector<MountEntry> all_mounts() {
  const std::string text = read_mountinfo("self");
  return parse_mounts(text);
}

// The device alone does not tell: the kernel gives its number to the next file system when this one is gone.
std::optional<::pid_t> who_else_has(const MountEntry& mount) {
  const std::string ours = mount_namespace_of("self");
  const auto is_the_same = [&](const MountEntry& one) {
    return one.device == mount.device && one.type == mount.type && one.source == mount.source;
  };
  std::error_code failure;
  for (std::filesystem::directory_iterator entry("/proc", failure), end; entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename();
    if (name.find_first_not_of("0123456789") != name.npos) continue;
    const std::string theirs = mount_namespace_of(name);
    if (theirs.empty() || theirs == ours) continue;  // empty: it has ended, or is not ours to see
    if (std::ranges::any_of(parse_mounts(read_mountinfo(name)), is_the_same)) return std::stoi(name);
  }
  return std::nullopt;
}

namespace {

std::optional<MountEntry> last_at(std::vector<MountEntry> mounts, std::string_view mountpoint) {
  std::optional<MountEntry> topmost;
  for (MountEntry& each : mounts) {
    if (each.mountpoint == mountpoint) topmost = std::move(each);
  }
  return topmost;
}

}  // namespace

std::optional<MountEntry> topmost_mount(std::string_view mountinfo, std::string_view mountpoint) {
  return last_at(parse_mounts(mountinfo), mountpoint);
}

std::optional<MountEntry> topmost_mount(std::string_view mountpoint) {
  return last_at(all_mounts(), mountpoint);
}

}  // namespace ftpfs::fuse
