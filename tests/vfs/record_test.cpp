// SPDX-License-Identifier: MIT
// What the journal writes about a stage: all of it comes back, and nothing that was changed or cut.
#include <gtest/gtest.h>

#include <ftpfs/vfs/record.hpp>

namespace ftpfs::vfs {
namespace {

Record full() {
  Record record;
  record.source = "joe\nftp.example.org\n21\n/home dir";
  record.path = Path("/a dir/100% \xC3\xA9\xFF\n.txt");
  record.state = Record::State::complete;
  record.base.emplace();
  record.base->size = 1000;
  record.base->mtime = Timestamp{1'700'000'000, Precision::minute};
  record.extent = {2000, 1000, 900, 10, {{0, 10}, {500, 900}}};
  record.may_append = false;
  record.written_at = 1'700'000'123;
  record.mtime = -5;
  record.mode = 0640;
  record.temporary = Path("/a dir/.x.ftpfs-01234567");
  record.boot = "5f3c ab";
  record.replaces = 12;
  return record;
}

TEST(Record, ComesBackAsItWas) {
  EXPECT_EQ(decode(encode(full())), full());
  const Record plain;
  EXPECT_EQ(decode(encode(plain)), plain);
  Record unknown = full();
  unknown.base->mtime.reset();
  unknown.base->size_known = false;
  EXPECT_EQ(decode(encode(unknown)), unknown);
}

TEST(Record, IsTextOfWholeLines) {
  const std::string text = encode(full());
  EXPECT_EQ(text.back(), '\n');
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7F));
}

TEST(Record, EveryChangedByteIsNoticed) {
  const std::string text = encode(full());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_EQ(decode(changed), std::nullopt) << "byte " << at << ", bit " << bit;
    }
  }
}

TEST(Record, EveryTruncationIsNoticed) {
  const std::string text = encode(full());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(decode(text.substr(0, size)), std::nullopt) << size;
  EXPECT_EQ(decode(text + "x"), std::nullopt);
  EXPECT_EQ(decode(text + text), std::nullopt);
  EXPECT_EQ(decode(std::string(text.size(), '\0')), std::nullopt);
}

// Sealed by us, but not what this version can act upon.
TEST(Record, WhatMakesNoSenseIsNoRecord) {
  Record record = full();
  record.extent.base_size = record.extent.size + 1;
  EXPECT_EQ(decode(encode(record)), std::nullopt);
  record = full();
  record.extent.present = {{800, 901}};
  EXPECT_EQ(decode(encode(record)), std::nullopt);
  record.extent.present = {{10, 10}};
  EXPECT_EQ(decode(encode(record)), std::nullopt);
  record = full();
  record.extent.size = Stage::largest + 1;
  EXPECT_EQ(decode(encode(record)), std::nullopt);
}

}  // namespace
}  // namespace ftpfs::vfs
