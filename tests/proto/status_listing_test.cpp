// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/proto/status_listing.hpp>

namespace ftpfs::proto {
namespace {

const std::string the_number = "483920174520932";
const std::string the_end = "213 End of status\r\n350 Restart position accepted (483920174520932).\r\n";
const std::string what_follows = "350 Restart position accepted (0).\r\n";
const std::string a_line = "-rw-r--r--    1 1        1               0 Nov 29 22:53 ";

// The lines of the listing, whatever pieces its bytes come in; what follows it is left.
void expect_read(const std::string& listing) {
  const std::string all = listing + the_end + what_follows;
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{100}, all.size()}) {
    StatusListing reply(the_number);
    std::string lines;
    std::size_t at = 0;
    while (!reply.over() && at < all.size()) at += reply.feed(std::string_view(all).substr(at, piece), lines);
    EXPECT_TRUE(reply.over()) << piece;
    EXPECT_EQ(lines, listing) << piece;
    EXPECT_EQ(all.substr(at), what_follows) << piece;
  }
}

TEST(StatusListing, EveryByteIsKept) {
  expect_read("");
  expect_read(a_line + "a\r\n");
  expect_read(a_line + "  b \r\n" + a_line + "\xFF\xFE\xE9\\\r\n" + a_line + "c\r\n");
}

TEST(StatusListing, NamesWithLineEndsAreNoEnd) {
  expect_read(a_line + "a\nb\r\n");
  expect_read(a_line + "a\n213 End of status\r\n");
  expect_read(a_line + "a\n213 End of status\r\n350 Restart position accepted (1).\r\n");
  expect_read(a_line + "a\r\n213 End of status\r\n350 (483920174520931).\r\n213 End of status\r\n200 ok\r\n");
  expect_read(a_line + "a\n213 End of status\n213 End of status\r\n");
  expect_read(a_line + "213 End of status\r\n");
}

// Foreseen or not: without an end before it, it is none.
TEST(StatusListing, TheFenceAloneIsNoEnd) {
  expect_read(a_line + "a\n350 Restart position accepted (483920174520932).\r\n");
}

TEST(StatusListing, LinesOfAnyLengthArePassedOn) {
  expect_read(a_line + std::string(100'000, 'x') + "\r\n");
  expect_read(a_line + std::string(600, 'x') + "\n213 " + std::string(5000, 'y') + "\r\n" + a_line + "a\r\n");
}

TEST(StatusListing, IsNotOverWithoutItsFence) {
  StatusListing reply(the_number);
  std::string lines;
  const std::string cut = a_line + "a\r\n213 End of status\r\n";
  EXPECT_EQ(reply.feed(cut, lines), cut.size());
  EXPECT_EQ(lines, a_line + "a\r\n");
  EXPECT_FALSE(reply.over());
  const std::string other = "550 Permission denied.\r\n";
  EXPECT_EQ(reply.feed(other, lines), other.size());
  EXPECT_FALSE(reply.over());
}

}  // namespace
}  // namespace ftpfs::proto
