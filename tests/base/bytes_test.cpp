// SPDX-License-Identifier: MIT
#include <cstdint>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <ftpfs/base/bytes.hpp>

namespace ftpfs {
namespace {

TEST(Buffer, IsPageAlignedFromAPageOn) {
  for (const std::size_t size : {std::size_t(4096), std::size_t(4097), std::size_t(1) << 20}) {
    const Buffer buffer(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 4096, 0u);
  }
}

TEST(Buffer, SmallOnesTakeLittleMore) {
  for (const std::size_t size : {std::size_t(0), std::size_t(1), std::size_t(64), std::size_t(4095)}) {
    const Buffer buffer(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_NE(buffer.data(), nullptr);
    EXPECT_GE(buffer.footprint(), size);
    EXPECT_LE(buffer.footprint(), size + 64);
  }
}

TEST(Buffer, MovesWithoutCopying) {
  Buffer first(10);
  const std::byte* const memory = first.data();
  const Buffer second = std::move(first);
  EXPECT_EQ(second.data(), memory);
  EXPECT_EQ(second.bytes().size(), 10u);
}

TEST(Buffer, ShrinksInPlace) {
  Buffer buffer(4096);
  const std::byte* const memory = buffer.data();
  buffer.shrink(3);
  EXPECT_EQ(buffer.data(), memory);
  EXPECT_EQ(buffer.bytes().size(), 3u);
}

TEST(Slices, SumTheirSizesAndKeepTheirOwner) {
  auto owner = std::make_shared<const Buffer>(100);
  const std::weak_ptr<const Buffer> alive = owner;
  Slices slices;
  EXPECT_EQ(total_size(slices), 0u);
  slices.push_back({owner, owner->bytes().first(30)});
  slices.push_back({owner, owner->bytes().subspan(90)});
  owner.reset();
  EXPECT_EQ(total_size(slices), 40u);
  EXPECT_FALSE(alive.expired());
  slices.clear();
  EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace ftpfs
