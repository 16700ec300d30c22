// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/cli/netrc.hpp>

namespace ftpfs::cli {
namespace {

std::string found(std::string_view text, std::string_view host, std::optional<std::string_view> login = {}) {
  const auto entry = find_netrc_entry(text, host, login);
  return entry ? entry->login + "/" + entry->password : "nothing";
}

constexpr std::string_view usual = R"(# a comment: machine a login x password y
machine a.example login alice password secret1
machine b.example
	login bob
	password "two words \"quoted\" back\\slash"
	account "of sales"
machine a.example login second password secret2
default login anonymous password me@here
)";

TEST(Netrc, TheFirstEntryOfTheHostCounts) {
  EXPECT_EQ(found(usual, "a.example"), "alice/secret1");
  EXPECT_EQ(found(usual, "A.Example"), "alice/secret1");
}

TEST(Netrc, TheEntryOfTheUserCounts) {
  EXPECT_EQ(found(usual, "a.example", "second"), "second/secret2");
  EXPECT_EQ(found(usual, "a.example", "third"), "nothing");
}

TEST(Netrc, ValuesMayBeQuoted) {
  EXPECT_EQ(found(usual, "b.example"), R"(bob/two words "quoted" back\slash)");
}

TEST(Netrc, AnAccountBelongsToItsEntry) {
  EXPECT_EQ(find_netrc_entry(usual, "b.example", {})->account, "of sales");
  EXPECT_EQ(find_netrc_entry(usual, "a.example", {})->account, "");
}

TEST(Netrc, DefaultServesEveryOtherHost) {
  EXPECT_EQ(found(usual, "c.example"), "anonymous/me@here");
  EXPECT_EQ(found(usual, "c.example", "carol"), "nothing");
}

TEST(Netrc, APasswordMayLookLikeAKeywordOrAComment) {
  EXPECT_EQ(found("machine h login machine password #1", "h"), "machine/#1");
}

TEST(Netrc, MacrosAreSkipped) {
  EXPECT_EQ(
      found("machine h login a password b\nmacdef init\nmachine x login y\n\nmachine i login c password d\n",
            "i"),
      "c/d");
}

TEST(Netrc, EntriesWithoutLoginAreOfNoUse) {
  EXPECT_EQ(found("machine h password b", "h"), "nothing");
}

TEST(Netrc, WhatIsCutOffIsHarmless) {
  for (const char* text :
       {"", "machine", "machine h", "machine h login", "machine h login \"", "macdef", "\"\\", "default"}) {
    EXPECT_NO_THROW(found(text, "h")) << text;
  }
  EXPECT_EQ(found("machine h login a password", "h"), "a/");
}

}  // namespace
}  // namespace ftpfs::cli
