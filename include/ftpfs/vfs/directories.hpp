// SPDX-License-Identifier: MIT
// All cached listings: fetched once for everybody who waits, edited by our own changes, bounded in memory,
// expired by the clock. One listing answers every look-up, attribute and negative answer of its directory.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include <ftpfs/base/lru_cache.hpp>
#include <ftpfs/vfs/hidden_files.hpp>
#include <ftpfs/vfs/inode_table.hpp>

namespace ftpfs::vfs {

class Directories {
 public:
  Directories(Remote& remote, const Clock& clock, TaskSet& tasks, InodeTable& nodes,
              const HiddenFiles& hidden, const VfsConfig& config);

  std::shared_ptr<Listing> cached(const Node& directory);  // nullptr: none that is fresh
  awaitable<std::shared_ptr<Listing>> get(NodeRef directory, std::stop_token stop);

  // Does the server show a file of the name that was made here and is not sent yet? By a listing no older
  // than kernel_ttl, which all who ask share.
  awaitable<bool> shows(NodeRef directory, std::string name, std::stop_token stop);

  void refresh(NodeRef directory);  // asks anew in the background; what is known serves until then

  // Our own changes, shown at once.
  void publish(const Node& node);    // as the node is now, in its parent's listing
  void made(const Node& directory);  // it is empty: no need to ask
  void erase(Node& directory, std::string_view name);

  // What is on its way counts as dropped, too: it may be older than the reason to drop it.
  void drop(const Node& directory);
  void clear();

  // Listings that somebody wants and that have not come to the remote yet: each will take a session.
  std::size_t starting() const noexcept { return starting_; }

  // Listings may show minutes only (LIST); what was learned to the second about one file is worth keeping, or
  // rsync would copy every file again.
  void remember_exact(const Path& path, const Attributes& attributes);

  Directory& state(Node& directory);
  const LruCache<Ino, std::shared_ptr<Listing>>& listings() const noexcept { return listings_; }

 private:
  static awaitable<void> ask_anew(Directories* self, NodeRef directory);
  awaitable<std::shared_ptr<Listing>> join(NodeRef directory, std::stop_token stop);
  static awaitable<std::shared_ptr<Listing>> fetch(Directories* self, NodeRef directory,
                                                   std::stop_token stop);
  awaitable<std::vector<Entry>> list(NodeRef directory, Path path, std::stop_token stop);
  template <class Edit>
  void edit(Node& directory, std::string_view name, Edit change);
  std::vector<Entry> prepared(const Path& path, std::vector<Entry> entries, const HiddenFiles::Watch& watch);

  struct Exact {
    std::uint64_t size;
    Timestamp mtime;
  };

  Remote& remote_;
  const Clock& clock_;
  TaskSet& tasks_;
  InodeTable& nodes_;
  const HiddenFiles& hidden_;
  const Clock::duration fresh_for_;
  LruCache<Ino, std::shared_ptr<Listing>> listings_;
  LruCache<Path, Exact> exact_;
  std::size_t starting_ = 0;
  std::uint64_t clears_ = 0;
};

}  // namespace ftpfs::vfs
