// SPDX-License-Identifier: MIT
// A directory's names are looked up in a few steps, whatever names somebody has thought of.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/vfs/listing.hpp>

namespace ftpfs::test {
namespace {

using vfs::Listing;

// In a table of so many, two thirds of it taken, that are spread by chance, 150 in a row are many.
constexpr int bits = 16;
constexpr std::size_t in_a_row = 1000;

Entry entry(std::string name) {
  Entry result;
  result.name = std::move(name);
  return result;
}

// Each of the letters is one of two.
std::vector<Entry> all_of(std::string_view ones, std::string_view others) {
  std::vector<Entry> entries;
  for (unsigned choice = 0; choice < 1u << bits; ++choice) {
    std::string name;
    for (unsigned bit = 0; bit < bits; ++bit) {
      const std::string_view letters = (choice >> bit & 1) != 0 ? ones : others;
      name += letters[bit % letters.size()];
    }
    entries.push_back(entry(std::move(name)));
  }
  return entries;
}

TEST(NameTable, IsNotSearchedThroughWhereNamesDifferInCaseOnly) {
  const std::vector<Entry> entries = all_of("abcdefgh", "ABCDEFGH");
  const Listing listing(entries, Clock::time_point());
  for (std::size_t slot = 0; slot < entries.size(); ++slot)
    ASSERT_EQ(listing.slot_of(entries[slot].name), slot);
  EXPECT_FALSE(listing.twin_of("another"));
  EXPECT_LT(listing.longest_search(), in_a_row);
}

// The bit that makes small letters of capitals makes braces of brackets.
TEST(NameTable, IsNotSearchedThroughWhereNamesDifferByTheBitOfTheCase) {
  const std::vector<Entry> entries = all_of("[]@^\\", "{}`~|");
  const Listing listing(entries, Clock::time_point());
  EXPECT_FALSE(listing.twin_of("another"));
  EXPECT_LT(listing.longest_search(), in_a_row);
}

TEST(NameTable, IsNotSearchedThroughWhereOneNameComesAndGoes) {
  std::vector<Entry> entries;
  for (int i = 0; i < 20'000; ++i) entries.push_back(entry("file" + std::to_string(i)));
  Listing listing(entries, Clock::time_point());
  for (int i = 0; i < 9'000; ++i) {
    ASSERT_FALSE(listing.twin_of("lock"));
    listing.put(entry("lock"));
    ASSERT_TRUE(listing.find("lock"));
    listing.erase("lock");
  }
  EXPECT_FALSE(listing.find("lock"));
  EXPECT_LT(listing.longest_search(), in_a_row);
}

TEST(NameTable, FindsATwinThoughAnotherOneIsGone) {
  Listing listing({entry("readme"), entry("README"), entry("other")}, Clock::time_point());
  for (const char* name : {"readme", "README"}) {
    ASSERT_TRUE(listing.twin_of("ReadMe"));
    listing.erase(name);
  }
  EXPECT_FALSE(listing.twin_of("ReadMe"));
  listing.put(entry("README"));
  ASSERT_TRUE(listing.twin_of("ReadMe"));
  EXPECT_EQ(listing.twin_of("ReadMe")->name, "README");
}

}  // namespace
}  // namespace ftpfs::test
