// SPDX-License-Identifier: MIT
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/checksum.hpp>

namespace ftpfs::test {
namespace {

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 256);
  return text;
}

TEST(Checksum, EveryChangedBitShows) {
  for (const std::size_t size : {1u, 7u, 8u, 31u, 32u, 33u, 100u}) {
    std::string text = text_of(size);
    const std::uint64_t whole = checksum(as_bytes(text), 1);
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
      EXPECT_NE(checksum(as_bytes(text), 1), whole) << size << " bytes, bit " << bit;
      text[bit / 8] = static_cast<char>(text[bit / 8] ^ 1 << bit % 8);
    }
  }
}

TEST(Checksum, LengthAndSeedCount) {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string zeros(size, '\0');
    for (std::uint64_t seed = 0; seed < 10; ++seed) seen.insert(checksum(as_bytes(zeros), seed));
  }
  EXPECT_EQ(seen.size(), 1000u);
}

// What lies on disks was written by other versions of the program.
TEST(Checksum, IsTheSameForEver) {
  EXPECT_EQ(checksum({}, 0), 0x2ba411e19e086584u);
  EXPECT_EQ(checksum(as_bytes("a file system"), 7), 0x40962a2b529656f1u);
  EXPECT_EQ(checksum(as_bytes(text_of(1000)), 7), 0xcd33b26629831708u);
}

}  // namespace
}  // namespace ftpfs::test
