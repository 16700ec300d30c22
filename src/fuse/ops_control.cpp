// SPDX-License-Identifier: MIT
// What is asked of the daemon itself, by way of a file of its mount.
#include <cerrno>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>
#include <ftpfs/fuse/refresh.hpp>

namespace ftpfs::fuse {
namespace {

awaitable<void> do_refresh(RequestPtr request, vfs::Ino ino) {
  co_await request->vfs().refresh(ino, request->stop());
  request->controlled();
}

void ioctl(fuse_req_t handle, fuse_ino_t ino, unsigned command, void*, fuse_file_info*, unsigned, const void*,
           std::size_t, std::size_t) {
  serve(handle, "ioctl", ino, [&](const RequestPtr& request) {
    if (command == refresh_request)
      start(request, do_refresh, vfs::Ino{ino});
    else
      request->error(ENOTTY);
  });
}

}  // namespace

void add_control_operations(fuse_lowlevel_ops& table) {
  table.ioctl = ioctl;
}

}  // namespace ftpfs::fuse
