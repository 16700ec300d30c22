// SPDX-License-Identifier: MIT
// Calls that block on the disk (fsync), on a thread of their own: the loop goes on meanwhile. One after the
// other, in the order in which they were asked for.
#pragma once

#include <functional>
#include <memory>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/work_thread.hpp>

namespace ftpfs {

class OffLoop {
 public:
  explicit OffLoop(Executor loop);
  // The destructor waits for the calls that were asked for.

  // Returns when `work` has; throws what it threw. It is run whether or not somebody still waits, so it must
  // own what it touches, and touch nothing that the loop does.
  awaitable<void> run(std::function<void()> work);

 private:
  static std::unique_ptr<WorkThread> start();

  Executor loop_;
  std::unique_ptr<WorkThread> thread_;  // started at first use: most mounts never need it
};

}  // namespace ftpfs
