// SPDX-License-Identifier: MIT
#include "vfs/vfs_world.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
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
  config_.spool_source = "joe@server";
  config_.uid = ::getuid();
  config_.gid = ::getgid();
}

// As a mount ends: the server is well again, everything is saved or given up, nothing runs on.
VfsWorld::~VfsWorld() {
  remote_.recover();
  if (fs_) run(io_, fs_->shutdown(clock_.now() + std::chrono::seconds(1)));
  client_.reset();
  fs_.reset();
  settle(io_);
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
    if (!entry.is_regular_file() || entry.path().filename().string().starts_with(".record-")) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    contents.push_back(text.str());
  }
  return contents;
}

std::vector<std::string> VfsWorld::names_in_spool() const {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(config_.spool_directory, missing))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

void VfsWorld::unmount() {
  run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(1)));
  client_.reset();
  fs_.reset();
  settle(io_);
}

// The old mount ends on a copy, where it can do no harm, with a server that does not answer it.
void VfsWorld::crash() {
  const std::filesystem::path now = spool_ / std::to_string(++crashes_);
  std::filesystem::create_directory(now);
  for (const auto& entry : std::filesystem::directory_iterator(spool_)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("spool") && name != "cache") continue;
    const auto copy = now / entry.path().filename();
    std::filesystem::create_directory(copy);
    std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
    for (const auto& file : std::filesystem::directory_iterator(entry.path()))
      std::filesystem::copy_file(file.path(), copy / file.path().filename());
  }
  remote_.die();
  client_.reset();
  fs_.reset();
  settle(io_);
  remote_.recover();
  for (const auto& old : std::filesystem::directory_iterator(spool_)) {
    if (old.path() != now) std::filesystem::remove_all(old.path());
  }
  for (const auto& copy : std::filesystem::directory_iterator(now))
    std::filesystem::rename(copy.path(), spool_ / copy.path().filename());
  std::filesystem::remove(now);
}

void VfsWorld::remount() {
  run(io_, fs().recover({}));
  settle(io_);
}

std::size_t VfsWorld::open_stages() const {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;  // the iterator's own
    const std::string target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.starts_with(config_.spool_directory) && target.ends_with("(deleted)")) ++count;
  }
  return count;
}

std::string VfsWorld::pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed;
  for (std::size_t at = 0; at < size; at += sizeof(state)) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX generator
    const std::uint64_t mixed = state ^ (state >> 29);
    std::memcpy(bytes.data() + at, &mixed, std::min(sizeof(mixed), size - at));
  }
  return bytes;
}

}  // namespace ftpfs::test
