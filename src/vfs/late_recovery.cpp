// SPDX-License-Identifier: MIT
// What mounts that died have left, one after the other, and what becomes of it while the server is away: it
// is brought there when the server answers, and before anybody sees what the server has instead.
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr std::chrono::seconds between_attempts{5};  // they fail at once while the server is known to be away

}  // namespace

void Vfs::Impl::find_left_over() {
  if (!spool) return;
  if (spool->after_another()) remote.beware_of_late_commands();
  for (Remains& remains : find_remains(*spool, config, logger)) {
    if (remains.record.temporary) hidden.hide(*remains.record.temporary);  // until its turn to be removed
    left_over.push_back(std::move(remains));
  }
  if (!left_over.empty()) directories.drop(nodes.root());  // may have been listed before they were hidden
}

awaitable<void> Vfs::Impl::recover(std::stop_token stop) {
  find_left_over();
  try {
    co_await recover_left_over(stop);
  } catch (const Cancelled&) {
    throw;
  } catch (const Error& error) {
    logger->warn("{} files of an earlier mount wait for the server: {}", left_over.size(),
                 escaped(error.what()));
  }
  if (!left_over.empty()) tasks.spawn(recover_again(this));
}

void Vfs::Impl::recover_later() {
  find_left_over();
  if (!left_over.empty()) tasks.spawn(recover_again(this));
}

// When the line dies, or we are let in no more, the rest stays as it is. Nothing is looked at before the last
// command of the mount that died has arrived: its STOR could empty again what we have brought there.
awaitable<void> Vfs::Impl::recover_left_over(std::stop_token stop) {
  if (!left_over.empty()) co_await remote.settle(stop);
  while (!left_over.empty()) {
    Remains* const one = &left_over.front();
    try {
      co_await recover_one(one, stop);
    } catch (const ConnectionLost&) {
      throw;
    } catch (const NotAdmitted&) {
      throw;
    } catch (const Cancelled&) {
      throw;
    } catch (const std::exception& error) {
      logger->error("{} is not on the server yet: {}. The next mount will try again, from {}",
                    escaped(one->record.path.str()), error.what(), one->entry.folder->path());
    }
    left_over.pop_front();
  }
}

awaitable<void> Vfs::Impl::recover_again(Impl* self) {
  const std::stop_token stop = self->tasks.stop_token();
  while (!self->left_over.empty()) {
    try {
      co_await self->recovered(stop);
    } catch (const Cancelled&) {
      co_return;
    } catch (const Error& error) {
      self->logger->debug("what an earlier mount has left waits: {}", escaped(error.what()));
    }
    if (self->left_over.empty()) co_return;
    const Clock::time_point next = self->clock.now() + between_attempts;
    Clock& time = self->clock;
    co_await time.sleep_until(next, stop);
  }
}

// One attempt serves everybody who waits; it goes on when they have left.
awaitable<void> Vfs::Impl::recovered(std::stop_token stop) {
  if (left_over.empty()) co_return;
  const unsigned before = recovery_attempts;
  if (!std::exchange(recovering, true)) tasks.spawn(try_to_recover(this));
  while (recovery_attempts == before) co_await recovery_tried.wait(stop);
  if (!left_over.empty() && recovery_failure) std::rethrow_exception(recovery_failure);
}

awaitable<void> Vfs::Impl::try_to_recover(Impl* self) {
  const std::stop_token stop = self->tasks.stop_token();
  self->recovery_failure = nullptr;
  try {
    co_await self->recover_left_over(stop);
  } catch (...) {
    self->recovery_failure = std::current_exception();
  }
  self->recovering = false;
  ++self->recovery_attempts;
  self->recovery_tried.wake_all();
}

// At the end of the mount: by name, what nobody could be asked about.
std::vector<std::string> Vfs::Impl::leave_left_over() {
  std::vector<std::string> paths;
  for (const Remains& remains : left_over) {
    logger->error(
        "{} is not on the server yet: there was nobody to take it. The next mount will send it, from {}",
        escaped(remains.record.path.str()), remains.entry.folder->path());
    paths.push_back(remains.record.path.str());
  }
  return paths;
}

}  // namespace ftpfs::vfs
