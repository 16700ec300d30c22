// SPDX-License-Identifier: MIT
// One libfuse session, and the two ways to connect it: to the kernel's device or to a socket that plays the
// kernel.
#pragma once

#include <memory>
#include <string>

#include <ftpfs/fuse/context.hpp>
#include <ftpfs/fuse/libfuse.hpp>

namespace ftpfs::fuse {

struct DestroySession {
  void operator()(fuse_session* session) const noexcept { fuse_session_destroy(session); }
};
using SessionPtr = std::unique_ptr<fuse_session, DestroySession>;  // closes its descriptor too

// `context` must outlive it.
SessionPtr make_session(Context& context);

void connect_to_mount(fuse_session& session, const std::string& mountpoint);  // mounts; throws Error
void connect_to_socket(fuse_session& session, int fd);                        // takes the descriptor

}  // namespace ftpfs::fuse
