// SPDX-License-Identifier: MIT
// The file system: inodes, cached listings, readers and stages, as operations in the kernel's vocabulary.
// Knows neither FTP nor libfuse. Everything runs on one loop. Failures throw Error; its code() is the errno
// to answer.
//
// Operations come in two forms. The ..._now form answers at once from what is in memory and never suspends;
// it returns nullopt when it would have to wait. The coroutine form does whatever is needed. Callers try the
// first, then the second.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <ftpfs/base/asio.hpp>
#include <ftpfs/base/bytes.hpp>
#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/remote/remote.hpp>
#include <ftpfs/vfs/config.hpp>
#include <ftpfs/vfs/status.hpp>

namespace ftpfs::vfs {

using Ino = std::uint64_t;     // never reused during a mount; 1 = root (FUSE_ROOT_ID)
using Handle = std::uint64_t;  // an open file; never reused
using DirHandle = std::uint64_t;
inline constexpr Ino root_ino = 1;

struct Attr {
  struct ::stat stat {};
  std::chrono::duration<double> ttl{0};  // how long the kernel may keep it
};

// A name that was found (one kernel lookup reference was taken: give it back with forget), or, with ino 0,
// a name that does not exist (the kernel may remember that for ttl).
struct Looked {
  Ino ino = 0;
  Attr attr;
};

struct Opened {
  Handle handle = 0;
  bool keep_cache = false;  // the kernel's pages of the last open are still right
  bool no_flush = false;    // opened for reading: close() need not ask us
};

struct Created {
  Looked looked;
  Opened opened;
};

// What setattr changes; absent = leave. Times are whole seconds.
struct Changes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint16_t> mode;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<std::int64_t> atime;
  std::optional<std::int64_t> mtime;
};

// Whose bytes are written: of write(2), or of pages that were changed through mmap(2). Those go where they
// lie whatever handle the kernel picks to hand them over, for O_APPEND is about write(2) only.
enum class Writer { call, page_cache };

// Receives directory entries until it is full. `next` is the cookie that continues behind this entry.
class DirFiller {
 public:
  virtual ~DirFiller() = default;
  virtual bool add(std::string_view name, const Looked& entry, off_t next) = 0;  // false: did not fit, stop
};

class Vfs {
 public:
  // `remote` and `clock` must outlive it. Throws Error when the spool directory cannot be used.
  Vfs(Executor executor, Remote& remote, Clock& clock, Logger logger, VfsConfig config);
  ~Vfs();

  // What mounts that died have left in the spool appears where it was written and is sent to the server, in
  // the background. Where somebody has changed the file there meanwhile, both are kept. To be called before
  // anything else; throws Cancelled only.
  awaitable<void> recover(std::stop_token stop);

  std::optional<Looked> lookup_now(Ino parent, std::string_view name);
  awaitable<Looked> lookup(Ino parent, std::string name, std::stop_token stop);
  void forget(Ino ino, std::uint64_t count) noexcept;

  std::optional<Attr> getattr_now(Ino ino);
  awaitable<Attr> getattr(Ino ino, std::stop_token stop);
  awaitable<Attr> setattr(Ino ino, Changes changes, std::optional<Handle> handle, std::stop_token stop);
  void access(Ino ino, int mask);  // throws Error(EACCES / EROFS) by mode bits
  awaitable<std::string> readlink(Ino ino, std::stop_token stop);

  awaitable<Looked> mkdir(Ino parent, std::string name, mode_t mode, std::stop_token stop);
  awaitable<Looked> symlink(Ino parent, std::string name, std::string target, std::stop_token stop);
  awaitable<void> unlink(Ino parent, std::string name, std::stop_token stop);
  awaitable<void> rmdir(Ino parent, std::string name, std::stop_token stop);
  // flags as renameat2(2): 0 or RENAME_NOREPLACE; others EINVAL.
  awaitable<void> rename(Ino parent, std::string name, Ino new_parent, std::string new_name, unsigned flags,
                         std::stop_token stop);

  awaitable<Opened> open(Ino ino, int flags, std::stop_token stop);  // flags as open(2), O_TRUNC included
  awaitable<Created> create(Ino parent, std::string name, mode_t mode, int flags, std::stop_token stop);
  std::optional<Slices> read_now(Handle handle, std::uint64_t offset, std::size_t size);
  awaitable<Slices> read(Handle handle, std::uint64_t offset, std::size_t size, std::stop_token stop);
  std::optional<std::size_t> write_now(Handle handle, std::uint64_t offset, Bytes bytes,
                                       Writer writer = Writer::call);
  awaitable<std::size_t> write(Handle handle, std::uint64_t offset, Buffer bytes, Writer writer,
                               std::stop_token stop);
  awaitable<void> flush(Handle handle, std::stop_token stop);  // returns when the server has it all
  awaitable<void> fsync(Handle handle, std::stop_token stop);  // likewise
  // The file is then at least `end` bytes long.
  awaitable<void> allocate(Handle handle, std::uint64_t end, std::stop_token stop);
  void release(Handle handle) noexcept;

  awaitable<DirHandle> opendir(Ino ino, std::stop_token stop);
  // Fills from the listing that opendir fixed. With `plus`, each entry that fitted took a lookup reference
  // (not for
  // "." and ".."), else none did and only st_ino and the type bits of st_mode are meaningful. Never waits.
  void readdir(DirHandle handle, off_t cookie, bool plus, DirFiller& filler);
  void releasedir(DirHandle handle) noexcept;

  // What the server last told, else large finite numbers; waits a second at most, and only the first time.
  std::optional<struct ::statvfs> statfs_now();
  awaitable<struct ::statvfs> statfs(std::stop_token stop);

  // Forgets what is known of this node and of all below it, and returns when the kernel has forgotten it too
  // (VfsConfig::kernel_ttl): who looks then, sees the server as it was at the call or later.
  awaitable<void> refresh(Ino ino, std::stop_token stop);
  FetchedAhead fetched_ahead() const noexcept;
  Unsent unsent() const;
  Status status() const;
  std::optional<FileStatus> file_status(const Path& path) const;  // nullopt: nothing is known of it here
  // Sends now what waits for its time or for another attempt, and returns when each has had its chance. What
  // a program is writing at this moment is left alone. A `stop` ends only the wait.
  awaitable<SendReport> send_all(std::stop_token stop);
  bool read_only() const noexcept;
  // Drops what is cached (clean data only).
  void drop_caches() noexcept;
  // Refuses new opens and changes with ESHUTDOWN, commits what is dirty, waits for uploads until `deadline`.
  // Returns the paths that could not be saved; their data is kept in the spool under a name, which the log
  // tells.
  awaitable<std::vector<std::string>> shutdown(Clock::time_point deadline);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ftpfs::vfs
