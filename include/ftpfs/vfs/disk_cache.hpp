// SPDX-License-Identifier: MIT
// The persistent cache of file blocks (cache_mode=full): what was read lies on this disk, for this mount and
// later ones, as long as the server shows the same size and time. One folder for each server, user and
// directory, which one mount has at a time; in it one CacheFile for each remote file, named by a hash of its
// path. There is no index that could be damaged: what a file holds it says itself, and when it was used last
// is its own mtime.
//
// A time tells two contents apart only when it is finer than the moments at which they were written. So what
// a stream brings is kept only where the file's time cannot happen once more: it is over by more than its
// unit since the server was first seen to show it, or more than a day old by our clock (of which a server's
// may differ by hours).
//
// All disk work is done by two threads of its own, for reading and for the rest; the loop holds what is known
// of open files, the sizes and the order of use. The cache never fails anybody: what cannot be kept or read
// is fetched from the server, and when the disk is broken or full the cache is given up with a line in the
// log.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/log.hpp>
#include <ftpfs/base/lru_cache.hpp>
#include <ftpfs/base/off_loop.hpp>
#include <ftpfs/base/wait.hpp>
#include <ftpfs/vfs/cache_file.hpp>
#include <ftpfs/vfs/config.hpp>
#include <ftpfs/vfs/private_folder.hpp>

namespace ftpfs::vfs {

class DiskFile;

class DiskCache {
 public:
  struct Context {
    Clock& clock;
    TaskSet& tasks;
    const VfsConfig& config;
    Logger logger;
  };

  // nullptr: not wanted, or another mount has the folder, which the log tells. Throws Error where it cannot
  // be used at all.
  static std::unique_ptr<DiskCache> open(Context context, Executor loop);
  ~DiskCache();
  void begin();  // counts what is there
  DiskCache(const DiskCache&) = delete;
  DiskCache& operator=(const DiskCache&) = delete;

  // The same one for all who read that version; nullptr where no version can be told, or the cache was given
  // up. What is there of another version is of no use any more.
  std::shared_ptr<DiskFile> file(const Path& path, const Attributes& shown);
  // Is something kept under that path, of whatever version? Perhaps, as long as nobody has counted.
  bool may_have(const Path& path) const;
  // The server has just shown this of a file.
  void seen(const Path& path, const Attributes& shown);
  // May be kept what a stream brings that began at `begun`?
  bool lasts(const Path& path, const Attributes& shown, Clock::time_point begun);
  // A small file that was looked at and fetched in one go, not before `begun`.
  void put_whole(const Path& path, const Attributes& shown, std::shared_ptr<const Buffer> content,
                 Clock::time_point begun);

  // It is about to be changed here: not even the same size and time will mean the same content.
  void forget(const Path& path) noexcept;
  // The same of everything below both; returns when it has happened.
  awaitable<void> forget_below(Path one, Path other);

