// SPDX-License-Identifier: MIT
// What is asked of the daemon itself, by way of a file of its mount.
#include <cerrno>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>
#include <ftpfs/fuse/refresh.hpp>
#include <ftpfs/fuse/serving.hpp>

namespace ftpfs::fuse {
namespace {

awaitable<void> do_refresh(RequestPtr request, vfs::Ino ino) {
  co_await request->vfs().refresh(ino, request->stop());
  request->controlled();
}

void tell_serving(const RequestPtr& request) {
  const vfs::Unsent unsent = request->vfs().unsent();
  Serving answer{};
  answer.pid_namespace = own_pid_namespace();
  answer.unsent_bytes = unsent.bytes;
  answer.unsent_files = unsent.files;
  answer.pid = request->context().own_pid;
  answer.read_only = request->vfs().read_only();
  request->controlled(as_bytes({reinterpret_cast<const char*>(&answer), sizeof answer}));
}

void ioctl(fuse_req_t handle, fuse_ino_t ino, unsigned command, void*, fuse_file_info*, unsigned, const void*,
           std::size_t, std::size_t) {
  serve(handle, "ioctl", ino, [&](const RequestPtr& request) {
    if (command == refresh_request)
      start(request, do_refresh, vfs::Ino{ino});
    else if (command == serving_request)
      tell_serving(request);
    else
      request->error(ENOTTY);
  });
}

}  // namespace

void add_control_operations(fuse_lowlevel_ops& table) {
  table.ioctl = ioctl;
}

}  // namespace ftpfs::fuse
