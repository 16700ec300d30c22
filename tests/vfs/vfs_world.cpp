// SPDX-License-Identifier: MIT
#include "vfs/vfs_world.hpp"

#include <fstream>
#include <random>
#include <sstream>
#include <system_error>

#include <stdlib.h>
#include <unistd.h>

namespace ftpfs::test {

VfsWorld::VfsWorld() {
  std::string name = (std::filesystem::temp_directory_path() / "ftpfs-vfs-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
  spool_ = name;
  config_.spool_directory = (spool_ / "spool").string();
  config_.uid = ::getuid();
  config_.gid = ::getgid();
}

VfsWorld::~VfsWorld() {
  client_.reset();
  fs_.reset();
  settle(io_);  // what the Vfs had going on must end by itself
  std::filesystem::remove_all(spool_);
}

vfs::Vfs& VfsWorld::fs() {
  if (!fs_) {
    fs_ = std::make_unique<vfs::Vfs>(io_.get_executor(), remote_, clock_,
                                     make_logger(LogSink::none, spdlog::level::off), config_);
  }
  return *fs_;
}

Client& VfsWorld::client() {
  if (!client_) client_.emplace(io_, fs());
  return *client_;
}

void VfsWorld::advance(Clock::duration step) {
  clock_.advance(step);
  settle(io_);
}

std::vector<std::string> VfsWorld::kept_in_spool() const {
  std::vector<std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(config_.spool_directory)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    contents.push_back(text.str());
  }
  return contents;
}

std::string VfsWorld::pattern(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8);
  return bytes;
}

}  // namespace ftpfs::test
