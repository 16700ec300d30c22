// SPDX-License-Identifier: MIT
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/name_codec.hpp>

namespace ftpfs::proto {
namespace {

struct Pair {
  const char* server;
  const char* local;
};

void expect_pairs(const NameCodec& codec, const std::vector<Pair>& pairs) {
  for (const Pair& pair : pairs) {
    EXPECT_EQ(codec.to_local(pair.server), pair.local);
    EXPECT_EQ(codec.to_server(pair.local), pair.server);
  }
}

TEST(NameCodec, WithoutCharacterSetsBytesPassUnchanged) {
  const NameCodec codec;
  EXPECT_TRUE(codec.transparent());
  expect_pairs(
      codec, {{"plain", "plain"}, {"\xE4\xFF", "\xE4\xFF"}, {"a\\xE4", "a\\xE4"}, {"\xC3\xA4", "\xC3\xA4"}});
}

TEST(NameCodec, TheSameCharacterSetTwiceIsTransparentHoweverItIsSpelt) {
  EXPECT_TRUE(NameCodec("UTF-8", "utf8").transparent());
  EXPECT_TRUE(NameCodec("ISO-8859-1", "iso8859-1").transparent());
  EXPECT_FALSE(NameCodec("ISO-8859-1", "UTF-8").transparent());
}

TEST(NameCodec, ConvertsBothWays) {
  expect_pairs(NameCodec("ISO-8859-1", "UTF-8"), {{"plain.txt", "plain.txt"},
                                                  {"gr\xFC\xDF"
                                                   "e",
                                                   "grüße"},
                                                  {"\xFF", "ÿ"},
                                                  {"with blank ", "with blank "}});
  expect_pairs(NameCodec("GBK", "UTF-8"), {{"\xD6\xD0\xCE\xC4.txt", "中文.txt"}});
  expect_pairs(NameCodec("CP932", "UTF-8"),
               {{"\x83\x5C\x83\x8B", "ソル"}});  // the second byte is a backslash
  expect_pairs(NameCodec("EUC-KR", "UTF-8"), {{"\xC7\xD1\xB1\xDB", "한글"}});
  expect_pairs(NameCodec("KOI8-R", "CP1251"), {{"\xC1\xC2", "\xE0\xE1"}});
}

TEST(NameCodec, ABackslashOfShiftJisIsAYenSign) {
  const NameCodec codec("SJIS", "UTF-8");
  EXPECT_EQ(codec.to_local("a\\b"), "a¥b");
  EXPECT_EQ(codec.to_server("a¥b"), "a\\b");
}

TEST(NameCodec, WhatMeansNothingIsSpeltInHexadecimal) {
  const NameCodec codec("GBK", "UTF-8");
  expect_pairs(
      codec,
      {{"\xFF.txt", "\\xFF.txt"}, {"cut off \xD6", "cut off \\xD6"}, {"\xD6\xD0\xFF\x20", "中\\xFF "}});
}

TEST(NameCodec, WhatTheLocalCharacterSetCannotWriteIsSpeltInHexadecimal) {
  expect_pairs(NameCodec("UTF-8", "ISO-8859-1"), {{"\xC3\xA4", "\xE4"}, {"\xE6\x97\xA5", "\\xE6\\x97\\xA5"}});
}

// Otherwise the file "\xFF" and the file of the single byte 0xFF would look the same.
TEST(NameCodec, NamesThatLookLikeEscapesAreKeptApart) {
  const NameCodec codec("GBK", "UTF-8");
  expect_pairs(codec, {{"a\\xFF", "a\\x5CxFF"},
                       {"\\x5CxFF", "\\x5Cx5CxFF"},
                       {"\\xff", "\\xff"},
                       {"\\x4", "\\x4"},
                       {"back\\slash", "back\\slash"},
                       {"\\\\x41", "\\\\x5Cx41"}});
}

TEST(NameCodec, ALocalNameThatNothingIsShownAsHasNoSpelling) {
  const NameCodec latin("ISO-8859-1", "UTF-8");
  EXPECT_EQ(latin.to_server("日本"), std::nullopt);
  EXPECT_EQ(latin.to_server("\xE4"), std::nullopt);        // not UTF-8
  EXPECT_EQ(latin.to_server("\\xE4"), std::nullopt);       // is shown as ä
  EXPECT_EQ(latin.to_server("a\\x2Fb"), std::nullopt);     // would be a path
  EXPECT_EQ(latin.to_server("\\x2E\\x2E"), std::nullopt);  // would be ".."
  EXPECT_EQ(latin.to_server("\\x00"), std::nullopt);
}

struct Charsets {
  const char* server;
  const char* local;
};

// Every first byte before those second bytes that mean something special somewhere.
TEST(NameCodec, EveryNameComesBackAsItWas) {
  const std::vector<Charsets> table = {
      {"ISO-8859-1", "UTF-8"}, {"CP1252", "UTF-8"}, {"GBK", "UTF-8"},    {"GB18030", "UTF-8"},
      {"CP932", "UTF-8"},      {"SJIS", "UTF-8"},   {"EUC-JP", "UTF-8"}, {"EUC-KR", "UTF-8"},
      {"BIG5", "UTF-8"},       {"KOI8-R", "UTF-8"}, {"UTF-8", "CP1252"}, {"ISO-2022-JP", "UTF-8"}};
  constexpr std::string_view seconds = "\x01\x1B .09@\\x~\x7F\x80\x81\xA1\xC2\xE4\xFE\xFF";
  for (const Charsets& charsets : table) {
    const NameCodec codec(charsets.server, charsets.local);
    std::set<std::string> seen;
    for (int first = 1; first < 256; ++first) {
      for (const char second : seconds) {
        const std::string name{static_cast<char>(first), second};
        if (first == '/' || name == "..") continue;
        const std::string shown = codec.to_local(name);
        ASSERT_EQ(codec.to_server(shown), name) << charsets.server << " shows it as " << shown;
        ASSERT_TRUE(seen.insert(shown).second) << charsets.server << ": two names are shown as " << shown;
        ASSERT_EQ(shown.find('/'), shown.npos);
      }
    }
  }
}

TEST(NameCodec, PathsAreConvertedNameByName) {
  const NameCodec codec("ISO-8859-1", "UTF-8");
  EXPECT_EQ(codec.path_to_server("/ä/ö//x/"), "/\xE4/\xF6//x/");
  EXPECT_EQ(codec.path_to_local("../\xE4/\xF6"), "../ä/ö");
  EXPECT_EQ(codec.path_to_server("/a/日"), std::nullopt);
  EXPECT_EQ(codec.path_to_server(""), "");
}

TEST(NameCodec, CharacterSetsThatCannotBeAreRefused) {
  EXPECT_THROW(NameCodec("no-such-charset", "UTF-8"), std::invalid_argument);
  EXPECT_THROW(NameCodec("UTF-8", ""), std::invalid_argument);
  EXPECT_THROW(NameCodec("ISO-8859-1//TRANSLIT", "UTF-8"), std::invalid_argument);
  for (const char* charset : {"UTF-16", "UCS-4", "EBCDIC-US", "IBM037", "UTF-7"})
    EXPECT_THROW(NameCodec(charset, "UTF-8"), std::invalid_argument) << charset;
}

}  // namespace
}  // namespace ftpfs::proto
