// SPDX-License-Identifier: MIT
// What a listing leaves out: sizes of files, targets of links.
#include <algorithm>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

class ListingGaps : public RemoteFixture {
 protected:
  std::size_t asked(std::string_view verb) const {
    return std::ranges::count_if(server_.commands(),
                                 [&](const auto& line) { return line.starts_with(verb); });
  }
  void make_files(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) tree().file("/d/file" + std::to_string(i), "content");
  }
  void make_links(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) tree().symlink("/d/link" + std::to_string(i), "../there/file");
  }
};

TEST_F(ListingGaps, AServerWhoseMlsdTellsNoSizesIsAskedForAList) {
  behaviour().facts_have_size = false;
  make_files(3);
  mount();
  for (const Entry& entry : list("/d")) EXPECT_EQ(entry.attributes.size, 7u);
  EXPECT_EQ(asked("MLSD"), 0u);
  EXPECT_EQ(stat("/d/file0").value().size, 7u);
  EXPECT_EQ(read("/d/file0"), "content");
  EXPECT_EQ(write("/d/file0", "more of it").size, 10u);
  EXPECT_EQ(append("/d/file0", "!").size, 11u);
}

TEST_F(ListingGaps, ASizeThatIsMissingIsAskedFor) {
  behaviour().facts_hide_size = true;
  make_files(3);
  tree().directory("/d/sub");
  mount();
  for (const Entry& entry : list("/d")) {
    EXPECT_EQ(entry.attributes.size, entry.attributes.kind == Kind::file ? 7u : 0u);
    EXPECT_TRUE(entry.attributes.size_known);
  }
  EXPECT_EQ(asked("SIZE"), 3u);
  EXPECT_EQ(stat("/d/file0").value().size, 7u);
  EXPECT_EQ(write("/d/file0", "more of it").size, 10u);
}

TEST_F(ListingGaps, WhereTooManyAreMissingTheListTellsThem) {
  behaviour().facts_hide_size = true;
  make_files(201);
  mount();
  for (const Entry& entry : list("/d")) EXPECT_EQ(entry.attributes.size, 7u);
  EXPECT_EQ(asked("SIZE"), 0u);
}

// proftpd's MLSD does not say where a link leads to, its LIST does.
TEST_F(ListingGaps, TheTargetsOfManyLinksToo) {
  behaviour().mlsd_links = Behaviour::Links::symlink;
  tree().file("/there/file", "linked");
  make_links(201);
  mount();
  for (const Entry& entry : list("/d")) EXPECT_EQ(entry.link_target, "../there/file");
  EXPECT_EQ(asked("SIZE"), 0u);
}

TEST_F(ListingGaps, QuestionsAboutOneListingHaveAnEnd) {
  behaviour().mlsd_links = Behaviour::Links::symlink;
  behaviour().replies["LIST"] = "502 Command not implemented.";
  tree().file("/there/file", "linked");
  make_links(300);
  mount();
  const std::vector<Entry> entries = list("/d");
  EXPECT_EQ(entries.size(), 300u);
  EXPECT_EQ(asked("SIZE"), 200u);
  EXPECT_EQ(std::ranges::count_if(entries, [](const Entry& entry) { return entry.attributes.size == 6; }),
            200);
}

TEST_F(ListingGaps, AServerThatTellsNoSizeAtAllIsAskedOnce) {
  behaviour().facts_hide_size = true;
  behaviour().size = false;
  behaviour().replies["LIST"] = "502 Command not implemented.";
  make_files(10);
  mount();
  for (const Entry& entry : list("/d")) EXPECT_FALSE(entry.attributes.size_known);
  list("/d");
  EXPECT_EQ(asked("SIZE"), 1u);
  EXPECT_EQ(read("/d/file0"), "content");
  EXPECT_EQ(write("/d/file0", "more of it").size, 10u);
}

TEST_F(ListingGaps, WhereThereIsNoSizeTheListTellsIt) {
  behaviour().facts_hide_size = true;
  behaviour().size = false;
  make_files(10);
  mount();
  list("/d");
  for (const Entry& entry : list("/d")) EXPECT_EQ(entry.attributes.size, 7u);
  EXPECT_EQ(stat("/d/file0").value().size, 7u);
  EXPECT_TRUE(stat("/d/file0").value().size_known);
  EXPECT_EQ(asked("SIZE"), 1u);
}

// Blocks of 512 bytes (OpenVMS): about as long, and not to be relied upon where SIZE is known.
TEST_F(ListingGaps, ARoundedSizeIsReplacedByTheTrueOne) {
  behaviour().mlsd = behaviour().mlst = behaviour().list_options = false;
  behaviour().vms_listing = true;
  tree().file("/d/FILE.TXT", "content");
  mount();
  std::vector<Entry> entries = list("/d");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].attributes.size, 7u);
  EXPECT_TRUE(entries[0].attributes.size_known);
  behaviour().size = false;
  mount();
  entries = list("/d");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].attributes.size, 512u);
  EXPECT_FALSE(entries[0].attributes.size_known);
  EXPECT_EQ(read("/d/FILE.TXT"), "content");
}

}  // namespace
}  // namespace ftpfs::test
