// SPDX-License-Identifier: MIT
// statfs: never a reason to wait for long. Programs ask before they begin (cp, borg, Samba), and a file
// manager asks all the time.
#include <algorithm>
#include <utility>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr std::chrono::seconds worth_keeping{30};
constexpr std::chrono::seconds worth_waiting{1};
constexpr std::uint64_t block = 4096;
constexpr std::uint64_t made_up = 1ull << 40;  // large, finite: what programs that check first need

struct ::statvfs statistics(const Space& space) {
  struct ::statvfs result {};
  result.f_bsize = result.f_frsize = block;
  result.f_bfree = result.f_bavail = space.free / block;
  result.f_blocks = std::max(space.total.value_or(space.free), space.free) / block;
  result.f_files = result.f_ffree = result.f_favail = 1u << 30;
  result.f_namemax = 255;
  return result;
}

}  // namespace

std::optional<struct ::statvfs> Vfs::Impl::statfs_now() {
  if (config.statfs_size) return statistics({*config.statfs_size, std::nullopt});
  const bool due = !space_asked || clock.now() - *space_asked >= worth_keeping;
  if (due && !asking_space && remote.capabilities().tells_space) {
    asking_space = true;
    tasks.spawn(ask_space(this));
  }
  if (asking_space && !space_asked) return std::nullopt;
  return statistics(space.value_or(Space{made_up, std::nullopt}));
}

awaitable<void> Vfs::Impl::ask_space(Impl* self) {
  const std::stop_token stop = self->tasks.stop_token();
  Remote& server = self->remote;
  try {
    self->space = co_await server.space(stop);
  } catch (const Cancelled&) {
    throw;
  } catch (const std::exception& error) {  // also for want of memory it is asked again
    self->logger->debug("the server does not tell its free space: {}", error.what());
  }
  self->space_asked = self->clock.now();
  self->asking_space = false;
  self->space_told.wake_all();
}

awaitable<struct ::statvfs> Vfs::Impl::statfs(std::stop_token stop) {
  std::stop_source enough;
  const std::stop_callback on_stop(stop, [&enough] { enough.request_stop(); });
  TaskSet timer(executor, logger);
  timer.spawn(stop_at(clock, clock.now() + worth_waiting, enough, timer.stop_token()));
  try {
    const std::stop_token until = enough.get_token();
    while (asking_space && !space_asked) co_await space_told.wait(until);
  } catch (const Cancelled&) {
    if (stop.stop_requested()) throw;
  }
  co_return statistics(space.value_or(Space{made_up, std::nullopt}));
}

}  // namespace ftpfs::vfs
