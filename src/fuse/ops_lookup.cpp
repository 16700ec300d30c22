// SPDX-License-Identifier: MIT
// Names: finding them, making them, taking them away.
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>

namespace ftpfs::fuse {
namespace {

using vfs::Ino;

awaitable<void> do_lookup(RequestPtr request, Ino parent, std::string name) {
  const vfs::Looked looked = co_await request->vfs().lookup(parent, std::move(name), request->stop());
  request->entry(looked);
}

void lookup(fuse_req_t handle, fuse_ino_t parent, const char* name) {
  serve(handle, "lookup", parent, [&](const RequestPtr& request) {
    if (const auto looked = request->vfs().lookup_now(parent, name)) return request->entry(*looked);
    start(request, do_lookup, Ino{parent}, std::string(name));
  });
}

// The forgets have no answer and cannot fail.
void forget(fuse_req_t handle, fuse_ino_t ino, std::uint64_t count) {
  context_of(handle).vfs.forget(ino, count);
  fuse_reply_none(handle);
}

void forget_multi(fuse_req_t handle, std::size_t count, fuse_forget_data* forgets) {
  for (std::size_t i = 0; i < count; ++i) context_of(handle).vfs.forget(forgets[i].ino, forgets[i].nlookup);
  fuse_reply_none(handle);
}

awaitable<void> do_mkdir(RequestPtr request, Ino parent, std::string name, mode_t mode) {
  const vfs::Looked made = co_await request->vfs().mkdir(parent, std::move(name), mode, request->stop());
  request->entry(made);
}

void mkdir(fuse_req_t handle, fuse_ino_t parent, const char* name, mode_t mode) {
  serve(handle, "mkdir", parent,
        [&](const RequestPtr& request) { start(request, do_mkdir, Ino{parent}, std::string(name), mode); });
}

awaitable<void> do_unlink(RequestPtr request, Ino parent, std::string name) {
  co_await request->vfs().unlink(parent, std::move(name), request->stop());
  request->ok();
}

void unlink(fuse_req_t handle, fuse_ino_t parent, const char* name) {
  serve(handle, "unlink", parent,
        [&](const RequestPtr& request) { start(request, do_unlink, Ino{parent}, std::string(name)); });
}

awaitable<void> do_rmdir(RequestPtr request, Ino parent, std::string name) {
  co_await request->vfs().rmdir(parent, std::move(name), request->stop());
  request->ok();
}

void rmdir(fuse_req_t handle, fuse_ino_t parent, const char* name) {
  serve(handle, "rmdir", parent,
        [&](const RequestPtr& request) { start(request, do_rmdir, Ino{parent}, std::string(name)); });
}

awaitable<void> do_rename(RequestPtr request, Ino parent, std::string name, Ino new_parent,
                          std::string new_name, unsigned flags) {
  co_await request->vfs().rename(parent, std::move(name), new_parent, std::move(new_name), flags,
                                 request->stop());
  request->ok();
}

void rename(fuse_req_t handle, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags) {
  serve(handle, "rename", parent, [&](const RequestPtr& request) {
    start(request, do_rename, Ino{parent}, std::string(name), Ino{new_parent}, std::string(new_name), flags);
  });
}

// A file without an open handle: made, sent, closed.
awaitable<void> do_mknod(RequestPtr request, Ino parent, std::string name, mode_t mode) {
  vfs::Vfs& vfs = request->vfs();
  const vfs::Created made =
      co_await vfs.create(parent, std::move(name), mode, O_CREAT | O_EXCL | O_WRONLY, request->stop());
  std::exception_ptr failure;
  try {
    co_await vfs.flush(made.opened.handle, request->stop());
  } catch (...) {
    failure = std::current_exception();
  }
  vfs.release(made.opened.handle);
  if (failure) {
    vfs.forget(made.looked.ino, 1);
    std::rethrow_exception(failure);
  }
  request->entry(made.looked);
}

void mknod(fuse_req_t handle, fuse_ino_t parent, const char* name, mode_t mode, dev_t) {
  serve(handle, "mknod", parent, [&](const RequestPtr& request) {
    // A server has files and directories; no fifo, socket or device.
    if (!S_ISREG(mode) && (mode & S_IFMT) != 0) return request->error(EPERM);
    start(request, do_mknod, Ino{parent}, std::string(name), mode);
  });
}

// FTP has no command for it. EPERM is what link(2) documents for such file systems, and what makes git and
// others fall back to rename.
void link(fuse_req_t handle, fuse_ino_t ino, fuse_ino_t, const char*) {
  serve(handle, "link", ino, [](const RequestPtr& request) { request->error(EPERM); });
}

awaitable<void> do_symlink(RequestPtr request, Ino parent, std::string name, std::string target) {
  const vfs::Looked made =
      co_await request->vfs().symlink(parent, std::move(name), std::move(target), request->stop());
  request->entry(made);
}

void symlink(fuse_req_t handle, const char* target, fuse_ino_t parent, const char* name) {
  serve(handle, "symlink", parent, [&](const RequestPtr& request) {
    start(request, do_symlink, Ino{parent}, std::string(name), std::string(target));
  });
}

awaitable<void> do_readlink(RequestPtr request, Ino ino) {
  const std::string target = co_await request->vfs().readlink(ino, request->stop());
  request->link_target(target);
}

void readlink(fuse_req_t handle, fuse_ino_t ino) {
  serve(handle, "readlink", ino, [&](const RequestPtr& request) { start(request, do_readlink, Ino{ino}); });
}

}  // namespace

void add_lookup_operations(fuse_lowlevel_ops& table) {
  table.lookup = lookup;
  table.forget = forget;
  table.forget_multi = forget_multi;
  table.mkdir = mkdir;
  table.unlink = unlink;
  table.rmdir = rmdir;
  table.rename = rename;
  table.mknod = mknod;
  table.link = link;
  table.symlink = symlink;
  table.readlink = readlink;
}

}  // namespace ftpfs::fuse
