// SPDX-License-Identifier: MIT
// Memory for file contents: blocks that random reads and small files leave behind (bounded, least recently
// used goes first), and recycled chunks for streams (a fresh megabyte from the kernel costs 256 page faults).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ftpfs/base/bytes.hpp>
#include <ftpfs/base/lru_cache.hpp>

namespace ftpfs::vfs {

struct BlockKey {
  std::uint64_t ino = 0;
  std::uint64_t version = 0;  // Node::version: blocks of an old version are never found again
  std::uint64_t index = 0;    // offset / BlockCache::block_size

  friend bool operator==(const BlockKey&, const BlockKey&) = default;
};

struct BlockKeyHash {
  std::size_t operator()(const BlockKey& key) const noexcept {
    std::uint64_t hash = key.ino * 0x9E3779B97F4A7C15u ^ key.version * 0xC2B2AE3D27D4EB4Fu ^ key.index;
    hash ^= hash >> 29;
    return hash * 0x165667B19E3779F9u;
  }
};

// A block whose start was never read lacks it: each reaches to the end of its place in the file, or to that
// of the file.
class BlockCache {
 public:
  static constexpr std::size_t block_size = 128u << 10;
  // Of one block: its place in the cache, and what malloc keeps beside four pieces of memory. Without it a
  // million small files would be a gigabyte.
  static constexpr std::size_t bookkeeping = 256;

  BlockCache(std::size_t capacity, const Clock& clock) : blocks_(capacity, Clock::duration::max(), clock) {}

  std::shared_ptr<const Buffer> get(const BlockKey& key) {
    const auto* const found = blocks_.get(key);
    return found ? *found : nullptr;
  }
  void put(const BlockKey& key, std::shared_ptr<const Buffer> block) {
    const std::size_t weight = block->footprint() + bookkeeping;
    blocks_.put(key, std::move(block), weight);
  }
  void erase(const BlockKey& key) { blocks_.erase(key); }
  void clear() { blocks_.clear(); }
  std::size_t weight() const noexcept { return blocks_.weight(); }

  using Cache = LruCache<BlockKey, std::shared_ptr<const Buffer>, BlockKeyHash>;
  const Cache& cache() const noexcept { return blocks_; }
  std::uint64_t held(std::uint64_t ino, std::uint64_t version) const;  // bytes of one file

 private:
  Cache blocks_;
};

class ChunkPool {
 public:
  static constexpr std::size_t chunk_size = 1u << 20;

  ChunkPool() : free_(std::make_shared<Free>()) {}

  // A buffer of chunk_size that comes back here when its last owner lets go of it.
  std::shared_ptr<Buffer> take();
  // Gives the memory back to the system when no stream is left.
  void trim() noexcept { free_->buffers.clear(); }

 private:
  struct Free {
    std::vector<std::unique_ptr<Buffer>> buffers;
  };
  std::shared_ptr<Free> free_;
};

}  // namespace ftpfs::vfs
