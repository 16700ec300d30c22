// SPDX-License-Identifier: MIT
#include "held_transfer.hpp"

#include <algorithm>
#include <cerrno>

namespace ftpfs::ftp {

namespace {

// What a stream in use may do before somebody who waits takes its session: enough to be worth its round
// trips (with 1 MiB four readers on three sessions had half of the throughput of one, tests/bench).
constexpr std::uint64_t turn_bytes = 8 << 20;
constexpr std::chrono::milliseconds turn_time{250};
// And on a far server so many times what it took to begin, for the next one will take as long.
constexpr int turn_beginnings = 20;
constexpr std::chrono::seconds longest_turn{2};

}  // namespace

HeldTransfer::HeldTransfer(Lease lease, std::shared_ptr<Transfer> transfer)
    : lease_(std::move(lease)),
      transfer_(std::move(transfer)),
      context_(lease_->shared_context()),
      began_(context_->clock.now()),
      last_used_(began_) {}

void HeldTransfer::offer(Yields yields, Clock::duration beginning) {
  yields_ = yields;
  shortest_turn_ = std::min<Clock::duration>(turn_beginnings * beginning, longest_turn);
  const std::weak_ptr<HeldTransfer> self = weak_from_this();
  Yielder yielder;
  yielder.from = [self] {
    const auto held = self.lock();
    return held ? held->takable_from() : Clock::time_point::max();
  };
  yielder.yield = [self] {
    const auto held = self.lock();
    if (!held) return;
    held->revoked_ = true;
    held->drop();
  };
  lease_.offer(std::move(yielder));
}

void HeldTransfer::keep() noexcept {
  lease_.keep();
}

Clock::time_point HeldTransfer::takable_from() const noexcept {
  if (!busy_) return last_used_;
  if (yields_ == Yields::when_idle) return Clock::time_point::max();
  const Clock::time_point turn_ends = moved_ > turn_bytes ? began_ : began_ + turn_time;
  return std::max({turn_ends, began_ + shortest_turn_, context_->clock.now()});
}

std::shared_ptr<Transfer> HeldTransfer::begin() {
  if (revoked_) throw Revoked();
  if (!transfer_) throw ConnectionLost(EIO, "transfer is over");
  busy_ = true;
  return transfer_;
}

void HeldTransfer::end(std::size_t moved) noexcept {
  busy_ = false;
  moved_ += moved;
  if (!transfer_) return;
  last_used_ = context_->clock.now();
  lease_.reconsider();
}

void HeldTransfer::fail(std::exception_ptr failure) {
  drop();
  if (revoked_) throw Revoked();
  std::rethrow_exception(failure);
}

void HeldTransfer::complete() noexcept {
  completed_ = true;
  release();
}

void HeldTransfer::release() noexcept {
  transfer_.reset();
  lease_.release();
}

void HeldTransfer::drop() noexcept {
  if (!transfer_) return;
  transfer_->abort();
  if (lease_->alive()) {
    const std::string& path = transfer_->uploads_to();
    if (!path.empty()) context_->late_uploads.ending(path);
    context_->tasks.spawn(settle(std::move(lease_), std::move(transfer_)));
  } else {
    release();
  }
}

awaitable<void> HeldTransfer::settle(Lease lease, std::shared_ptr<Transfer> transfer) {
  const std::string path = transfer->uploads_to();
  const std::shared_ptr<SessionContext> context = lease->shared_context();
  co_await transfer->settle();
  transfer.reset();
  lease.release();
  if (!path.empty()) context->late_uploads.ended(path);
}

}  // namespace ftpfs::ftp
