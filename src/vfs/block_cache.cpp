// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/vfs/block_cache.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::size_t most_spare_chunks = 16;

}  // namespace

std::shared_ptr<Buffer> ChunkPool::take() {
  std::unique_ptr<Buffer> chunk;
  if (free_->buffers.empty()) {
    chunk = std::make_unique<Buffer>(chunk_size);
  } else {
    chunk = std::move(free_->buffers.back());
    free_->buffers.pop_back();
  }
  const auto give_back = [spare = std::weak_ptr<Free>(free_)](Buffer* used) {
    std::unique_ptr<Buffer> owner(used);
    if (const auto pool = spare.lock(); pool && pool->buffers.size() < most_spare_chunks) {
      pool->buffers.push_back(std::move(owner));
    }
  };
  return {chunk.release(), give_back};
}

std::uint64_t BlockCache::held(std::uint64_t ino, std::uint64_t version) const {
  std::uint64_t bytes = 0;
  blocks_.for_each([&](const BlockKey& key, const std::shared_ptr<const Buffer>& block) {
    if (key.ino == ino && key.version == version) bytes += block->size();
  });
  return bytes;
}

}  // namespace ftpfs::vfs
