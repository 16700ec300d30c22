// SPDX-License-Identifier: MIT
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/base/text_hash.hpp>

namespace ftpfs {
namespace {

TEST(TextHash, IsTheSameForTheSameText) {
  for (const std::string& text : {std::string(), std::string("a"), std::string(255, 'x')})
    EXPECT_EQ(hash_of(text), hash_of(std::string(text)));
}

TEST(TextHash, DiffersWithEachByteAndWithTheLength) {
  std::set<std::uint64_t> seen;
  std::size_t count = 0;
  for (const std::size_t size : {0u, 1u, 6u, 7u, 8u, 13u, 14u, 15u, 255u}) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, '\0');
      for (const char byte : {'\1', '\x20', '\x80'}) {
        text[at] = byte;
        seen.insert(hash_of(text));
        ++count;
      }
    }
    seen.insert(hash_of(std::string(size, '\0')));
    ++count;
  }
  EXPECT_EQ(seen.size(), count);
}

// What flips one bit in one piece and takes it back in the next collides in a hash that only multiplies: with
// any key (0x80 is the last bit, which no multiplication carries on).
TEST(TextHash, HasNoPartsThatCanBeExchanged) {
  std::set<std::uint64_t> seen;
  for (int choice = 0; choice < 1 << 12; ++choice) {
    std::string text(12 * 16, 'x');
    for (int part = 0; part < 12; ++part) {
      if ((choice >> part & 1) == 0) continue;
      text[static_cast<std::size_t>(part) * 16 + 7] ^= '\x80';
      text[static_cast<std::size_t>(part) * 16 + 15] ^= '\x80';
      text[static_cast<std::size_t>(part) * 16 + 11] ^= '\x80';
    }
    seen.insert(hash_of(text));
  }
  EXPECT_EQ(seen.size(), 1u << 12);
}

// Names that are counted through fill a table of as many places evenly, by the upper bits as by the lower.
TEST(TextHash, SpreadsNamesThatAreCountedThrough) {
  constexpr std::size_t places = 1 << 14;
  std::vector<unsigned> upper(places), lower(places);
  for (std::size_t i = 0; i < places; ++i) {
    const std::uint64_t hash = hash_of("IMG_" + std::to_string(100'000 + i) + ".JPG");
    ++upper[hash >> 50];
    ++lower[hash % places];
  }
  // One in each on average: sixteen in one of them would happen once in 10^9 runs.
  for (std::size_t i = 0; i < places; ++i) {
    EXPECT_LT(upper[i], 16u);
    EXPECT_LT(lower[i], 16u);
  }
}

}  // namespace
}  // namespace ftpfs
