// SPDX-License-Identifier: MIT
#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include <ftpfs/base/close_aside.hpp>
#include <ftpfs/base/work_thread.hpp>

namespace ftpfs {
namespace {

class Closer {
 public:
  ~Closer() { finish(); }

  void take(UniqueFd file) {
    const std::lock_guard lock(mutex_);
    if (!thread_) thread_ = std::make_unique<WorkThread>();
    thread_->post([closed = std::move(file)]() mutable { closed.reset(); });
  }

  bool finish() {
    const std::lock_guard lock(mutex_);
    return std::exchange(thread_, nullptr) != nullptr;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<WorkThread> thread_;
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
