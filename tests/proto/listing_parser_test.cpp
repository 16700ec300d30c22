// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/proto/listing.hpp>

namespace ftpfs::proto {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t now = 1795348800;  // 2026-11-22 12:00

struct Listing {
  std::vector<Entry> entries;
  std::uint64_t lines;
  std::uint64_t counted;
  std::uint64_t unparsed;
  std::string first_unparsed;
};

Listing parse(ListingFormat format, std::string_view bytes, std::size_t piece = 0,
              const std::string& directory = {}) {
  ListingParser parser(format, now, directory);
  Listing result;
  if (piece == 0) piece = bytes.size() + 1;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    parser.feed(bytes.substr(at, piece));
    for (Entry& entry : parser.take()) result.entries.push_back(std::move(entry));
  }
  parser.finish();
  for (Entry& entry : parser.take()) result.entries.push_back(std::move(entry));
  result.lines = parser.lines();
  result.counted = parser.entries();
  result.unparsed = parser.unparsed();
  result.first_unparsed = parser.first_unparsed();
  return result;
}

std::vector<std::string> names(const Listing& listing) {
  std::vector<std::string> result;
  for (const Entry& entry : listing.entries) result.push_back(entry.name);
  return result;
}

const std::string unix_listing =
    "total 8\r\n"
    "drwxr-xr-x 2 u g 4096 Nov 20 10:00 .\r\n"
    "drwxr-xr-x 2 u g 4096 Nov 20 10:00 dir\r\n"
    "-rw-r--r-- 1 u g    5 Nov 23 10:00 future\r\n"
    "-rwsr-xr-x 1 u g    5 Nov 25 10:00 last year\r\n"
    "lrwxrwxrwx 1 u g    5 Jan  2  2024 link -> there\r\n";

const std::string mlsd_listing =
    "type=cdir;modify=20260102030405; .\r\n"
    "type=file;size=5;modify=20260102030405; two words\r\n"
    "type=dir; d\n"
    "type=OS.unix=slink:x; l\r\n";

const std::string vms_listing =
    "Directory DISK:[PUB]\r\n\r\n"
    "A.TXT;1   2  13-FEB-2002 23:32\r\n"
    "LONG_NAME.TXT;1\r\n           10     2-JUL-2003 10:30:08.59  [A,B]      (RWED,RWED,RE,)\r\n"
    "B.DIR;1   1  13-FEB-2002 23:32\r\n\r\nTotal of 3 files, 13 blocks.\r\n";

TEST(ListingParser, UnixListing) {
  const Listing listing = parse(ListingFormat::list, unix_listing);
  EXPECT_THAT(names(listing), ElementsAre("dir", "future", "last year", "link"));
  EXPECT_EQ(listing.lines, 6u);
  EXPECT_EQ(listing.counted, 4u);
  EXPECT_EQ(listing.unparsed, 0u);
  const auto& entries = listing.entries;
  EXPECT_EQ(entries[0].attributes.kind, Kind::directory);
  EXPECT_EQ(entries[0].attributes.size, 0u);
  EXPECT_EQ(entries[1].attributes.mtime, parse_time_value("202611231000"));
  EXPECT_EQ(entries[2].attributes.mtime, parse_time_value("202511251000"));
  EXPECT_EQ(entries[2].attributes.mode, 0755);
  EXPECT_EQ(entries[3].attributes.kind, Kind::symlink);
  EXPECT_EQ(entries[3].link_target, "there");
  EXPECT_EQ(entries[3].attributes.mtime->precision, Precision::day);
}

TEST(ListingParser, CutAnywhereIsTheSame) {
  for (const auto& [format, bytes] :
       {std::pair(ListingFormat::list, unix_listing), std::pair(ListingFormat::mlsd, mlsd_listing),
        std::pair(ListingFormat::list, vms_listing)}) {
    const Listing whole = parse(format, bytes);
    ASSERT_FALSE(whole.entries.empty());
    for (std::size_t piece = 1; piece < bytes.size(); ++piece) {
      const Listing cut = parse(format, bytes, piece);
      EXPECT_EQ(cut.entries, whole.entries) << piece;
      EXPECT_EQ(cut.lines, whole.lines) << piece;
      EXPECT_EQ(cut.counted, whole.counted) << piece;
    }
  }
}

