// SPDX-License-Identifier: MIT
// The bound is one on memory, whatever the blocks are like.
#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <ftpfs/vfs/block_cache.hpp>

#include "support/manual_clock.hpp"

namespace ftpfs::test {
namespace {

constexpr std::size_t capacity = 1u << 20;

struct Kept {
  std::size_t blocks = 0;
  std::size_t memory = 0;
};

// What stays of more blocks than the bound allows.
Kept kept(std::size_t size) {
  const ManualClock clock;
  vfs::BlockCache cache(capacity, clock);
  const std::size_t count = std::min<std::size_t>(4 * capacity / size, 40'000);
  for (std::size_t index = 0; index < count; ++index)
    cache.put({1, 1, index}, std::make_shared<Buffer>(size));
  Kept result;
  for (std::size_t index = 0; index < count; ++index) {
    const auto block = cache.get({1, 1, index});
    if (!block) continue;
    ++result.blocks;
    result.memory += ::malloc_usable_size(const_cast<std::byte*>(block->data()));
  }
  return result;
}

TEST(BlockCache, SmallBlocksCountWithTheMemoryTheyTake) {
  for (const std::size_t size : {1u, 100u, 3000u, 4096u, 5000u}) {
    const Kept found = kept(size);
    EXPECT_LE(found.memory + 150 * found.blocks, capacity)
        << size;  // an entry, a Buffer, a shared_ptr's counts
    EXPECT_GE(found.memory + 1000 * found.blocks, capacity / 2) << size;  // and the bound is made use of
  }
}

TEST(BlockCache, OfLargeBlocksAsManyAsFit) {
  EXPECT_EQ(kept(vfs::BlockCache::block_size).blocks, capacity / vfs::BlockCache::block_size - 1);
}

}  // namespace
}  // namespace ftpfs::test
