// SPDX-License-Identifier: MIT
#include <cerrno>
#include <new>

#include <ftpfs/fuse/dispatch.hpp>

namespace ftpfs::fuse {
namespace {

// Holds the request for as long as its handler runs; a handler that returns without an answer lets it die
// here.
awaitable<void> guard(RequestPtr request, awaitable<void> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    request->fail(std::current_exception());
  }
}

}  // namespace

RequestPtr admit(fuse_req_t handle, const char* operation, vfs::Ino ino) noexcept {
  Context& context = context_of(handle);
  try {
    context.counters.asked(operation);
    auto request = std::make_shared<Request>(handle, context.shared_from_this(), operation, ino);
    // A thread of ours that touches the mount waits for an answer that may wait for that thread.
    if (fuse_req_ctx(handle)->pid != context.own_pid) return request;
    context.logger->warn("{} of inode {} refused: it comes from ftpfs itself", operation, ino);
    request->error(EDEADLK);
  } catch (const std::bad_alloc&) {
    fuse_reply_err(handle, ENOMEM);
  }
  return nullptr;
}

void spawn(RequestPtr request, awaitable<void> work) {
  const Executor executor = request->context().executor;
  asio::co_spawn(executor, guard(std::move(request), std::move(work)), asio::detached);
}

}  // namespace ftpfs::fuse
