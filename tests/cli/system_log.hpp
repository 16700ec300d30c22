// SPDX-License-Identifier: MIT
// A /dev for the test's own eyes, with a log in it that the test reads: what a daemon in the background says.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <ftpfs/base/fd.hpp>

namespace ftpfs::test {

class SystemLog {
 public:
  explicit SystemLog(const std::filesystem::path& dev) {
    std::filesystem::create_directory(dev);
    for (const auto& [name, major, minor] :
         {std::tuple("null", 1, 3), std::tuple("zero", 1, 5), std::tuple("random", 1, 8),
          std::tuple("urandom", 1, 9), std::tuple("fuse", 10, 229)})
      EXPECT_EQ(::mknod((dev / name).c_str(), S_IFCHR | 0666, ::makedev(major, minor)), 0);
    ::sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    (dev / "log").string().copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::mount(dev.c_str(), "/dev", nullptr, MS_BIND, nullptr), 0);
    reader_ = std::thread([this] { read(); });  // who logs waits for it
  }
  ~SystemLog() {
    end();
    ::umount2("/dev", MNT_DETACH);
  }
  SystemLog(const SystemLog&) = delete;
  SystemLog& operator=(const SystemLog&) = delete;

  // All that was said until now, a line each. Nothing more is heard.
  const std::string& text() {
    end();
    return text_;
  }

 private:
  void read() {
    std::array<char, 65536> line{};
    for (ssize_t size = 0; (size = ::recv(socket_.get(), line.data(), line.size(), 0)) > 0;)
      text_.append(line.data(), static_cast<std::size_t>(size)) += '\n';
  }
  void end() {
    ::shutdown(socket_.get(), SHUT_RD);
    if (reader_.joinable()) reader_.join();
  }

  UniqueFd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  std::string text_;
  std::thread reader_;
};

}  // namespace ftpfs::test
