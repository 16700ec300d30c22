// SPDX-License-Identifier: MIT
// A running transfer with the session it occupies: what a Source and a Sink have in common. Shared with the
// operation that is in flight on it, so that either may be destroyed first. Decides when the session may be
// taken away, and tidies up in the background.
#pragma once

#include <exception>
#include <memory>

#include <ftpfs/ftp/pool.hpp>
#include <ftpfs/ftp/transfer.hpp>

namespace ftpfs::ftp {

class HeldTransfer : public std::enable_shared_from_this<HeldTransfer> {
 public:
  enum class Yields : bool { when_idle, also_when_busy };

  HeldTransfer(Lease lease, std::shared_ptr<Transfer> transfer);

  // `beginning`: how long it took until it had begun.
  void offer(Yields yields, Clock::duration beginning = {});
  void keep() noexcept;

  // Around each operation. begin() throws Revoked, or ConnectionLost after an earlier failure.
  std::shared_ptr<Transfer> begin();
  void end(std::size_t moved) noexcept;  // bytes
  // What the caller of a failed operation shall see; the transfer is dropped.
  [[noreturn]] void fail(std::exception_ptr failure);
  bool completed() const noexcept { return completed_; }

  const std::shared_ptr<Session>& session() const noexcept { return lease_.session(); }  // while running()
  bool running() const noexcept { return transfer_ != nullptr; }
  // Over and answered: the session is free at once.
  void complete() noexcept;
  // Given up: aborted now, the session tidied up in the background.
  void drop() noexcept;

 private:
  Clock::time_point takable_from() const noexcept;
  void release() noexcept;
  static awaitable<void> settle(Lease lease, std::shared_ptr<Transfer> transfer);

  Lease lease_;
  std::shared_ptr<Transfer> transfer_;  // null: over
  std::shared_ptr<SessionContext> context_;
  Yields yields_ = Yields::when_idle;
  Clock::duration shortest_turn_{};
  Clock::time_point began_;
  Clock::time_point last_used_;
  std::uint64_t moved_ = 0;
  bool busy_ = false;
  bool revoked_ = false;
  bool completed_ = false;
};

}  // namespace ftpfs::ftp
