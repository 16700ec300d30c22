// SPDX-License-Identifier: MIT
#include <exception>
#include <thread>
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

struct OffLoop::Thread {
  asio::io_context calls{1};
  asio::executor_work_guard<asio::io_context::executor_type> open{calls.get_executor()};
  std::thread thread{[this] { calls.run(); }};
};

OffLoop::OffLoop(Executor loop) : loop_(std::move(loop)) {}

OffLoop::~OffLoop() {
  if (!thread_) return;
  thread_->open.reset();
  thread_->thread.join();
}

awaitable<void> OffLoop::run(std::function<void()> work) {
  if (!thread_) thread_ = std::make_unique<Thread>();
  const auto call = std::make_shared<Call>();
  call->work = std::move(work);
  const Executor loop = loop_;
  asio::post(thread_->calls, [call, loop] {
    try {
      call->work();
    } catch (...) {
      call->failure = std::current_exception();
    }
    // The last reference dies on the loop, where the wait list belongs.
    asio::post(loop, [call] {
      call->done = true;
      call->finished.wake_all();
    });
  });
  const std::stop_token never;
  while (!call->done) co_await call->finished.wait(never);
  if (call->failure) std::rethrow_exception(call->failure);
}

}  // namespace ftpfs
