// SPDX-License-Identifier: MIT
// A Vfs used as the kernel uses it, in terms of paths: names are looked up one by one, answers from memory
// come first
// (..._now), lookup references are counted and kept until forget_all(). Every call runs to its end; the
// ..._later forms only start it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>

#include <ftpfs/vfs/vfs.hpp>

#include "support/run.hpp"
#include "vfs/pending.hpp"

namespace ftpfs::test {

// Collects directory entries until `room` of them were taken.
class Filler final : public vfs::DirFiller {
 public:
  struct Taken {
    std::string name;
    vfs::Looked entry;
    off_t next;
  };

  explicit Filler(std::size_t room = SIZE_MAX) : room_(room) {}
  bool add(std::string_view name, const vfs::Looked& entry, off_t next) override;

  std::vector<Taken> taken;
  std::optional<Taken> refused;

 private:
  std::size_t room_;
};

class Client {
 public:
  Client(asio::io_context& io, vfs::Vfs& fs) : io_(io), fs_(fs) {}

  vfs::Looked lookup(vfs::Ino parent, std::string_view name);
  vfs::Ino ino(std::string_view path);  // throws ENOENT
  bool exists(std::string_view path);
  struct ::stat stat(std::string_view path);  // looks the path up
  struct ::stat getattr(vfs::Ino ino);
  void setattr(std::string_view path, const vfs::Changes& changes);
  void truncate(std::string_view path, std::uint64_t size);
  void truncate(vfs::Handle handle, vfs::Ino ino, std::uint64_t size);  // ftruncate(2)

  vfs::Opened open_fully(std::string_view path, int flags);
  vfs::Handle open(std::string_view path, int flags = O_RDONLY) { return open_fully(path, flags).handle; }
  vfs::Handle create(std::string_view path, int flags = O_RDWR | O_EXCL);
  std::string read(vfs::Handle handle, std::uint64_t offset, std::size_t size);
  void write(vfs::Handle handle, std::uint64_t offset, std::string_view bytes);
  void flush(vfs::Handle handle);
  void release(vfs::Handle handle);
  void close(vfs::Handle handle);  // both, the second also when the first fails
  std::string read_file(std::string_view path, std::size_t request = 128 * 1024);
  void write_file(std::string_view path, std::string_view content);  // open or create, truncate, write, close

  std::vector<std::string> names(std::string_view directory);  // sorted, without "." and ".."
  vfs::DirHandle opendir(std::string_view path);
  void mkdir(std::string_view path);
  void unlink(std::string_view path);
  void rmdir(std::string_view path);
  void rename(std::string_view from, std::string_view to, unsigned flags = 0);

  // Started, perhaps still waiting.
  Pending<vfs::Looked> lookup_later(vfs::Ino parent, std::string name);
  Pending<vfs::DirHandle> opendir_later(vfs::Ino ino);
  Pending<Slices> read_later(vfs::Handle handle, std::uint64_t offset, std::size_t size);
  Pending<void> flush_later(vfs::Handle handle);
  Pending<void> rename_later(std::string_view from, std::string_view to);
  Pending<void> unlink_later(std::string_view path);
  Pending<void> rmdir_later(std::string_view path);

  void forget_all();

 private:
  vfs::Looked walk(const Path& path);
  vfs::Ino directory(const Path& path);
  const vfs::Looked& remember(const vfs::Looked& looked);
  template <class T>
  T run(awaitable<T> task) {
    return test::run(io_, std::move(task));
  }

  asio::io_context& io_;
  vfs::Vfs& fs_;
  std::map<vfs::Ino, std::uint64_t> references_;
};

std::string text_of(const Slices& slices);

}  // namespace ftpfs::test
