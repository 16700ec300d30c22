// SPDX-License-Identifier: MIT
#include <array>

#include <gtest/gtest.h>

#include <ftpfs/cli/spelling.hpp>

namespace ftpfs::cli {
namespace {

TEST(Spelling, DistanceCountsSingleChanges) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", ""), 3u);
  EXPECT_EQ(edit_distance("timeout", "timeout"), 0u);
  EXPECT_EQ(edit_distance("timout", "timeout"), 1u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Spelling, TheNearestWordIsFound) {
  constexpr std::array<std::string_view, 4> words{"timeout", "connect_timeout", "umask", "uid"};
  EXPECT_EQ(nearest("timout", words), "timeout");
  EXPECT_EQ(nearest("conect_timeot", words), "connect_timeout");
  EXPECT_EQ(nearest("gid", words), "uid");
  EXPECT_EQ(nearest("umask", words), "umask");
}

TEST(Spelling, WhatResemblesNothingGetsNoHint) {
  constexpr std::array<std::string_view, 2> words{"timeout", "umask"};
  EXPECT_EQ(nearest("proxy", words), "");
  EXPECT_EQ(nearest("anything", {}), "");
}

}  // namespace
}  // namespace ftpfs::cli
