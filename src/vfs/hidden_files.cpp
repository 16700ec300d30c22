// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/hidden_files.hpp>

namespace ftpfs::vfs {

HiddenFiles::HiddenFiles(Remote& remote, TaskSet& tasks, Logger logger)
    : remote_(remote), tasks_(tasks), logger_(std::move(logger)) {}

bool HiddenFiles::any_in(const Path& directory) const {
  return std::any_of(hidden_.begin(), hidden_.end(),
                     [&](const Path& hidden) { return hidden.parent() == directory; });
}

void HiddenFiles::remove(const Path& path) {
  if (leaving_.insert(path).second) tasks_.spawn(remove_now(this, path));
}

awaitable<void> HiddenFiles::remove_now(HiddenFiles* self, Path path) {
  const std::stop_token never;
  Remote& remote = self->remote_;
  try {
    co_await remote.remove_file(path, never);
  } catch (const Error& error) {
    if (error.code() != ENOENT)
      self->logger_->warn("{} was left on the server: {}", escaped(path.str()), error.what());
  }
  self->unhide(path);
  self->leaving_.erase(path);
  self->left_.wake_all();
}

awaitable<void> HiddenFiles::removals_below(Path directory, std::stop_token stop) {
  const auto below = [&](const Path& path) { return path.is_below(directory); };
  while (std::any_of(leaving_.begin(), leaving_.end(), below)) co_await left_.wait(stop);
}

}  // namespace ftpfs::vfs
