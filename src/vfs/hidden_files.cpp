// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/hidden_files.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::chrono::seconds until_next_attempt{
    5};  // they fail at once while the server is known to be away

}  // namespace

HiddenFiles::HiddenFiles(Remote& remote, Clock& clock, TaskSet& tasks, Logger logger)
    : remote_(remote), clock_(clock), tasks_(tasks), logger_(std::move(logger)) {}

HiddenFiles::Watch::Watch(std::shared_ptr<Past> past) : past_(std::move(past)), since_(past_->count) {
  past_->listings.insert(since_);
}

HiddenFiles::Watch::~Watch() {
  auto& [count, lately, listings] = *past_;
  listings.erase(listings.find(since_));
  std::erase_if(lately,
                [&past = listings](const auto& one) { return past.empty() || one.second < *past.begin(); });
}

void HiddenFiles::unhide(const Path& path) {
  if (hidden_.erase(path) > 0 && !past_->listings.empty()) past_->lately[path] = past_->count++;
}

bool HiddenFiles::contains(const Path& path, const Watch& listing) const {
  const auto found = past_->lately.find(path);
  return hidden_.contains(path) || (found != past_->lately.end() && found->second >= listing.since_);
}

bool HiddenFiles::any_in(const Path& directory, const Watch& listing) const {
  const auto in = [&](const Path& path) { return path.parent() == directory; };
  return std::ranges::any_of(hidden_, in) || std::ranges::any_of(past_->lately, [&](const auto& one) {
           return one.second >= listing.since_ && in(one.first);
         });
}

void HiddenFiles::remove(const Path& path) {
  if (leaving_.insert(path).second) tasks_.spawn(remove_now(this, path));
}

// Between two attempts nobody waits for it: a directory that it lies in can be asked for, and refuses to go.
awaitable<void> HiddenFiles::remove_now(HiddenFiles* self, Path path) {
  const std::stop_token stop = self->tasks_.stop_token();
  for (bool away = true; away;) {
    self->leaving_.insert(path);
    away = co_await try_to_remove(self, path);
    self->leaving_.erase(path);
    if (!away) self->unhide(path);
    self->left_.wake_all();
    if (!away) co_return;
    const Clock::time_point next = self->clock_.now() + until_next_attempt;
    try {
      co_await self->clock_.sleep_until(next, stop);
    } catch (const Cancelled&) {
      self->logger_->warn("{} was left on the server, which is away", escaped(path.str()));
      co_return;
    }
  }
}

// False: it is gone, or never will be. True: the line died.
awaitable<bool> HiddenFiles::try_to_remove(HiddenFiles* self, Path path) {
  const std::stop_token never;
  Remote& remote = self->remote_;
  try {
    co_await remote.remove_file(path, never);
  } catch (const ConnectionLost& error) {
    self->logger_->info("{} is still on the server: {}", escaped(path.str()), error.what());
    co_return true;
  } catch (const Error& error) {
    if (error.code() != ENOENT)
      self->logger_->warn("{} was left on the server: {}", escaped(path.str()), error.what());
  }
  co_return false;
}

awaitable<void> HiddenFiles::removals_below(Path directory, std::stop_token stop) {
  const auto below = [&](const Path& path) { return path.is_below(directory); };
  while (std::any_of(leaving_.begin(), leaving_.end(), below)) co_await left_.wait(stop);
}

}  // namespace ftpfs::vfs
