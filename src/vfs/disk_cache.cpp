// SPDX-License-Identifier: MIT
// The folder: what is in it, how much, what has to go.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/hash.hpp>

#include "disk_file.hpp"

namespace ftpfs::vfs {
namespace {

constexpr std::string_view gone_prefix = ".gone-";
constexpr std::size_t name_size = 32;
constexpr std::size_t most_sightings = 4096;
constexpr std::chrono::seconds clocks_differ{86'400};
constexpr std::chrono::seconds slack{1};
constexpr std::uint64_t evicted_at_once = 20;  // one part in so many of the capacity: sorting is not free
constexpr std::chrono::seconds longest_rest{3600};  // between looks at what is too old

// Two times of files that differ by this or more are told apart. FAT has two seconds; a day may begin an hour
// later.
std::chrono::seconds unit_of(Precision precision) {
  switch (precision) {
    case Precision::second:
      return std::chrono::seconds(2);
    case Precision::minute:
      return std::chrono::seconds(60);
    case Precision::day:
      break;
  }
  return std::chrono::seconds(86'400 + 3600);
}

std::string name_of(std::string_view path) {
  return fmt::format("{:016x}{:016x}", fnv1a(path), checksum(as_bytes(path), 0));
}

bool is_ours(std::string_view name) {
  return name.size() == name_size && name.find_first_not_of("0123456789abcdef") == name.npos;
}

bool is_at_or_below(const std::string& path, const Path& top) {
  return path == top.str() || Path(path).is_below(top);
}

}  // namespace

std::unique_ptr<DiskCache> DiskCache::open(Context context, Executor loop) {
  const std::string& directory = context.config.cache_directory;
  if (directory.empty()) return nullptr;
  std::optional<PrivateFolder> folder = PrivateFolder::make(directory, "cache directory");
  if (!folder) {
    context.logger->warn("another mount uses the cache in {}: this one works without", directory);
    return nullptr;
  }
  return std::unique_ptr<DiskCache>(new DiskCache(std::move(context), std::move(loop), std::move(*folder)));
}

DiskCache::DiskCache(Context context, Executor loop, PrivateFolder folder)
    : context_(std::move(context)),
      folder_(std::move(folder)),
      writing_(loop),
      reading_(std::move(loop)),
      sightings_(most_sightings, Clock::duration::max(), context_.clock) {}

DiskCache::~DiskCache() = default;

void DiskCache::begin() {
  context_.tasks.spawn(count(this));
}

std::int64_t DiskCache::wall() const {
  return std::chrono::duration_cast<std::chrono::seconds>(context_.clock.wall().time_since_epoch()).count();
}

awaitable<bool> DiskCache::run(OffLoop& thread, std::function<void()> work) {
  if (given_up_) co_return false;
  try {
    co_await thread.run(std::move(work));
    co_return true;
  } catch (const std::exception& failure) {
    give_up(failure);
  }
  co_return false;
}

void DiskCache::give_up(const std::exception& why) {
  if (std::exchange(given_up_, true)) return;
  context_.logger->warn("the cache in {} is given up, files are read from the server: {}", folder_.path(),
                        why.what());
}

// What is there, and what an earlier mount had no time to remove.
awaitable<void> DiskCache::count(DiskCache* self) {
  const auto found = std::make_shared<Entries>();
  const PrivateFolder* const folder = &self->folder_;
  std::function<void()> work = [found, folder] {
    for (const std::string& name : folder->names()) {
      struct ::stat status {};
      if (name.starts_with(gone_prefix)) ::unlinkat(folder->descriptor(), name.c_str(), 0);
      const bool there =
          is_ours(name) && ::fstatat(folder->descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
      if (!there || !S_ISREG(status.st_mode)) continue;
      found->emplace(name, Entry{static_cast<std::uint64_t>(status.st_blocks) * 512, status.st_mtime});
    }
  };
  const bool done = co_await self->run(self->writing_, std::move(work));
  if (!done) co_return;
  for (const auto& [name, entry] : *found) self->bytes_ += entry.bytes;
  self->entries_ = std::move(*found);
  self->counted_ = true;
  self->drop_old();
  self->make_room(0);
  self->context_.tasks.spawn(expire(self));
}

awaitable<void> DiskCache::expire(DiskCache* self) {
  const std::stop_token stop = self->context_.tasks.stop_token();
  const std::chrono::seconds rest =
      std::clamp(self->context_.config.cache_age / 4, std::chrono::seconds(1), longest_rest);
  while (!self->given_up_) {
    const Clock::time_point due = self->context_.clock.now() + rest;
    Clock& clock = self->context_.clock;
    co_await clock.sleep_until(due, stop);
    self->drop_old();
  }
}

std::shared_ptr<DiskFile> DiskCache::file(const Path& path, const Attributes& shown) {
  const bool told = shown.kind == Kind::file && shown.size_known && shown.mtime;
  if (given_up_ || !told || shown.size == 0 || shown.size > CacheFile::largest) return nullptr;
  std::string name = name_of(path.str());
  CachedVersion version{path.str(), shown.size, *shown.mtime};
  std::weak_ptr<DiskFile>& known = open_[name];
  if (const auto open = known.lock()) {
    if (open->version() == version && !open->dead()) return open;
    open->doom();
  }
  auto file = std::make_shared<DiskFile>(*this, std::move(name), std::move(version));
  known = file;
  file->begin();
  return file;
}

bool DiskCache::may_have(const Path& path) const {
  return !given_up_ && (!counted_ || entries_.contains(name_of(path.str())));
}

void DiskCache::seen(const Path& path, const Attributes& shown) {
  if (!shown.mtime || lasts(path, shown, Clock::time_point::min())) return;
  std::string name = name_of(path.str());
  const Sighting* const before = sightings_.get(name);
  if (before && before->size == shown.size && before->mtime == *shown.mtime) return;
  sightings_.put(std::move(name), {shown.size, *shown.mtime, context_.clock.now()}, 1);
}

bool DiskCache::lasts(const Path& path, const Attributes& shown, Clock::time_point begun) {
  if (!shown.mtime) return false;
  const std::chrono::seconds unit = unit_of(shown.mtime->precision);
  if (wall() - shown.mtime->seconds >= (unit + clocks_differ).count()) return true;
  const Sighting* const first = sightings_.get(name_of(path.str()));
  const bool same = first && first->size == shown.size && first->mtime == *shown.mtime;
  return same && begun >= first->since + unit + slack;
}

void DiskCache::put_whole(const Path& path, const Attributes& shown, std::shared_ptr<const Buffer> content,
                          Clock::time_point begun) {
  if (!lasts(path, shown, begun)) return;
  const std::shared_ptr<DiskFile> into = file(path, shown);
  if (into) context_.tasks.spawn(DiskFile::put_whole(into, std::move(content)));
}

// First it has no name any more: should we die now, it must not be found again.
void DiskCache::forget(const Path& path) noexcept {
  try {
    const std::string name = name_of(path.str());
    const auto open = open_.find(name);
    if (open != open_.end()) {
      if (const auto file = open->second.lock()) file->doom();
      open_.erase(open);
    }
    sightings_.erase(name);
    if (counted_ && !entries_.contains(name)) return;
    std::string gone = fmt::format("{}{}", gone_prefix, ++gone_);
    const int folder = folder_.descriptor();
    ::renameat(folder, name.c_str(), folder, gone.c_str());
    lost(name);
    // Under its name once more: it may just have been on its way to the disk.
    send_away({name, std::move(gone)}, true);
  } catch (const std::exception& failure) {
    give_up(failure);
  }
}

awaitable<void> DiskCache::forget_below(Path one, Path other) {
  if (given_up_ || (counted_ && entries_.empty())) co_return;
  for (const auto& [name, open] : open_) {
    const auto file = open.lock();
    if (!file) continue;
    const std::string& path = file->version().path;
    if (is_at_or_below(path, one) || is_at_or_below(path, other)) file->doom();
  }
  const auto removed = std::make_shared<std::vector<std::string>>();
  const PrivateFolder* const folder = &folder_;
  std::function<void()> work = [removed, folder, one, other] {
    for (const std::string& name : folder->names()) {
      if (!is_ours(name)) continue;
      const std::optional<std::string> path = CacheFile::path_of(folder->descriptor(), name);
      if (path && !is_at_or_below(*path, one) && !is_at_or_below(*path, other)) continue;
      ::unlinkat(folder->descriptor(), name.c_str(), 0);
      removed->push_back(name);
    }
    if (!removed->empty()) ::fsync(folder->descriptor());
  };
  co_await run(writing_, std::move(work));
  for (const std::string& name : *removed) lost(name);
}

awaitable<void> DiskCache::remove(DiskCache* self, std::vector<std::string> names, bool for_good) {
  const int folder = self->folder_.descriptor();
  std::function<void()> work = [folder, names] {
    for (const std::string& name : names) ::unlinkat(folder, name.c_str(), 0);
  };
  co_await self->run(self->writing_, std::move(work));
  --self->removing_;
  if (!for_good) co_return;
  self->unsynced_ = true;
  if (!std::exchange(self->syncing_, true)) self->context_.tasks.spawn(sync(self));
}

// Once for all that went meanwhile: `rm -r` must not keep everybody else waiting.
awaitable<void> DiskCache::sync(DiskCache* self) {
  const int folder = self->folder_.descriptor();
  while (std::exchange(self->unsynced_, false)) {
    std::function<void()> work = [folder] { ::fsync(folder); };
    co_await self->run(self->writing_, std::move(work));
  }
  self->syncing_ = false;
}

void DiskCache::send_away(std::vector<std::string> names, bool for_good) {
  ++removing_;
  context_.tasks.spawn(remove(this, std::move(names), for_good));
}

bool DiskCache::in_use(const std::string& name) const {
  const auto open = open_.find(name);
  return open != open_.end() && !open->second.expired();
}

void DiskCache::grew(const std::string& name, std::uint64_t bytes) {
  Entry& entry = entries_[name];
  entry.bytes += bytes;
  entry.used = wall();
  bytes_ += bytes;
}

void DiskCache::lost(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  bytes_ -= found->second.bytes;
  entries_.erase(found);
}

void DiskCache::closed(const std::string& name) noexcept {
  const auto open = open_.find(name);
  if (open != open_.end() && open->second.expired()) open_.erase(open);
  const auto found = entries_.find(name);
  if (found != entries_.end()) found->second.used = wall();
}

bool DiskCache::make_room(std::uint64_t bytes) {
  if (bytes_ + bytes > capacity()) evict(bytes_ + bytes - capacity());
  return bytes_ + bytes <= capacity();
}

// What was used least recently, but nothing that is open. False: nothing was there to go.
bool DiskCache::evict(std::uint64_t bytes) {
  std::vector<std::pair<std::int64_t, std::string>> candidates;
  for (const auto& [name, entry] : entries_) {
    if (!in_use(name)) candidates.emplace_back(entry.used, name);
  }
  std::ranges::sort(candidates);
  bytes += capacity() / evicted_at_once;
  std::vector<std::string> names;
  for (auto& [used, name] : candidates) {
    const std::uint64_t freed = entries_.at(name).bytes;
    lost(name);
    names.push_back(std::move(name));
    if (freed >= bytes) break;
    bytes -= freed;
  }
  if (names.empty()) return false;
  send_away(std::move(names), false);
  return true;
}

void DiskCache::drop_old() {
  const std::int64_t limit = wall() - context_.config.cache_age.count();
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) {
    if (entry.used < limit && !in_use(name)) names.push_back(name);
  }
  for (const std::string& name : names) lost(name);
  if (!names.empty()) send_away(std::move(names), false);
}

// The disk has so little room left that others may need it.
void DiskCache::cramped(std::uint64_t missing) {
  constexpr std::chrono::seconds not_again_for{60};
  if (removing_ > 0) return;  // that will help
  if (!evict(missing)) cramped_until_ = context_.clock.now() + not_again_for;
}

}  // namespace ftpfs::vfs
