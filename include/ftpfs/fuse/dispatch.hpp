// SPDX-License-Identifier: MIT
// From libfuse's callbacks to answers. A callback calls serve(); what can be answered from memory is answered
// there and then; for the rest it calls start(request, handler, arguments...), which runs the handler as a
// coroutine. The arguments are copied: libfuse's names and data are gone when the callback returns.
#pragma once

#include <utility>

#include <ftpfs/fuse/context.hpp>

namespace ftpfs::fuse {

inline Context& context_of(fuse_req_t handle) noexcept {
  return *static_cast<Context*>(fuse_req_userdata(handle));
}

// Null when the request was refused (and answered) at the door.
RequestPtr admit(fuse_req_t handle, const char* operation, vfs::Ino ino) noexcept;

// Runs `answer(request)` now; what it throws becomes the answer.
template <class Answer>
void serve(fuse_req_t handle, const char* operation, vfs::Ino ino, Answer answer) noexcept {
  const RequestPtr request = admit(handle, operation, ino);
  if (!request) return;
  try {
    answer(request);
  } catch (...) {
    request->fail(std::current_exception());
  }
}

// Runs `work`, which is to answer `request`; what it throws becomes the answer.
void spawn(RequestPtr request, awaitable<void> work);

template <class Handler, class... Arguments>
void start(const RequestPtr& request, Handler handler, Arguments... arguments) {
  request->heed_interrupts();
  spawn(request, handler(request, std::move(arguments)...));
}

}  // namespace ftpfs::fuse
