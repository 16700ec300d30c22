// SPDX-License-Identifier: MIT
// What all requests of one session share. Owned by the Channel and by every Request, so that a handler which
// comes back after the Channel has gone still finds where to return what it was given.
#pragma once

#include <memory>
#include <vector>

#include <boost/intrusive/list.hpp>
#include <sys/types.h>
#include <unistd.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/fuse/config.hpp>
#include <ftpfs/fuse/counters.hpp>
#include <ftpfs/fuse/dialogue.hpp>
#include <ftpfs/fuse/request.hpp>
#include <ftpfs/vfs/vfs.hpp>

namespace ftpfs::fuse {

enum class InitState { awaited, answering, answered };  // of FUSE_INIT

struct Context : std::enable_shared_from_this<Context> {
  Context(Executor executor_, vfs::Vfs& vfs_, Logger logger_, MountConfig config_)
      : executor(std::move(executor_)), vfs(vfs_), logger(std::move(logger_)), config(std::move(config_)) {}

  Executor executor;
  vfs::Vfs& vfs;
  Logger logger;
  const MountConfig config;
  const pid_t own_pid = ::getpid();

  boost::intrusive::list<Request> live;  // from their arrival until they are answered
  WaitList all_answered;                 // woken when `live` has become empty
  std::vector<char> directory_page;      // where one readdir answer is built; kept for the next one
  InitState init = InitState::awaited;
  bool parallel_directories = false;  // the kernel offered it
  Answerer answerer;                  // of questions to the daemon itself
  Dialogues dialogues;
  Counters counters;
};

}  // namespace ftpfs::fuse