  const std::string& path() const noexcept { return folder_.path(); }
  std::size_t files() const noexcept { return entries_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t capacity() const noexcept { return context_.config.cache_bytes; }
  const CacheUses& uses() const noexcept { return uses_; }
  bool given_up() const noexcept { return given_up_; }

 private:
  friend class DiskFile;

  struct Entry {
    std::uint64_t bytes = 0;
    std::int64_t used = 0;  // wall clock
  };
  using Entries = std::unordered_map<std::string, Entry, HashOfText>;
  struct Sighting {
    std::uint64_t size = 0;
    Timestamp mtime;
    Clock::time_point since;
  };

  DiskCache(Context context, Executor loop, PrivateFolder folder);

  static awaitable<void> count(DiskCache* self);
  static awaitable<void> remove(DiskCache* self, std::vector<std::string> names, bool for_good);
  static awaitable<void> expire(DiskCache* self);
  void send_away(std::vector<std::string> names, bool for_good);
  static awaitable<void> sync(DiskCache* self);
  awaitable<bool> run(OffLoop& thread,
                      std::function<void()> work);  // false: it failed, and the cache is given up
  void give_up(const std::exception& why);
  bool in_use(const std::string& name) const;
  void grew(const std::string& name, std::uint64_t bytes);
  void lost(const std::string& name);
  void closed(const std::string& name) noexcept;
  bool make_room(std::uint64_t bytes);
  bool evict(std::uint64_t bytes);
  void drop_old();
  void cramped(std::uint64_t missing);
  std::int64_t wall() const;

  Context context_;
  PrivateFolder folder_;
  OffLoop writing_;  // all that changes what is there, and finds out; in the order in which it was asked for
  OffLoop reading_;  // blocks, which nobody who reads waits for behind what is written
  Entries entries_;
  std::uint64_t bytes_ = 0;
  bool counted_ = false;
  bool given_up_ = false;
  std::unordered_map<std::string, std::weak_ptr<DiskFile>, HashOfText> open_;
  LruCache<std::string, Sighting> sightings_;
  std::uint64_t queued_ = 0;           // bytes that wait to be written
  bool choked_ = false;                // too many of them: none are taken until these are written
  Clock::time_point cramped_until_{};  // the disk has too little room
  bool unsynced_ = false;              // the removal of something that must not come back
  bool syncing_ = false;
  std::size_t removing_ = 0;  // calls that remove files, not done yet
  std::uint64_t gone_ = 0;    // files renamed to be removed
  CacheUses uses_;
};

// What the cache has of one version of one file.
class DiskFile : public std::enable_shared_from_this<DiskFile> {
 public:
  using Index = CacheFile::Index;

  // Blocks that are on their way to the disk and of no use before somebody vouches for them: the server,
  // looked at after their stream had begun, has still shown the version.
  class Draft;

  DiskFile(DiskCache& cache, std::string name, CachedVersion version);
  ~DiskFile();
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  const CachedVersion& version() const noexcept { return version_; }
  awaitable<void> known(std::stop_token stop);  // returns when it is known what is there
  bool has(std::uint64_t offset, std::uint64_t end) const;
  void missed() noexcept;  // who reads has to ask the server
  // nullopt: it is not there after all. A slice for each block, which its owner holds whole.
  static awaitable<std::optional<Slices>> read(std::shared_ptr<DiskFile> self, std::uint64_t offset,
                                               std::uint64_t end);
  // Whole blocks of the file, from the beginning of one; taken or not, as there is room and time.
  void put(std::uint64_t offset, std::shared_ptr<const Buffer> blocks, std::shared_ptr<Draft> draft);
  void vouch_for(const std::shared_ptr<Draft>& draft);

 private:
  friend class DiskCache;
  struct OnDisk;
  struct Written;
  using Sums = std::vector<std::pair<Index, CacheFile::Sum>>;

  static awaitable<void> load(std::shared_ptr<DiskFile> self);
  static awaitable<void> store(std::shared_ptr<DiskFile> self, std::uint64_t offset,
                               std::shared_ptr<const Buffer> blocks, std::shared_ptr<Draft> draft);
  static awaitable<void> put_whole(std::shared_ptr<DiskFile> self, std::shared_ptr<const Buffer> content);
  static awaitable<void> note(std::shared_ptr<DiskFile> self, Sums sums);
  void begin();
  void doom() noexcept;  // of no use any more, and never again under its name
  bool dead() const noexcept;
  void damaged(Index index);
  bool takes(std::uint64_t offset, std::uint64_t size) const;

  DiskCache& cache_;
  const std::string name_;
  const CachedVersion version_;
  std::shared_ptr<OnDisk> disk_;  // shared with the thread
  CacheFile::Sums sums_;          // of what may be used
  bool loaded_ = false;
  WaitList loading_;
};

class DiskFile::Draft {
 public:
  bool vouched() const noexcept { return vouched_; }

 private:
  friend class DiskFile;
  bool vouched_ = false;
  Sums waiting_;
};

}  // namespace ftpfs::vfs
