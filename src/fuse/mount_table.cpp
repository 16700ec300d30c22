// SPDX-License-Identifier: MIT
#include <fstream>
#include <iterator>
#include <sstream>

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

}  // namespace

std::optional<MountEntry> topmost_mount(std::string_view mountinfo, std::string_view mountpoint) {
  std::optional<MountEntry> topmost;
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    // 36 35 98:0 /root /mountpoint options... [tags...] - type source super-options
    std::istringstream fields(line);
    std::string id, parent, device, root, where, field, type;
    fields >> id >> parent >> device >> root >> where;
    while (fields >> field && field != "-") {
    }
    fields >> type;
    // A mount on top of another one is listed after it.
    if (fields && unescaped(where) == mountpoint) topmost = MountEntry{device, type};
  }
  return topmost;
}

std::optional<MountEntry> topmost_mount(std::string_view mountpoint) {
  std::ifstream file("/proc/self/mountinfo");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return topmost_mount(text, mountpoint);
}

}  // namespace ftpfs::fuse
