// SPDX-License-Identifier: MIT
// One file of the cache, as the loop sees it: every touch of the disk is a call to the thread.
#include "disk_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/statvfs.h>

#include <ftpfs/base/error.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::uint64_t block_size = CacheFile::block_size;
constexpr std::uint64_t disk_page = 4096;
// Where the server is faster than this disk, what does not fit is left out, in long stretches.
constexpr std::uint64_t most_queued = 64u << 20;
constexpr std::uint64_t share_of_one = 2;  // a file may have one part in so many of the cache

std::uint64_t room_for(std::uint64_t bytes) {
  return (bytes + disk_page - 1) / disk_page * disk_page;
}

std::uint64_t free_on_disk(int file) {
  struct ::statvfs space {};
  if (::fstatvfs(file, &space) != 0)
    throw Error(errno, std::string("cannot look at the cache: ") + std::strerror(errno));
  return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

}  // namespace

struct DiskFile::Written {
  Sums sums;
  std::uint64_t free = 0;
};

DiskFile::DiskFile(DiskCache& cache, std::string name, CachedVersion version)
    : cache_(cache), name_(std::move(name)), version_(std::move(version)), disk_(std::make_shared<OnDisk>()) {
  disk_->folder = cache_.folder_.descriptor();
  disk_->name = name_;
  disk_->version = version_;
}

DiskFile::~DiskFile() {
  cache_.closed(name_);
}

bool DiskFile::dead() const noexcept {
  return disk_->doomed || cache_.given_up();
}

void DiskFile::doom() noexcept {
  disk_->doomed = true;
  sums_.clear();
}

void DiskFile::begin() {
  loaded_ = cache_.counted_ && !cache_.entries_.contains(name_);
  if (!loaded_) cache_.context_.tasks.spawn(load(shared_from_this()));
}

awaitable<void> DiskFile::known(std::stop_token stop) {
  while (!loaded_) co_await loading_.wait(stop);
}

awaitable<void> DiskFile::load(std::shared_ptr<DiskFile> self) {
  const auto found = std::make_shared<CacheFile::Sums>();
  const std::shared_ptr<OnDisk> disk = self->disk_;
  const std::int64_t now = self->cache_.wall();
  std::function<void()> work = [found, disk, now] {
    if (disk->doomed) return;
    disk->file = CacheFile::open(disk->folder, disk->name, disk->version);
    if (!disk->file) return;
    if (is_one_of_the_last(disk->file->descriptor())) {
      disk->doomed = true;  // for now; it stays as it is
      disk->file.reset();
      return;
    }
    *found = disk->file->sums();
    disk->file->used(now);
  };
  const bool done = co_await self->cache_.run(self->cache_.writing_, std::move(work));
  if (done && !self->dead()) {
    self->sums_ = std::move(*found);
    // Of another version, or nothing in it: what was there is gone or begins anew.
    if (!disk->file) self->cache_.lost(self->name_);
  }
  self->loaded_ = true;
  self->loading_.wake_all();
}

bool DiskFile::has(std::uint64_t offset, std::uint64_t end) const {
  if (dead() || offset >= end) return false;
  for (Index index = offset / block_size; index * block_size < end; ++index) {
    if (!sums_.contains(index)) return false;
  }
  return true;
}

void DiskFile::missed() noexcept {
  ++cache_.uses_.misses;
}

awaitable<std::optional<Slices>> DiskFile::read(std::shared_ptr<DiskFile> self, std::uint64_t offset,
                                                std::uint64_t end) {
  struct Block {
    Index index;
    CacheFile::Sum sum;
    std::shared_ptr<Buffer> buffer;
    bool whole = false;
  };
  const auto blocks = std::make_shared<std::vector<Block>>();
  for (Index index = offset / block_size; index * block_size < end; ++index) {
    const auto sum = self->sums_.find(index);
    if (sum == self->sums_.end()) co_return std::nullopt;
    const std::uint64_t length = CacheFile::length(self->version_.size, index);
    blocks->push_back({index, sum->second, std::make_shared<Buffer>(length)});
  }
  const std::shared_ptr<OnDisk> disk = self->disk_;
  std::function<void()> work = [blocks, disk] {
    for (Block& block : *blocks)
      block.whole = disk->file && disk->file->read(block.index, block.sum, block.buffer->bytes());
  };
  const bool done = co_await self->cache_.run(self->cache_.reading_, std::move(work));
  if (!done || self->dead()) co_return std::nullopt;
  Slices slices;
  for (const Block& block : *blocks) {
    if (!block.whole) {
      self->damaged(block.index);
      co_return std::nullopt;
    }
    const std::uint64_t begin = block.index * block_size;
    const Bytes all = std::as_const(*block.buffer).bytes();
    const std::uint64_t from = std::max(offset, begin) - begin;
    const std::uint64_t to = std::min<std::uint64_t>(end - begin, all.size());
    slices.push_back({block.buffer, all.subspan(from, to - from)});
  }
  ++self->cache_.uses_.hits;
  co_return slices;
}

