// SPDX-License-Identifier: MIT
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/cli/values.hpp>

namespace ftpfs::cli {
namespace {

using std::chrono::milliseconds;

TEST(Values, SizesCountInPowersOf1024) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("64K"), 65536u);
  EXPECT_EQ(parse_size("8M"), 8u << 20);
  EXPECT_EQ(parse_size("3G"), 3ull << 30);
  EXPECT_EQ(parse_size("2T"), 2ull << 40);
}

TEST(Values, SizesThatAreNoneAreRefused) {
  for (const char* text :
       {"", "K", "8X", "8MB", "-1", "1.5M", " 8", "8 ", "18446744073709551616", "99999999999999G"}) {
    EXPECT_THROW(parse_size(text), Error) << text;
  }
}

TEST(Values, SecondsMayHaveFractions) {
  EXPECT_EQ(parse_seconds("30"), milliseconds(30'000));
  EXPECT_EQ(parse_seconds("0.5"), milliseconds(500));
  EXPECT_EQ(parse_seconds("0"), milliseconds(0));
  EXPECT_EQ(parse_seconds("0.0001"), milliseconds(1));  // more than nothing stays more than nothing
}

TEST(Values, SecondsThatAreNoneAreRefused) {
  for (const char* text : {"", "-1", "nan", "inf", "1e3", "10s", "100000001"}) {
    EXPECT_THROW(parse_seconds(text), Error) << text;
  }
}

TEST(Values, NumbersHaveBounds) {
  EXPECT_EQ(parse_number("1", 1, 64), 1u);
  EXPECT_EQ(parse_number("64", 1, 64), 64u);
  EXPECT_THROW(parse_number("0", 1, 64), Error);
  EXPECT_THROW(parse_number("65", 1, 64), Error);
  EXPECT_THROW(parse_number("", 1, 64), Error);
  EXPECT_THROW(parse_number("+4", 1, 64), Error);
}

TEST(Values, MasksAreOctal) {
  EXPECT_EQ(parse_mask("022"), 022);
  EXPECT_EQ(parse_mask("0"), 0);
  EXPECT_EQ(parse_mask("0777"), 0777);
  for (const char* text : {"", "8", "1000", "-1", "rw"}) EXPECT_THROW(parse_mask(text), Error) << text;
}

TEST(Values, UsersAndGroupsAreNamesOrNumbers) {
  EXPECT_EQ(parse_user("root"), 0u);
  EXPECT_EQ(parse_user("1234"), 1234u);
  EXPECT_EQ(parse_group("root"), 0u);
  EXPECT_EQ(parse_group("1234"), 1234u);
  EXPECT_THROW(parse_user("no such user"), Error);
  EXPECT_THROW(parse_group(""), Error);
}

TEST(Values, ZonesAreNamesOffsetsOrRules) {
  EXPECT_EQ(parse_zone("+0530").offset_at(0), 19'800);
  EXPECT_EQ(parse_zone("UTC").offset_at(0), 0);
  EXPECT_EQ(parse_zone("CET-1CEST,M3.5.0,M10.5.0/3").offset_at(1'782'864'000), 7200);
  if (std::filesystem::exists("/usr/share/zoneinfo/Asia/Kathmandu")) {
    EXPECT_EQ(parse_zone("Asia/Kathmandu").offset_at(1'782'864'000), 20'700);
  }
  for (const char* text : {"", "Mars/Olympus", "/etc/passwd", "../../../etc/localtime", "Europe", "+9999"})
    EXPECT_THROW(parse_zone(text), Error) << text;
}

TEST(Values, CharacterSetsAreThoseOfIconv) {
  EXPECT_EQ(parse_charset("ISO-8859-15"), "ISO-8859-15");
  for (const char* text : {"", "klingon", "UTF-16", "UTF-8//TRANSLIT"})
    EXPECT_THROW(parse_charset(text), Error) << text;
}

TEST(Values, RefusalsSayWhatWouldBeRight) {
  try {
    parse_seconds("soon\x1b");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "'soon\\x1B' is not a number of seconds (such as 30 or 0.5)");
  }
}

TEST(Age, IsSecondsOrHasAUnit) {
  EXPECT_EQ(parse_age("90"), std::chrono::seconds(90));
  EXPECT_EQ(parse_age("90s"), std::chrono::seconds(90));
  EXPECT_EQ(parse_age("90m"), std::chrono::minutes(90));
  EXPECT_EQ(parse_age("2h"), std::chrono::hours(2));
  EXPECT_EQ(parse_age("7d"), std::chrono::hours(7 * 24));
  EXPECT_EQ(parse_age("2w"), std::chrono::hours(14 * 24));
  for (const char* text :
       {"", "0", "0d", "d", "1.5h", "-1", "7D", "7dd", "1h30m", "99999999999999999999", "9999999w"})
    EXPECT_THROW(parse_age(text), Error) << text;
}

}  // namespace
}  // namespace ftpfs::cli
