// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/proto/space.hpp>

namespace ftpfs::proto {
namespace {

Reply reply_of(const std::string& bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  return parser.next().value_or(Reply());
}

std::string quota(const std::string& line) {
  return "200-The current quota for this session are [current/limit]:\r\n Name: tester\r\n" + line +
         "\r\n200 Please contact root if these entries are inaccurate\r\n";
}

TEST(SpaceReplies, Avbl) {
  EXPECT_EQ(parse_avbl(reply_of("213 1234567\r\n")), (Space{1234567, std::nullopt}));
  EXPECT_EQ(parse_avbl(reply_of("213 0\r\n")), (Space{0, std::nullopt}));
  EXPECT_EQ(parse_avbl(reply_of("213 plenty\r\n")), std::nullopt);
  EXPECT_EQ(parse_avbl(reply_of("213 -5\r\n")), std::nullopt);
  EXPECT_EQ(parse_avbl(reply_of("213 99999999999999999999999\r\n")), std::nullopt);
  EXPECT_EQ(parse_avbl(reply_of("500 Unknown command\r\n")), std::nullopt);
}

TEST(SpaceReplies, Xquota) {
  const std::string text =
      "213-File and disk usage\r\n    File count: 8\r\n    File limit: 1024\r\n    Disk usage: 1000\r\n"
      "    Disk limit: 5000\r\n213 File and disk usage end.\r\n";
  EXPECT_EQ(parse_xquota(reply_of(text)), (Space{4000, 5000}));
  EXPECT_EQ(parse_xquota(reply_of("213-x\r\n Disk usage: 9\r\n Disk limit: 5\r\n213 x\r\n")), (Space{0, 5}));
  EXPECT_EQ(parse_xquota(reply_of("213-x\r\n Disk usage: 9\r\n Disk limit: unlimited\r\n213 x\r\n")),
            std::nullopt);
  EXPECT_EQ(parse_xquota(reply_of("213 nothing\r\n")), std::nullopt);
}

TEST(SpaceReplies, SiteQuota) {
  EXPECT_EQ(parse_site_quota(reply_of(quota("   Uploaded bytes:\t100.00/1000.00"))), (Space{900, 1000}));
  EXPECT_EQ(parse_site_quota(reply_of(quota("   Uploaded Kb:\t1.50/10.00"))), (Space{8704, 10240}));
  EXPECT_EQ(parse_site_quota(reply_of(quota("   Uploaded Gb:\t0.00/2.00"))), (Space{2ull << 30, 2ull << 30}));
  EXPECT_EQ(parse_site_quota(reply_of(quota("   Uploaded Mb:\t1.00/unlimited"))), std::nullopt);
  EXPECT_EQ(parse_site_quota(reply_of("202 No quotas in effect\r\n")), std::nullopt);
}

}  // namespace
}  // namespace ftpfs::proto