TEST(ListingParser, MlsdListing) {
  const Listing listing = parse(ListingFormat::mlsd, mlsd_listing);
  EXPECT_THAT(names(listing), ElementsAre("two words", "d", "l"));
  EXPECT_EQ(listing.unparsed, 0u);
  EXPECT_EQ(listing.entries[2].link_target, "x");
}

TEST(ListingParser, EntryOverTwoLines) {
  const Listing listing = parse(ListingFormat::list, vms_listing);
  EXPECT_THAT(names(listing), ElementsAre("A.TXT", "LONG_NAME.TXT", "B"));
  EXPECT_EQ(listing.unparsed, 0u);
}

TEST(ListingParser, LastLineWithoutEnd) {
  EXPECT_THAT(names(parse(ListingFormat::mlsd, "type=file; a")), ElementsAre("a"));
  EXPECT_THAT(names(parse(ListingFormat::list, "-rw-r--r-- 1 u g 5 Nov 20 10:00 a")), ElementsAre("a"));
}

TEST(ListingParser, NothingAtAll) {
  for (const char* bytes : {"", "\r\n", "\n\n\n", "total 0\r\n"}) {
    const Listing listing = parse(ListingFormat::list, bytes);
    EXPECT_THAT(listing.entries, IsEmpty());
    EXPECT_EQ(listing.unparsed, 0u);
  }
}

TEST(ListingParser, GarbageIsCountedAndTheFirstIsKept) {
  const Listing listing = parse(ListingFormat::list,
                                "<html>\r\n"
                                "-rw-r--r-- 1 u g 5 Nov 20 10:00 a\r\n"
                                "<body>\r\n");
  EXPECT_THAT(names(listing), ElementsAre("a"));
  EXPECT_EQ(listing.unparsed, 2u);
  EXPECT_EQ(listing.first_unparsed, "<html>");
}

TEST(ListingParser, ErrorTextIsNotAnEmptyDirectory) {
  const Listing listing = parse(ListingFormat::list, "ls: .: Permission denied\r\n");
  EXPECT_THAT(listing.entries, IsEmpty());
  EXPECT_EQ(listing.unparsed, 1u);
}

TEST(ListingParser, HostileNamesNeverComeOut) {
  const std::string nul("type=file; a\0b\r\n", 16);
  const Listing listing = parse(ListingFormat::mlsd,
                                "type=file; ../../etc/passwd\r\n"
                                "type=file; /etc/passwd\r\n"
                                "type=file; a/b\r\n"
                                "type=dir; ..\r\n"
                                "type=dir; .\r\n" +
                                    nul + "type=file; " + std::string(256, 'n') + "\r\n" + "type=file; " +
                                    std::string(255, 'm') + "\r\n");
  EXPECT_THAT(names(listing), ElementsAre(std::string(255, 'm')));
  EXPECT_EQ(listing.unparsed, 5u);
}

TEST(ListingParser, OneBadNameDoesNotSpoilTheListing) {
  EXPECT_THAT(names(parse(ListingFormat::list,
                          "-rw-r--r-- 1 u g 5 Nov 20 10:00 a/b\r\n"
                          "-rw-r--r-- 1 u g 5 Nov 20 10:00 c\r\n")),
              ElementsAre("c"));
}

TEST(ListingParser, PathsBelowTheListedDirectoryLoseIt) {
  const std::string bytes =
      "-rw-r--r-- 1 u g 5 Nov 20 10:00 /pub/a\r\n"
      "-rw-r--r-- 1 u g 5 Nov 20 10:00 /pub/sub/b\r\n"
      "-rw-r--r-- 1 u g 5 Nov 20 10:00 /public\r\n"
      "-rw-r--r-- 1 u g 5 Nov 20 10:00 c\r\n";
  EXPECT_THAT(names(parse(ListingFormat::list, bytes, 0, "/pub")), ElementsAre("a", "c"));
  EXPECT_THAT(names(parse(ListingFormat::list, bytes, 0, "/pub/")), ElementsAre("a", "c"));
  EXPECT_THAT(names(parse(ListingFormat::list, bytes)), ElementsAre("c"));
}

