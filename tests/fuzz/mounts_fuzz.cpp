// SPDX-License-Identifier: MIT
// /proc/self/mountinfo. Any text makes no more mounts than it has lines; and what anybody has mounted, under
// whatever name and as whatever it is called, is read as it is, and nothing else is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <ftpfs/fuse/mount_table.hpp>

#include "check.hpp"
#include "records.hpp"

namespace {

using namespace ftpfs::fuse;

void read(std::string_view text) {
  const auto mounts = parse_mounts(text);
  check(mounts.size() <= 1 + static_cast<std::size_t>(std::ranges::count(text, '\n')));
  for (const MountEntry& each : mounts) {
    check(!each.type.empty());
    const auto found = topmost_mount(text, each.mountpoint);
    check(found && found->mountpoint == each.mountpoint);
  }
}

// As show_mountinfo() of the kernel writes it: these characters, and no other.
std::string escaped_by_kernel(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view(" \t\n\\#").find(c) == std::string_view::npos)
      result += c;
    else
      result += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string without(std::string_view text, char unwanted) {
  std::string result(text);
  std::erase(result, unwanted);
  return result;
}

void write(std::string_view input) {
  ftpfs::fuzz::Records parts(input);
  const std::string mountpoint = "/" + without(parts.take(), '\0');
  const std::string source = without(parts.take(), '\0');
  const std::string root = "/" + without(parts.take(), '\0');
  const std::string line =
      fmt::format("36 35 0:52 {} {} rw,nosuid shared:7 - fuse.ftpfs {} rw,user_id=0\n",
                  escaped_by_kernel(root), escaped_by_kernel(mountpoint), escaped_by_kernel(source));
  const auto mounts = parse_mounts("21 20 0:5 / /proc rw - proc proc rw\n" + line);
  check(mounts.size() == 2 && mounts[0].mountpoint == "/proc" && mounts[0].type == "proc");
  const MountEntry& ours = mounts[1];
  check(ours.device == "0:52" && ours.type == "fuse.ftpfs" && ours.options == "rw,user_id=0");
  check(ours.mountpoint == mountpoint && ours.source == source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  write(text);
  return 0;
}
