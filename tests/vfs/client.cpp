// SPDX-License-Identifier: MIT
#include "vfs/client.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <ftpfs/base/error.hpp>

namespace ftpfs::test {

using vfs::DirHandle;
using vfs::Handle;
using vfs::Ino;
using vfs::Looked;

bool Filler::add(std::string_view name, const Looked& entry, off_t next) {
  if (taken.size() >= room_) {
    refused = Taken{std::string(name), entry, next};
    return false;
  }
  taken.push_back({std::string(name), entry, next});
  return true;
}

std::string text_of(const Slices& slices) {
  std::string text;
  for (const Slice& slice : slices) {
    text.append(reinterpret_cast<const char*>(slice.bytes.data()), slice.bytes.size());
  }
  return text;
}

const Looked& Client::remember(const Looked& looked) {
  if (looked.ino != 0) ++references_[looked.ino];
  return looked;
}

Looked Client::lookup(Ino parent, std::string_view name) {
  if (const auto now = fs_.lookup_now(parent, name)) return remember(*now);
  return remember(run(fs_.lookup(parent, std::string(name), {})));
}

Ino Client::ino(std::string_view text) {
  return walk(Path(text)).ino;
}

Ino Client::directory(const Path& path) {
  const Looked looked = walk(path);
  if (!S_ISDIR(looked.attr.stat.st_mode)) throw Error(ENOTDIR, path.str());
  return looked.ino;
}

Looked Client::walk(const Path& path) {
  if (path.is_root()) {
    Looked root;
    root.ino = vfs::root_ino;
    root.attr.stat.st_mode = S_IFDIR;
    return root;
  }
  const Looked looked = lookup(directory(path.parent()), path.name());
  if (looked.ino == 0) throw Error(ENOENT, path.str());
  return looked;
}

bool Client::exists(std::string_view path) {
  return errno_of([&] { ino(path); }) == 0;
}

struct ::stat Client::stat(std::string_view path) {
  return getattr(ino(path));
}

struct ::stat Client::getattr(Ino ino) {
  if (const auto now = fs_.getattr_now(ino)) return now->stat;
  return run(fs_.getattr(ino, {})).stat;
}

void Client::setattr(std::string_view path, const vfs::Changes& changes) {
  run(fs_.setattr(ino(path), changes, std::nullopt, {}));
}

void Client::truncate(std::string_view path, std::uint64_t size) {
  vfs::Changes changes;
  changes.size = size;
  setattr(path, changes);
}

void Client::truncate(Handle handle, Ino ino, std::uint64_t size) {
  vfs::Changes changes;
  changes.size = size;
  run(fs_.setattr(ino, changes, handle, {}));
}

vfs::Opened Client::open_fully(std::string_view path, int flags) {
  return run(fs_.open(ino(path), flags, {}));
}

Handle Client::create(std::string_view text, int flags) {
  const Path path(text);
  const Ino parent = directory(path.parent());
  const auto created = run(fs_.create(parent, std::string(path.name()), 0644, flags | O_CREAT, {}));
  remember(created.looked);
  return created.opened.handle;
}

std::string Client::read(Handle handle, std::uint64_t offset, std::size_t size) {
  if (const auto now = fs_.read_now(handle, offset, size)) return text_of(*now);
  return text_of(run(fs_.read(handle, offset, size, {})));
}

void Client::write(Handle handle, std::uint64_t offset, std::string_view bytes) {
  std::size_t written = 0;
  if (const auto now = fs_.write_now(handle, offset, as_bytes(bytes))) {
    written = *now;
  } else {
    Buffer buffer(bytes.size());
    std::memcpy(buffer.data(), bytes.data(), bytes.size());
    written = run(fs_.write(handle, offset, std::move(buffer), vfs::Writer::call, {}));
  }
  if (written != bytes.size()) throw Error(EIO, "short write");
}

void Client::flush(Handle handle) {
  run(fs_.flush(handle, {}));
}

void Client::release(Handle handle) {
  fs_.release(handle);
  settle(io_);
}

void Client::close(Handle handle) {
  const int code = errno_of([&] { flush(handle); });
  release(handle);
  if (code != 0) throw Error(code, "close");
}

std::string Client::read_file(std::string_view path, std::size_t request) {
  const Handle handle = open(path);
  std::string content;
  while (true) {
    const std::string piece = read(handle, content.size(), request);
    content += piece;
    if (piece.size() < request) break;
  }
  close(handle);
  return content;
}

void Client::write_file(std::string_view path, std::string_view content) {
  constexpr std::size_t request = 128 * 1024;
  const Handle handle = exists(path) ? open(path, O_WRONLY | O_TRUNC) : create(path, O_WRONLY | O_EXCL);
  for (std::size_t offset = 0; offset < content.size(); offset += request) {
    write(handle, offset, content.substr(offset, request));
  }
  close(handle);
}

std::vector<std::string> Client::names(std::string_view directory) {
  const DirHandle handle = opendir(directory);
  Filler filler;
  fs_.readdir(handle, 0, false, filler);
  fs_.releasedir(handle);
  std::vector<std::string> result;
  for (const auto& taken : filler.taken) {
    if (taken.name != "." && taken.name != "..") result.push_back(taken.name);
  }
  std::ranges::sort(result);
  return result;
}

DirHandle Client::opendir(std::string_view path) {
  return run(fs_.opendir(ino(path), {}));
}

void Client::mkdir(std::string_view text) {
  const Path path(text);
  const Ino parent = directory(path.parent());
  remember(run(fs_.mkdir(parent, std::string(path.name()), 0755, {})));
}

void Client::unlink(std::string_view path) {
  unlink_later(path).get();
}

void Client::rmdir(std::string_view path) {
  rmdir_later(path).get();
}

void Client::rename(std::string_view from_text, std::string_view to_text, unsigned flags) {
  const Path from(from_text);
  const Path to(to_text);
  const Ino parent = directory(from.parent());
  const Ino new_parent = directory(to.parent());
  run(fs_.rename(parent, std::string(from.name()), new_parent, std::string(to.name()), flags, {}));
}

Pending<Looked> Client::lookup_later(Ino parent, std::string name) {
  std::stop_source stop;
  return {io_, fs_.lookup(parent, std::move(name), stop.get_token()), stop};
}

Pending<DirHandle> Client::opendir_later(Ino ino) {
  std::stop_source stop;
  return {io_, fs_.opendir(ino, stop.get_token()), stop};
}

Pending<Slices> Client::read_later(Handle handle, std::uint64_t offset, std::size_t size) {
  std::stop_source stop;
  return {io_, fs_.read(handle, offset, size, stop.get_token()), stop};
}

Pending<void> Client::flush_later(Handle handle) {
  std::stop_source stop;
  return {io_, fs_.flush(handle, stop.get_token()), stop};
}

Pending<void> Client::rename_later(std::string_view from_text, std::string_view to_text) {
  const Path from(from_text);
  const Path to(to_text);
  const Ino parent = directory(from.parent());
  const Ino new_parent = directory(to.parent());
  std::stop_source stop;
  return {
      io_,
      fs_.rename(parent, std::string(from.name()), new_parent, std::string(to.name()), 0, stop.get_token()),
      stop};
}

Pending<void> Client::unlink_later(std::string_view text) {
  const Path path(text);
  const Ino parent = directory(path.parent());
  std::stop_source stop;
  return {io_, fs_.unlink(parent, std::string(path.name()), stop.get_token()), stop};
}

Pending<void> Client::rmdir_later(std::string_view text) {
  const Path path(text);
  const Ino parent = directory(path.parent());
  std::stop_source stop;
  return {io_, fs_.rmdir(parent, std::string(path.name()), stop.get_token()), stop};
}

void Client::forget_all() {
  for (const auto& [ino, count] : references_) fs_.forget(ino, count);
  references_.clear();
  settle(io_);
}

}  // namespace ftpfs::test
