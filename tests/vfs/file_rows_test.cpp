// SPDX-License-Identifier: MIT
// Who opens one file after the other does not have the whole directory searched each time.
#include <gtest/gtest.h>

#include <ftpfs/vfs/file_rows.hpp>

namespace ftpfs::test {
namespace {

using vfs::FileRow;
using vfs::Listing;

TEST(FileRow, IsSearchedOnBehindWhatWasLookedAt) {
  const Listing listing({}, Clock::time_point(std::chrono::seconds(1)));
  FileRow row;
  EXPECT_EQ(row.search_begin(listing, 10), 11u);
  row.searched(listing, 4096);
  EXPECT_EQ(row.search_begin(listing, 11), 4096u);
  EXPECT_EQ(row.search_begin(listing, 5000), 5001u);
}

TEST(FileRow, IsSearchedAnewInAnotherListing) {
  const Listing listing({}, Clock::time_point(std::chrono::seconds(1)));
  const Listing later({}, Clock::time_point(std::chrono::seconds(2)));
  FileRow row;
  row.searched(listing, 4096);
  EXPECT_EQ(row.search_begin(later, 10), 11u);
}

TEST(FileRow, IsSearchedAnewAfterAStepBack) {
  const Listing listing({}, Clock::time_point(std::chrono::seconds(1)));
  FileRow row;
  row.searched(listing, 4096);
  row.begin_anew();
  EXPECT_EQ(row.search_begin(listing, 10), 11u);
}

}  // namespace
}  // namespace ftpfs::test