TEST(ListingParser, WhatIsOnlyDecorationIsTakenOff) {
  EXPECT_THAT(names(parse(ListingFormat::list,
                          "-rw-r--r-- 1 u g 5 Nov 20 10:00 ./a\r\n"
                          "drwxr-xr-x 1 u g 5 Nov 20 10:00 ./b/\r\n")),
              ElementsAre("a", "b"));
  EXPECT_THAT(names(parse(ListingFormat::mlsd, "type=dir; c/\r\ntype=file; d/\r\n")), ElementsAre("c"));
}

// Such a file is not to seem shorter or longer than it is.
TEST(ListingParser, SizesThatAreNoNumberOfBytes) {
  const auto known = [](ListingFormat format, std::string_view line) {
    const Listing listing = parse(format, std::string(line) + "\r\n");
    EXPECT_EQ(listing.entries.size(), 1u) << line;
    return !listing.entries.empty() && listing.entries[0].attributes.size_known;
  };
  EXPECT_TRUE(known(ListingFormat::list, "-rw-r--r-- 1 u g 5 Nov 20 10:00 x"));
  EXPECT_FALSE(known(ListingFormat::list, "-rw-r--r-- 1 u g 33.5k Nov 20 10:00 x"));
  EXPECT_FALSE(known(ListingFormat::list, "-rw-r--r-- 1 u g -5 Nov 20 10:00 x"));
  EXPECT_FALSE(known(ListingFormat::list, "X.TXT;1  9/9  2-JUN-1998 07:32:04  [A,B]  (RWED,RWED,RE,)"));
  EXPECT_FALSE(known(ListingFormat::list, "README   ANON  V  71  26  1 1997-04-02 12:33:20 TCP291"));
  EXPECT_FALSE(known(ListingFormat::list, "Migrated                                     SOME.FILE"));
  EXPECT_TRUE(known(ListingFormat::list, "drwxr-xr-x 1 u g 33.5k Nov 20 10:00 x"));
  EXPECT_TRUE(known(ListingFormat::list, "crw-rw-rw- 1 u g 1, 3 Nov 20 10:00 null"));
  EXPECT_TRUE(known(ListingFormat::mlsd, "type=file;size=5; x"));
  EXPECT_TRUE(known(ListingFormat::mlsd, "size=5; x"));
  EXPECT_TRUE(known(ListingFormat::mlsd, "type=OS.unix=chr-1/3; x"));
  EXPECT_FALSE(known(ListingFormat::mlsd, "type=file; x"));
  EXPECT_FALSE(known(ListingFormat::mlsd, "modify=20260102030405; x"));
  EXPECT_FALSE(known(ListingFormat::mlsd, " x"));
}

TEST(ListingParser, HostileNumbersAreFitted) {
  const Listing listing =
      parse(ListingFormat::mlsd,
            "type=file;size=18446744073709551615;UNIX.mode=06777;modify=99999999999999; a\r\n");
  ASSERT_EQ(listing.entries.size(), 1u);
  EXPECT_EQ(listing.entries[0].attributes.size, static_cast<std::uint64_t>(INT64_MAX));
  EXPECT_EQ(listing.entries[0].attributes.mode, 0777);
  EXPECT_FALSE(listing.entries[0].attributes.mtime);
}

TEST(ListingParser, DevicesAreFiles) {
  const Listing listing = parse(ListingFormat::list, "crw-rw-rw- 1 u g 1, 3 Nov 20 10:00 null\r\n");
  ASSERT_EQ(listing.entries.size(), 1u);
  EXPECT_EQ(listing.entries[0].attributes.kind, Kind::file);
}

TEST(ListingParser, SymlinkWithoutTarget) {
  const Listing listing = parse(ListingFormat::mlsd, "type=OS.unix=symlink; l\r\n");
  ASSERT_EQ(listing.entries.size(), 1u);
  EXPECT_EQ(listing.entries[0].attributes.kind, Kind::symlink);
  EXPECT_EQ(listing.entries[0].link_target, "");
}

TEST(ListingParser, DuplicatesAreTheCallersBusiness) {
  EXPECT_THAT(names(parse(ListingFormat::mlsd, "type=file; a\r\ntype=file; a\r\n")), ElementsAre("a", "a"));
}

