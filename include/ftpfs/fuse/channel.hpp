// SPDX-License-Identifier: MIT
// The kernel's end: one libfuse session on the loop. Reads requests, answers from the Vfs, tells when it is
// over.
#pragma once

#include <memory>
#include <string>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/fuse/config.hpp>
#include <ftpfs/fuse/counters.hpp>
#include <ftpfs/fuse/question.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::fuse {

class Channel {
 public:
  // `vfs` must outlive it.
  Channel(Executor executor, vfs::Vfs& vfs, Logger logger, MountConfig config);
  ~Channel();  // unmounts if still mounted

  // Mounts config.mountpoint. Throws Error (EBUSY, ENOENT, EPERM, ENODEV without /dev/fuse) with one clear
  // line.
  void mount();
  // Speaks to a fake kernel instead (tests): takes the descriptor of a SOCK_SEQPACKET pair.
  void attach(int fd);

  // Serves until the file system is unmounted (by us or by anybody) and every request is answered.
  awaitable<void> run();
  // Takes the mount away from the kernel; run() then comes to its end. Safe to call twice.
  void unmount() noexcept;

  // Who answers questions that come over the mount (question.hpp); until then they are refused.
  void answer_with(Answerer answerer);

  std::size_t live_requests() const noexcept;
  const Counters& counters() const noexcept;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with run(), which may end after it
};

}  // namespace ftpfs::fuse
