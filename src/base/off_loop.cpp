// SPDX-License-Identifier: MIT
#include <exception>
#include <system_error>
#include <utility>

#include <ftpfs/base/off_loop.hpp>
#include <ftpfs/base/wait.hpp>

namespace ftpfs {
namespace {

struct Call {
  std::function<void()> work;
  std::exception_ptr failure;
  bool done = false;
  WaitList finished;
};

}  // namespace

// Without one to be had the loop waits for the disk: better than a file that cannot be saved.
std::unique_ptr<WorkThread> OffLoop::start() {
  try {
    return std::make_unique<WorkThread>();
  } catch (const std::system_error&) {
    return nullptr;
  }
}

OffLoop::OffLoop(Executor loop) : loop_(std::move(loop)) {}

awaitable<void> OffLoop::run(std::function<void()> work) {
  if (!thread_) thread_ = start();
  if (!thread_) {
    work();
    co_return;
  }
  const auto call = std::make_shared<Call>();
  call->work = std::move(work);
  const Executor loop = loop_;
  thread_->post([call = call, loop]() mutable {  // not the const one, which could not be moved on
    try {
      call->work();
    } catch (...) {
      call->failure = std::current_exception();
    }
    // The last reference dies on the loop, where the wait list belongs.
    asio::post(loop, [call = std::move(call)] {
      call->done = true;
      call->finished.wake_all();
    });
  });
  const std::stop_token never;
  while (!call->done) co_await call->finished.wait(never);
  if (call->failure) std::rethrow_exception(call->failure);
}

}  // namespace ftpfs