TEST(ListingParser, OverlongLineIsOneUnparsedLine) {
  const std::string line = "type=file; " + std::string(ListingParser::max_line, 'x');
  const Listing listing = parse(ListingFormat::mlsd, line + "\r\ntype=file; a\r\n", 1000);
  EXPECT_THAT(names(listing), ElementsAre("a"));
  EXPECT_EQ(listing.unparsed, 1u);
  EXPECT_EQ(listing.first_unparsed.size(), 256u);
}

TEST(ListingParser, EndlessLineStaysBounded) {
  ListingParser parser(ListingFormat::list, now);
  const std::string piece(1 << 20, ' ');
  for (int i = 0; i < 64; ++i) parser.feed(piece);
  parser.finish();
  EXPECT_EQ(parser.unparsed(), 1u);
}

TEST(ListingParser, DayFirstIsUnderstoodForEarlierLinesToo) {
  const Listing listing = parse(ListingFormat::list,
                                "02-03-25  10:32AM             5 a\r\n"
                                "22-07-25  10:32AM             5 b\r\n"
                                "04-05-25  10:32AM             5 c\r\n");
  ASSERT_EQ(listing.entries.size(), 3u);
  EXPECT_EQ(listing.entries[0].attributes.mtime, parse_time_value("202503021032"));
  EXPECT_EQ(listing.entries[1].attributes.mtime, parse_time_value("202507221032"));
  EXPECT_EQ(listing.entries[2].attributes.mtime, parse_time_value("202505041032"));
}

TEST(ListingParser, OneUnambiguousDateTellsTheOrderOfAnOs400Listing) {
  const Listing listing = parse(ListingFormat::list,
                                "O  5 12/31/98 14:06:34 *STMF      a\r\n"
                                "O  5 04/03/18 14:06:34 *STMF      b\r\n");
  ASSERT_EQ(listing.entries.size(), 2u);
  EXPECT_EQ(listing.entries[1].attributes.mtime, parse_time_value("20180403140634"));
}

TEST(ListingParser, BareNamesAreEntriesWhereThereIsNothingElse) {
  EXPECT_THAT(
      names(
          parse(ListingFormat::list,
                " Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\nA1\r\nB2\r\nC3\r\n")),
      ElementsAre("A1", "B2", "C3"));
}

TEST(ListingParser, BareNamesAreGarbageInAnotherListing) {
  const Listing listing = parse(ListingFormat::list,
                                "NOTICE\r\n"
                                "-rw-r--r-- 1 u g 5 Nov 20 10:00 a\r\n"
                                "-rw-r--r-- 1 u g 5 Nov 20 10:00 b\r\n");
  EXPECT_THAT(names(listing), ElementsAre("a", "b"));
  EXPECT_EQ(listing.unparsed, 1u);
  EXPECT_EQ(listing.first_unparsed, "NOTICE");
}

TEST(ListingParser, MixedLinesAreRead) {
  EXPECT_THAT(names(parse(ListingFormat::list,
                          "-rw-r--r-- 1 u g 5 Nov 20 10:00 unix\r\n"
                          "03-18-98  06:01AM              5 dos\r\n"
                          "d [RWCEAFMS] owner      512 Nov 20 10:00 netware\r\n"
                          "+r,s5\teplf\r\n")),
              ElementsAre("unix", "dos", "netware", "eplf"));
}

TEST(ListingParser, EntriesComeOutWhileTheListingIsRead) {
  ListingParser parser(ListingFormat::list, now);
  parser.feed("-rw-r--r-- 1 u g 5 Nov 20 10:00 a\r\n-rw-r--r-- 1 u g 5 Nov 20 10:00 b");
  EXPECT_EQ(parser.take().size(), 1u);
  parser.feed("\r\n");
  EXPECT_EQ(parser.take().size(), 1u);
  parser.finish();
  EXPECT_THAT(parser.take(), IsEmpty());
  EXPECT_EQ(parser.entries(), 2u);
}

TEST(ListingParser, CanBeMoved) {
  ListingParser parser(ListingFormat::mlsd, now);
  parser.feed("type=file; a\r\ntype=fi");
  ListingParser moved = std::move(parser);
  moved.feed("le; b\r\n");
  moved.finish();
  EXPECT_EQ(moved.take().size(), 2u);
}

}  // namespace
}  // namespace ftpfs::proto
