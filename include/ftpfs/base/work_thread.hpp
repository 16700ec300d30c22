// SPDX-License-Identifier: MIT
// A thread that does what it is given, one after the other, in the order in which it was given.
#pragma once

#include <thread>
#include <utility>

#include <ftpfs/base/asio.hpp>

namespace ftpfs {

class WorkThread {
 public:
  ~WorkThread() {  // when all is done that was given
    open_.reset();
    thread_.join();
  }

  // From any thread. `work` must not throw: there is nobody to catch it.
  template <class Work>
  void post(Work work) {
    asio::post(works_, std::move(work));
  }

 private:
  asio::io_context works_{1};
  asio::executor_work_guard<asio::io_context::executor_type> open_{works_.get_executor()};
  std::thread thread_{[this] { works_.run(); }};
};

}  // namespace ftpfs
