// SPDX-License-Identifier: MIT
#include "mount/sandbox.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {
namespace {

void set_loopback(short flags) {
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = flags;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0)
    throw std::system_error(errno, std::generic_category(), "lo");
}

std::optional<std::string> enter() {
  if (::geteuid() != 0) return "not root";
  if (::access("/dev/fuse", R_OK | W_OK) != 0) return "no /dev/fuse";
  if (::unshare(CLONE_NEWNS | CLONE_NEWNET) != 0)
    return std::string("no namespaces: ") + std::strerror(errno);
  // Otherwise a mount made here would still appear outside.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "no private mounts";
  // Where mount(8) writes down what it was told: for all namespaces alike.
  ::mkdir("/run/mount", 0755);
  if (::mount("ftpfs-test", "/run/mount", "tmpfs", 0, nullptr) != 0) return "no tmpfs";
  set_loopback(IFF_UP | IFF_RUNNING);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> enter_sandbox() {
  static const std::optional<std::string> obstacle = enter();
  return obstacle;
}

BlackHole::BlackHole() {
  set_loopback(0);
}

BlackHole::~BlackHole() {
  set_loopback(IFF_UP | IFF_RUNNING);
}

std::uint64_t loopback_bytes() {
  std::ifstream devices("/proc/self/net/dev");
  for (std::string line; std::getline(devices, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t received = 0;
    if (fields >> name >> received && name == "lo:") return received;
  }
  throw std::runtime_error("no loopback interface");
}

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "ftpfs-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
  if (::mount("ftpfs-test", name.c_str(), "tmpfs", 0, "mode=755") != 0) {
    throw std::system_error(errno, std::generic_category(), "tmpfs on " + name);
  }
}

Scratch::~Scratch() {
  ::umount2(path_.c_str(), MNT_DETACH);
  ::rmdir(path_.c_str());
}

}  // namespace ftpfs::test
