// SPDX-License-Identifier: MIT
// One file of the persistent cache: blocks of one version of one remote file, in a sparse file that says
// itself what it is. Nothing here is asked from the loop; a CacheFile is used by one thread at a time.
//
//   header   magic, checksum of all of it, size, time and its precision, path
//   sums     one for each block of the remote file, 0: the block is not here
//   blocks   from a page's beginning on, each at its offset in the remote file
//
// There is no journal and nothing is synced. A block is written first and its sum afterwards; the sum covers
// the block, its place and, by the header's checksum, the version and path that it belongs to. So whatever a
// crash has left undone, done in another order or in part, and whatever the disk has changed since, a block
// that is not whole does not have its sum, and is fetched again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <ftpfs/base/bytes.hpp>
#include <ftpfs/base/fd.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/block_cache.hpp>

namespace ftpfs::vfs {

struct CachedVersion {
  std::string path;
  std::uint64_t size = 0;
  Timestamp mtime;

  friend bool operator==(const CachedVersion&, const CachedVersion&) = default;
};

class CacheFile {
 public:
  static constexpr std::uint64_t block_size = BlockCache::block_size;
  static constexpr std::uint64_t largest = 8ull << 40;  // of a remote file: its blocks and sums fit

  using Index = std::uint64_t;
  using Sum = std::uint64_t;
  using Sums = std::unordered_map<Index, Sum>;

  // What is there under that name, if it is that version. Anything else there is removed.
  static std::unique_ptr<CacheFile> open(int folder, const std::string& name, const CachedVersion& version);
  // In place of what is there. Throws Error(ENOSPC, EIO...), as all that writes.
  static std::unique_ptr<CacheFile> create(int folder, const std::string& name, const CachedVersion& version);
  // Of which path it is; nothing where that cannot be told.
  static std::optional<std::string> path_of(int folder, const std::string& name);

  Sums sums() const;
  // Its sum, to be noted when the block is known to be of the version.
  Sum write(Index index, Bytes block);
  void note(Index index, Sum sum);
  void forget(Index index) { note(index, 0); }
  // False: that is not the block that was written.
  bool read(Index index, Sum sum, MutableBytes block) const;
  void used(std::int64_t when);  // by the clock of the mount: what was used least recently goes first
  int descriptor() const noexcept { return fd_.get(); }

  // How long the block is: shorter than the others only at the end of the file.
  static std::uint64_t length(std::uint64_t size, Index index) noexcept;

 private:
  CacheFile(UniqueFd fd, std::uint64_t size, std::size_t path_size, std::uint64_t seed);

  std::uint64_t place(Index index) const noexcept { return blocks_at_ + index * block_size; }
  Sum sum_of(Index index, Bytes block) const noexcept;

  UniqueFd fd_;
  std::uint64_t seed_;
  std::uint64_t sums_at_;
  std::uint64_t blocks_at_;
};

}  // namespace ftpfs::vfs
