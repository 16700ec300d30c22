// SPDX-License-Identifier: MIT
#include <new>
#include <vector>

#include <ftpfs/ftp/late_uploads.hpp>

namespace ftpfs::ftp {

void LateUploads::ended(const std::string& path) noexcept {
  const auto found = ending_.find(path);
  if (found != ending_.end()) ending_.erase(found);
  ended_.wake_all();
}

awaitable<void> LateUploads::none_ending(std::string path, std::stop_token stop) {
  while (ending_.contains(path)) co_await ended_.wait(stop);
}

void LateUploads::lost(const std::string& path) noexcept {
  try {
    doubtful_.put(path, true, 1);
  } catch (const std::bad_alloc&) {
    // The moment that LateCommands grants must do.
  }
}

void LateUploads::renamed(const std::string& from, const std::string& to) {
  doubtful_.erase(to);
  const std::string below = from + "/";
  std::vector<std::string> moved;
  doubtful_.for_each([&](const std::string& path, bool) {
    if (path == from || path.starts_with(below)) moved.push_back(path);
  });
  for (const std::string& path : moved) {
    doubtful_.erase(path);
    lost(to + path.substr(from.size()));
  }
}

}  // namespace ftpfs::ftp
