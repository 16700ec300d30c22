// SPDX-License-Identifier: MIT
// What is known about a node: attributes, permission, and the room around it.
#include <ctime>
#include <optional>

#include <ftpfs/fuse/dispatch.hpp>
#include <ftpfs/fuse/operations.hpp>

namespace ftpfs::fuse {
namespace {

using vfs::Ino;

awaitable<void> do_getattr(RequestPtr request, Ino ino) {
  const vfs::Attr attr = co_await request->vfs().getattr(ino, request->stop());
  request->attr(attr);
}

void getattr(fuse_req_t handle, fuse_ino_t ino, fuse_file_info*) {
  serve(handle, "getattr", ino, [&](const RequestPtr& request) {
    if (const auto attr = request->vfs().getattr_now(ino)) return request->attr(*attr);
    start(request, do_getattr, Ino{ino});
  });
}

// The kernel turns UTIME_OMIT into an absent bit, and UTIME_NOW into the ..._NOW bit beside the plain one.
std::optional<std::int64_t> time_change(int to_set, int set, int set_now, std::int64_t seconds) {
  if (to_set & set_now) return std::time(nullptr);
  if (to_set & set) return seconds;
  return std::nullopt;
}

vfs::Changes changes_of(const struct ::stat& attr, int to_set) {
  vfs::Changes changes;
  if (to_set & FUSE_SET_ATTR_SIZE) changes.size = static_cast<std::uint64_t>(attr.st_size);
  if (to_set & FUSE_SET_ATTR_MODE) changes.mode = static_cast<std::uint16_t>(attr.st_mode & 07777);
  if (to_set & FUSE_SET_ATTR_UID) changes.uid = attr.st_uid;
  if (to_set & FUSE_SET_ATTR_GID) changes.gid = attr.st_gid;
  changes.atime = time_change(to_set, FUSE_SET_ATTR_ATIME, FUSE_SET_ATTR_ATIME_NOW, attr.st_atim.tv_sec);
  changes.mtime = time_change(to_set, FUSE_SET_ATTR_MTIME, FUSE_SET_ATTR_MTIME_NOW, attr.st_mtim.tv_sec);
  return changes;
}

awaitable<void> do_setattr(RequestPtr request, Ino ino, vfs::Changes changes,
                           std::optional<vfs::Handle> file) {
  const vfs::Attr attr = co_await request->vfs().setattr(ino, std::move(changes), file, request->stop());
  request->attr(attr);
}

void setattr(fuse_req_t handle, fuse_ino_t ino, struct ::stat* attr, int to_set, fuse_file_info* file) {
  serve(handle, "setattr", ino, [&](const RequestPtr& request) {
    const auto opened = file ? std::optional<vfs::Handle>(file->fh) : std::nullopt;
    start(request, do_setattr, Ino{ino}, changes_of(*attr, to_set), opened);
  });
}

void access(fuse_req_t handle, fuse_ino_t ino, int mask) {
  serve(handle, "access", ino, [&](const RequestPtr& request) {
    request->vfs().access(ino, mask);
    request->ok();
  });
}

awaitable<void> do_statfs(RequestPtr request) {
  const struct ::statvfs statistics = co_await request->vfs().statfs(request->stop());
  request->statfs(statistics);
}

void statfs(fuse_req_t handle, fuse_ino_t ino) {
  serve(handle, "statfs", ino, [](const RequestPtr& request) {
    if (const auto known = request->vfs().statfs_now()) return request->statfs(*known);
    start(request, do_statfs);
  });
}

}  // namespace

void add_attr_operations(fuse_lowlevel_ops& table) {
  table.getattr = getattr;
  table.setattr = setattr;
  table.access = access;
  table.statfs = statfs;
}

}  // namespace ftpfs::fuse
