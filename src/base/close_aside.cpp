// SPDX-License-Identifier: MIT
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/close_aside.hpp>

namespace ftpfs {
namespace {

class Closer {
 public:
  ~Closer() { finish(); }

  void take(UniqueFd file) {
    const std::lock_guard lock(mutex_);
    if (!thread_) thread_ = std::make_unique<Thread>();
    asio::post(thread_->files, [closed = std::move(file)]() mutable { closed.reset(); });
  }

  bool finish() {
    const std::lock_guard lock(mutex_);
    if (!thread_) return false;
    thread_->open.reset();
    thread_->thread.join();
    thread_.reset();
    return true;
  }

 private:
  struct Thread {
    asio::io_context files{1};
    asio::executor_work_guard<asio::io_context::executor_type> open{files.get_executor()};
    std::thread thread{[this] { files.run(); }};
  };

  std::mutex mutex_;
  std::unique_ptr<Thread> thread_;
};

// One for all: neither the thread nor what it closes belongs to anybody any more.
Closer& closer() {
  static Closer only;
  return only;
}

}  // namespace

void close_aside(UniqueFd file) noexcept {
  try {
    closer().take(std::move(file));
  } catch (const std::exception&) {  // no thread, no memory: `file` is closed here, if it has not been taken
  }
}

bool wait_for_closing() noexcept {
  return closer().finish();
}

}  // namespace ftpfs
