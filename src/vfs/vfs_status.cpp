// SPDX-License-Identifier: MIT
// What is known here, for people and programs that ask.
#include <algorithm>
#include <cerrno>
#include <new>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

Unsaved unsaved_of(const Node& node) {
  const Stage& stage = *node.stage;
  Unsaved found;
  found.path = shown_path(node);
  found.size = stage.size();
  found.attempts = stage.attempts;
  if (stage.running || stage.following)
    found.state = Unsaved::State::sending;
  else if (is_being_written(node))
    found.state = Unsaved::State::open;
  if (stage.transmission) found.sent = std::min(stage.transmission->sent, stage.size());
  if (stage.failure) found.fault = fault_of(stage.failure);
  return found;
}

template <class Cache>
CacheStatus of(const Cache& cache) {
  return {cache.size(), cache.weight(), cache.capacity(), cache.uses()};
}

std::uint64_t on_disk(const Stage& stage) {
  const Stage::Extent extent = stage.extent();
  std::uint64_t here = extent.size - std::min(extent.size, extent.base_size);
  for (const Range& range : extent.present) here += range.end - range.begin;
  return here;
}

}  // namespace

Fault fault_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return {error.code(), error.what(), error.server_said()};
  } catch (const std::bad_alloc&) {
    return {ENOMEM, "no memory", {}};
  } catch (const std::exception& error) {
    return {EIO, error.what(), {}};
  } catch (...) {
    return {EIO, "unknown failure", {}};
  }
}

Unsent Vfs::Impl::unsent() {
  Unsent sum;
  nodes.for_each([&](Node& node) {
    if (!node.stage || !node.linked || !node.stage->dirty()) return;
    ++sum.files;
    sum.bytes += node.stage->size();
    if (node.stage->transmission) sum.sent += std::min(node.stage->transmission->sent, node.stage->size());
  });
  return sum;
}

Status Vfs::Impl::status() {
  Status now;
  now.read_only = config.read_only;
  now.writeback = config.writeback;
  now.ending = shutting_down;
  nodes.for_each([&](Node& node) {
    if (node.stage && node.linked && node.stage->dirty()) now.unsaved.push_back(unsaved_of(node));
  });
  std::ranges::sort(now.unsaved, {}, &Unsaved::path);
  now.refused.assign(uploads.refused().begin(), uploads.refused().end());
  if (spool) {
    now.spool = spool->own().path();
    for (const auto& folder : spool->all()) {
      for (const SpoolFolder::KeptFile& file : folder->kept())
        now.kept.push_back({folder->path() + "/" + file.name, file.size, file.mtime});
    }
  }
  now.listings = of(directories.listings());
  now.blocks = of(blocks.cache());
  if (disk && !disk->given_up()) {
    now.disk = CacheStatus{disk->files(), disk->bytes(), disk->capacity(), disk->uses()};
    now.cache = disk->path();
  }
  now.ahead = {walk_ahead.counts(), files_ahead.counts(), more_streams.counts};
  now.uploads = uploads.counts();
  now.known_names = nodes.size();
  now.open_files = files.size();
  now.open_directories = open_directories.size();
  return now;
}

Node* Vfs::Impl::known(const Path& path) {
  if (path.is_root()) return &nodes.root();
  Node* const parent = known(path.parent());
  return parent ? nodes.find(*parent, path.name()) : nullptr;
}

FileStatus Vfs::Impl::status_of(const Node& node) {
  FileStatus now;
  now.kind = node.attributes.kind;
  now.attributes = node.attributes;
  if (node.stage) now.attributes.size = node.stage->size();
  const Clock::duration age = clock.now() - node.learned;
  if (node.learned != Clock::time_point{})
    now.age = std::chrono::duration_cast<std::chrono::milliseconds>(age);
  now.link_target = node.marks().link_target.value_or({});
  now.on_server = node.on_server;
  now.handles = node.marks().handles;
  now.writers = node.marks().writers;
  now.in_memory = blocks.held(node.ino, node.version);
  if (node.stage) now.on_disk = on_disk(*node.stage);
  if (node.stage && node.stage->dirty()) now.unsaved = unsaved_of(node);
  if (node.marks().unheard) now.unheard = fault_of(node.marks().unheard);
  if (const auto listing = directories.cached(node)) now.entries = listing->size();
  return now;
}

// The kernel may have forgotten the name, or never have asked for it, while the listing that it is in is at
// hand.
std::optional<FileStatus> Vfs::Impl::file_status(const Path& path) {
  if (const Node* const node = known(path)) return status_of(*node);
  Node* const parent = known(path.parent());
  const auto listing = parent ? directories.cached(*parent) : nullptr;
  const std::optional<EntryView> entry = listing ? listing->find(path.name()) : std::nullopt;
  if (!entry) return std::nullopt;
  FileStatus now;
  now.kind = entry->attributes.kind;
  now.attributes = entry->attributes;
  now.link_target = entry->link_target;
  now.age = std::chrono::duration_cast<std::chrono::milliseconds>(clock.now() - listing->fetched());
  return now;
}

}  // namespace ftpfs::vfs
