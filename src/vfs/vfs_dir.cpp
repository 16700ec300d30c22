// SPDX-License-Identifier: MIT
// Reading directories. Cookies: 1 follows ".", 2 follows "..", n + 3 follows slot n of the listing.
#include <utility>

#include <sys/stat.h>

#include "vfs_impl.hpp"

namespace ftpfs::vfs {
namespace {

constexpr off_t after_dots = 2;

mode_t type_bits(Kind kind) {
  switch (kind) {
    case Kind::directory:
      return S_IFDIR;
    case Kind::symlink:
      return S_IFLNK;
    case Kind::file:
      break;
  }
  return S_IFREG;
}

Looked bare(Ino ino, mode_t type) {
  Looked entry;
  entry.attr.stat.st_ino = ino;
  entry.attr.stat.st_mode = type;
  return entry;
}

}  // namespace

awaitable<DirHandle> Vfs::Impl::opendir(Ino ino, std::stop_token stop) {
  accepting();
  NodeRef node = directory_at(ino);
  OpenDirectory opened;
  walk_ahead.opened(node);
  opened.listing = co_await directories.get(node, stop);
  walk_ahead.refill();
  opened.node = std::move(node);
  const DirHandle handle = next_handle++;
  open_directories.emplace(handle, std::move(opened));
  co_return handle;
}

void Vfs::Impl::readdir(DirHandle handle, off_t cookie, bool plus, DirFiller& filler) {
  const auto found = open_directories.find(handle);
  if (found == open_directories.end()) throw Error(EBADF, "unknown directory handle");
  const NodeRef node = found->second.node;
  if (cookie == 0) begin(found->second);
  const std::shared_ptr<Listing> listing = found->second.listing;
  if (cookie < 1 && !filler.add(".", bare(node->shown(), S_IFDIR), 1)) return;
  const Ino above = node->parent ? node->parent->shown() : node->shown();
  if (cookie < after_dots && !filler.add("..", bare(above, S_IFDIR), after_dots)) return;
  const off_t first = std::max<off_t>(cookie - after_dots, 0);
  for (std::size_t slot = static_cast<std::size_t>(first); slot < found->second.end; ++slot) {
    const std::optional<EntryView> entry = listing->at(slot);
    const off_t next = static_cast<off_t>(slot) + after_dots + 1;
    if (entry && !fill_entry(*node, *entry, listing->fetched(), plus, next, filler)) return;
  }
}

// rewinddir(3) is to show what opendir(3) would: a newer listing may have come meanwhile, and our own changes
// since then are in that one only. Where there is none at present, that of the handle has to do.
void Vfs::Impl::begin(OpenDirectory& opened) {
  if (std::shared_ptr<Listing> newest = directories.cached(*opened.node)) opened.listing = std::move(newest);
  opened.end = opened.listing->slots();
}

bool Vfs::Impl::fill_entry(Node& directory, const EntryView& entry, Clock::time_point fetched, bool plus,
                           off_t next, DirFiller& filler) {
  if (!plus) {
    // An inode number only; a made-up one serves where no node exists (the kernel asks by name when it
    // matters).
    constexpr Ino unknown = 0xffffffff;  // FUSE_UNKNOWN_INO
    const Node* const known = nodes.find(directory, entry.name);
    return filler.add(entry.name, bare(known ? known->shown() : unknown, type_bits(entry.attributes.kind)),
                      next);
  }
  NodeRef node(nodes, node_for(directory, entry, fetched));
  const Looked result = looked(*node);
  if (filler.add(entry.name, result, next)) return true;
  --node->lookups;
  return false;
}

}  // namespace ftpfs::vfs