// It is fetched again, and written once more.
void DiskFile::damaged(Index index) {
  sums_.erase(index);
  cache_.context_.logger->info("a damaged block of {} in the cache is fetched again", escaped(version_.path));
  cache_.context_.tasks.spawn(note(shared_from_this(), {{index, 0}}));
}

bool DiskFile::takes(std::uint64_t offset, std::uint64_t size) const {
  if (dead() || !loaded_ || has(offset, offset + size)) return false;
  const auto entry = cache_.entries_.find(name_);
  const std::uint64_t mine = entry == cache_.entries_.end() ? 0 : entry->second.bytes;
  if (mine + size > cache_.capacity() / share_of_one) return false;
  return cache_.context_.clock.now() >= cache_.cramped_until_;
}

void DiskFile::put(std::uint64_t offset, std::shared_ptr<const Buffer> blocks, std::shared_ptr<Draft> draft) {
  const std::uint64_t size = room_for(blocks->size());
  if (cache_.queued_ + size > most_queued) cache_.choked_ = true;
  if (cache_.choked_ || !takes(offset, blocks->size()) || !cache_.make_room(size + disk_page)) return;
  cache_.grew(name_, cache_.entries_.contains(name_) ? size : size + disk_page);
  cache_.queued_ += size;
  cache_.context_.tasks.spawn(store(shared_from_this(), offset, std::move(blocks), std::move(draft)));
}

awaitable<void> DiskFile::put_whole(std::shared_ptr<DiskFile> self, std::shared_ptr<const Buffer> content) {
  const std::stop_token stop = self->cache_.context_.tasks.stop_token();
  co_await self->known(stop);
  const auto draft = std::make_shared<Draft>();
  draft->vouched_ = true;
  self->put(0, std::move(content), draft);
}

awaitable<void> DiskFile::store(std::shared_ptr<DiskFile> self, std::uint64_t offset,
                                std::shared_ptr<const Buffer> blocks, std::shared_ptr<Draft> draft) {
  const auto written = std::make_shared<Written>();
  const std::shared_ptr<OnDisk> disk = self->disk_;
  const std::int64_t now = self->cache_.wall();
  std::function<void()> work = [written, disk, blocks, offset, now] {
    if (disk->doomed) return;
    if (!disk->file) disk->file = CacheFile::create(disk->folder, disk->name, disk->version);
    if (is_one_of_the_last(disk->file->descriptor())) throw Error(EMFILE, "too many files are open");
    const Bytes all = blocks->bytes();
    for (std::size_t at = 0; at < all.size(); at += block_size) {
      const Index index = (offset + at) / block_size;
      const Bytes block = all.subspan(at, std::min<std::size_t>(block_size, all.size() - at));
      written->sums.emplace_back(index, disk->file->write(index, block));
    }
    disk->file->used(now);
    written->free = free_on_disk(disk->file->descriptor());
  };
  DiskCache& cache = self->cache_;
  const std::uint64_t size = room_for(blocks->size());
  const bool done = co_await cache.run(cache.writing_, std::move(work));
  cache.queued_ -= size;
  if (cache.queued_ == 0) cache.choked_ = false;
  if (!done || self->dead()) co_return;
  const std::uint64_t to_be_free = cache.context_.config.cache_min_free;
  if (written->free < to_be_free) cache.cramped(to_be_free - written->free);
  if (draft->vouched_)
    co_await note(self, std::move(written->sums));
  else
    draft->waiting_.insert(draft->waiting_.end(), written->sums.begin(), written->sums.end());
}

void DiskFile::vouch_for(const std::shared_ptr<Draft>& draft) {
  draft->vouched_ = true;
  if (draft->waiting_.empty() || dead()) return;
  cache_.context_.tasks.spawn(note(shared_from_this(), std::exchange(draft->waiting_, {})));
}

awaitable<void> DiskFile::note(std::shared_ptr<DiskFile> self, Sums sums) {
  const std::shared_ptr<OnDisk> disk = self->disk_;
  const std::int64_t now = self->cache_.wall();
  std::function<void()> work = [disk, sums, now] {
    if (disk->doomed || !disk->file) return;
    for (const auto& [index, sum] : sums) disk->file->note(index, sum);
    disk->file->used(now);
  };
  const bool done = co_await self->cache_.run(self->cache_.writing_, std::move(work));
  if (!done || self->dead()) co_return;
  for (const auto& [index, sum] : sums) {
    if (sum != 0) self->sums_[index] = sum;
  }
}

}  // namespace ftpfs::vfs
