// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/spool.hpp>

namespace ftpfs::vfs {
namespace {

std::string numbered(const std::string& directory, int number) {
  return number == 1 ? directory : fmt::format("{}.{}", directory, number);
}

}  // namespace

Spool::Spool(const std::string& directory) {
  int number = 1;
  for (; !own_ && number <= most_folders; ++number) own_ = SpoolFolder::make(numbered(directory, number));
  if (!own_) throw Error(EBUSY, fmt::format("{} mounts use the spool directory {}", most_folders, directory));
  folders_.push_back(own_);
  for (; number <= most_folders; ++number) {
    if (auto left = SpoolFolder::open(numbered(directory, number))) folders_.push_back(std::move(left));
  }
}

bool Spool::after_another() const noexcept {
  return std::ranges::any_of(folders_, [](const auto& folder) { return folder->was_there(); });
}

}  // namespace ftpfs::vfs
