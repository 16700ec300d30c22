// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/cli/amounts.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

TEST(Amounts, BytesHaveTheUnitThatIsRead) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1536), "1.5 KiB");
  EXPECT_EQ(bytes_text(1024 * 1024 - 1), "1.0 MiB") << "not 1024.0 KiB";
  EXPECT_EQ(bytes_text(std::uint64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(rate_text(2048), "2.0 KiB/s");
  EXPECT_EQ(rate_text(-1), "0 B/s");
}

TEST(Amounts, TimesHaveTwoUnits) {
  EXPECT_EQ(seconds_text(0), "0 s");
  EXPECT_EQ(seconds_text(59), "59 s");
  EXPECT_EQ(seconds_text(60), "1 min 0 s");
  EXPECT_EQ(seconds_text(3599), "59 min 59 s");
  EXPECT_EQ(seconds_text(7500), "2 h 5 min");
  EXPECT_EQ(seconds_text(100 * 3600), "4 d 4 h");
}

TEST(Amounts, CountsAgreeInNumber) {
  EXPECT_EQ(count_text(1, "file", "files"), "1 file");
  EXPECT_EQ(count_text(0, "file", "files"), "0 files");
}

TEST(Amounts, PointsInTimeAreLocal) {
  const test::Variable zone("TZ", "UTC");
  ::tzset();
  EXPECT_EQ(time_text(1'700'000'000), "2023-11-14 22:13:20");
}

}  // namespace
}  // namespace ftpfs::cli
