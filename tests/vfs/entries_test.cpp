// SPDX-License-Identifier: MIT
// What holds the names of a directory, and the nodes that the kernel knows: small enough for a million of
// them, and found again whatever comes and goes.
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/vfs/inode_table.hpp>
#include <ftpfs/vfs/listing.hpp>

#include "support/manual_clock.hpp"

namespace ftpfs::test {
namespace {

using vfs::InodeTable;
using vfs::Listing;
using vfs::Node;

Entry entry(std::string name, std::uint64_t size) {
  Entry result;
  result.name = std::move(name);
  result.attributes.size = size;
  return result;
}

bool same(const EntryView& left, const Entry& right) {
  return left.name == right.name && left.attributes == right.attributes &&
         left.link_target == right.link_target;
}

TEST(ListingTable, KeepsEveryAttribute) {
  std::vector<Entry> entries;
  for (const Kind kind : {Kind::file, Kind::directory, Kind::symlink}) {
    for (const bool known : {false, true}) {
      for (const std::int64_t when :
           std::initializer_list<std::int64_t>{-1'000'000'000'000, -1, 0, 1, 1'000'000'000'000}) {
        for (const Precision precision : {Precision::second, Precision::minute, Precision::day}) {
          Entry one = entry(std::to_string(entries.size()), ~std::uint64_t{0} - entries.size());
          one.attributes.kind = kind;
          one.attributes.size_known = known;
          one.attributes.mode = static_cast<std::uint16_t>(known ? 0777 : 0);
          one.attributes.mtime = Timestamp{when, precision};
          if (kind == Kind::symlink) one.link_target = "to " + one.name;
          entries.push_back(one);
        }
      }
    }
  }
  entries.push_back(entry("without mode and time", 1));
  const Listing listing(entries, {});
  ASSERT_EQ(listing.slots(), entries.size());
  for (std::size_t slot = 0; slot < entries.size(); ++slot) {
    EXPECT_TRUE(same(*listing.at(slot), entries[slot])) << entries[slot].name;
    EXPECT_TRUE(same(*listing.find(entries[slot].name), entries[slot])) << entries[slot].name;
    EXPECT_EQ(listing.slot_of(entries[slot].name), slot);
  }
  EXPECT_EQ(listing.directories(), 30u);
}

// Any sequence of edits, beside a map that is edited alike.
TEST(ListingTable, IsWhatItWasEditedTo) {
  std::mt19937 random(7);
  std::map<std::string, Entry> model;
  std::vector<Entry> first;
  for (int number = 0; number < 50; ++number) first.push_back(entry("listed" + std::to_string(number), 1));
  for (const Entry& one : first) model[one.name] = one;
  Listing listing(first, {});
  for (int step = 0; step < 20'000; ++step) {
    const std::string name = (random() % 3 == 0 ? "listed" : "made") + std::to_string(random() % 200);
    if (random() % 3 == 0) {
      listing.erase(name);
      model.erase(name);
    } else {
      Entry one = entry(name, random());
      one.attributes.kind = static_cast<Kind>(random() % 3);
      if (one.attributes.kind == Kind::symlink) one.link_target = std::string(random() % 40, 't');
      const auto before = listing.slot_of(name);
      listing.put(one);
      if (before) {
        EXPECT_EQ(listing.slot_of(name), before);
      }
      model[name] = one;
    }
  }
  ASSERT_EQ(listing.size(), model.size());
  std::size_t shown = 0;
  for (std::size_t slot = 0; slot < listing.slots(); ++slot) {
    if (const auto one = listing.at(slot)) {
      ++shown;
      EXPECT_TRUE(same(*one, model.at(std::string(one->name))));
    }
  }
  EXPECT_EQ(shown, model.size());
  for (int number = 0; number < 200; ++number) {
    for (const char* beginning : {"listed", "made"}) {
      const std::string name = beginning + std::to_string(number);
      const auto one = listing.find(name);
      ASSERT_EQ(one.has_value(), model.contains(name)) << name;
      if (one) {
        EXPECT_TRUE(same(*one, model.at(name))) << name;
      }
    }
  }
  std::size_t directories = 0;
  for (const auto& [name, one] : model) directories += one.attributes.kind == Kind::directory;
  EXPECT_EQ(listing.directories(), directories);
}

TEST(ListingTable, WeighsFiftyBytesAnEntry) {
  std::vector<Entry> entries;
  for (int number = 0; number < 10'000; ++number)
    entries.push_back(entry("entry-" + std::to_string(1'000'000 + number), 1));
  const Listing listing(entries, {});
  EXPECT_LE(listing.weight(), entries.size() * 50);
}

class InodeTableTest : public testing::Test {
 protected:
  Node& add(const std::string& name) {
    Node& node = table_.add(table_.root(), name);
    ++node.lookups;
    return node;
  }

  const ManualClock clock_;
  InodeTable table_{clock_};
};

TEST_F(InodeTableTest, FindsByNumberAndByNameWhateverComesAndGoes) {
  constexpr int many = 20'000;
  std::vector<vfs::Ino> numbers;
  for (int number = 0; number < many; ++number) numbers.push_back(add("name" + std::to_string(number)).ino);
  EXPECT_EQ(table_.size(), many + 1u);
  for (int number = 0; number < many; ++number) {
    Node* const node = table_.find(table_.root(), "name" + std::to_string(number));
    ASSERT_TRUE(node);
    EXPECT_EQ(node->ino, numbers[static_cast<std::size_t>(number)]);
    EXPECT_EQ(table_.find(node->ino), node);
  }
  for (int number = 0; number < many; ++number) {
    if (number % 100 != 0) table_.forget(numbers[static_cast<std::size_t>(number)], 1);
  }
  EXPECT_EQ(table_.size(), many / 100 + 1u);
  for (int number = 0; number < many; ++number) {
    EXPECT_EQ(table_.find(table_.root(), "name" + std::to_string(number)) != nullptr, number % 100 == 0);
    EXPECT_EQ(table_.find(numbers[static_cast<std::size_t>(number)]) != nullptr, number % 100 == 0);
  }
}

TEST_F(InodeTableTest, ARenamedNodeIsFoundByItsNewName) {
  Node& folder = add("folder");
  Node& file = add("file");
  table_.rename(file, folder, "moved");
  EXPECT_EQ(table_.find(table_.root(), "file"), nullptr);
  EXPECT_EQ(table_.find(folder, "moved"), &file);
  EXPECT_EQ(table_.path(file).str(), "/folder/moved");
  table_.unlink(file);
  EXPECT_EQ(table_.find(folder, "moved"), nullptr);
  EXPECT_EQ(table_.find(file.ino), &file);
  const vfs::Ino number = file.ino;
  table_.forget(number, 1);
  EXPECT_EQ(table_.find(number), nullptr);
}

TEST_F(InodeTableTest, WhatIsReadOfAPlainNodeCostsItNothing) {
  static_assert(sizeof(Node) <= 136);  // malloc's chunk of 144 bytes
  const Node& plain = add("plain");
  EXPECT_EQ(plain.marks().handles, 0u);
  EXPECT_EQ(plain.shown(), plain.ino);
  EXPECT_EQ(&plain.marks(), &table_.root().marks());  // the same for all that have none
}

}  // namespace
}  // namespace ftpfs::test
