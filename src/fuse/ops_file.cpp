// SPDX-License-Identifier: MIT
// Open files.
#include <cerrno>
#include <cstring>
#include <string>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>

namespace ftpfs::fuse {
namespace {

using vfs::Handle;
using vfs::Ino;

awaitable<void> do_open(RequestPtr request, Ino ino, int flags) {
  const vfs::Opened opened = co_await request->vfs().open(ino, flags, request->stop());
  request->opened(opened, flags);
}

void open(fuse_req_t handle, fuse_ino_t ino, fuse_file_info* file) {
  serve(handle, "open", ino,
        [&](const RequestPtr& request) { start(request, do_open, Ino{ino}, file->flags); });
}

awaitable<void> do_create(RequestPtr request, Ino parent, std::string name, mode_t mode, int flags) {
  const vfs::Created created =
      co_await request->vfs().create(parent, std::move(name), mode, flags, request->stop());
  request->created(created, flags);
}

void create(fuse_req_t handle, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* file) {
  serve(handle, "create", parent, [&](const RequestPtr& request) {
    start(request, do_create, Ino{parent}, std::string(name), mode, file->flags);
  });
}

awaitable<void> do_read(RequestPtr request, Handle file, std::uint64_t offset, std::size_t size) {
  const Slices slices = co_await request->vfs().read(file, offset, size, request->stop());
  request->data(slices);
}

void read(fuse_req_t handle, fuse_ino_t ino, std::size_t size, off_t offset, fuse_file_info* file) {
  serve(handle, "read", ino, [&](const RequestPtr& request) {
    const auto from = static_cast<std::uint64_t>(offset);
    if (const auto slices = request->vfs().read_now(file->fh, from, size)) return request->data(*slices);
    start(request, do_read, Handle{file->fh}, from, size);
  });
}

awaitable<void> do_write(RequestPtr request, Handle file, std::uint64_t offset, Buffer bytes,
                         vfs::Writer writer) {
  const std::size_t written =
      co_await request->vfs().write(file, offset, std::move(bytes), writer, request->stop());
  request->wrote(written);
}

void write(fuse_req_t handle, fuse_ino_t ino, const char* data, std::size_t size, off_t offset,
           fuse_file_info* file) {
  serve(handle, "write", ino, [&](const RequestPtr& request) {
    const auto to = static_cast<std::uint64_t>(offset);
    const Bytes bytes = as_bytes({data, size});  // in the receive buffer, until we return
    const auto writer = file->writepage ? vfs::Writer::page_cache : vfs::Writer::call;
    if (const auto written = request->vfs().write_now(file->fh, to, bytes, writer))
      return request->wrote(*written);
    Buffer copy(size);
    std::memcpy(copy.data(), data, size);
    start(request, do_write, Handle{file->fh}, to, std::move(copy), writer);
  });
}

awaitable<void> do_flush(RequestPtr request, Handle file) {
  co_await request->vfs().flush(file, request->stop());
  request->ok();
}

void flush(fuse_req_t handle, fuse_ino_t ino, fuse_file_info* file) {
  serve(handle, "flush", ino, [&](const RequestPtr& request) { start(request, do_flush, Handle{file->fh}); });
}

awaitable<void> do_fsync(RequestPtr request, Handle file) {
  co_await request->vfs().fsync(file, request->stop());
  request->ok();
}

void fsync(fuse_req_t handle, fuse_ino_t ino, int, fuse_file_info* file) {
  serve(handle, "fsync", ino, [&](const RequestPtr& request) { start(request, do_fsync, Handle{file->fh}); });
}

awaitable<void> do_fallocate(RequestPtr request, Handle file, std::uint64_t end) {
  co_await request->vfs().allocate(file, end, request->stop());
  request->ok();
}

// Nothing can be set aside on the server; what mode 0 promises beyond that is the length.
void fallocate(fuse_req_t handle, fuse_ino_t ino, int mode, off_t offset, off_t length,
               fuse_file_info* file) {
  serve(handle, "fallocate", ino, [&](const RequestPtr& request) {
    if (mode != 0) return request->error(EOPNOTSUPP);
    start(request, do_fallocate, Handle{file->fh}, static_cast<std::uint64_t>(offset + length));
  });
}

// Not through serve(): a handle is given back whoever asks, and nobody looks at the answer.
void release(fuse_req_t handle, fuse_ino_t, fuse_file_info* file) {
  context_of(handle).vfs.release(file->fh);
  fuse_reply_err(handle, 0);
}

}  // namespace

void add_file_operations(fuse_lowlevel_ops& table) {
  table.open = open;
  table.create = create;
  table.read = read;
  table.write = write;
  table.flush = flush;
  table.fsync = fsync;
  table.fallocate = fallocate;
  table.release = release;
}

}  // namespace ftpfs::fuse
