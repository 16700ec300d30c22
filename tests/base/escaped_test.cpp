// SPDX-License-Identifier: MIT
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/log.hpp>

namespace ftpfs {
namespace {

using namespace std::string_literals;

TEST(Escaped, LeavesPlainTextAndUtf8Alone) {
  EXPECT_EQ(escaped("550 No such file"), "550 No such file");
  EXPECT_EQ(escaped("gr\u00fc\u00dfe \u65e5\u672c \U0001F600"), "gr\u00fc\u00dfe \u65e5\u672c \U0001F600");
}

TEST(Escaped, ControlBytesCannotForgeALineOrMoveTheCursor) {
  EXPECT_EQ(escaped("a\r\nb\tc"), "a\\x0D\\x0Ab\\x09c");
  EXPECT_EQ(escaped("\x1b[2J\x7f"), "\\x1B[2J\\x7F");
  EXPECT_EQ(escaped("a\0b"s), "a\\x00b");
  EXPECT_EQ(escaped("\xc2\x9b"
                    "31m"),
            "\\xC2\\x9B31m");  // CSI as a C1 control character
}

TEST(Escaped, BackslashIsDoubledSoThatEscapesAreUnambiguous) {
  EXPECT_EQ(escaped("\\x0A"), "\\\\x0A");
}

TEST(Escaped, InvalidUtf8IsShownByteByByte) {
  EXPECT_EQ(escaped("\xff"), "\\xFF");
  EXPECT_EQ(escaped("\xc3"), "\\xC3");                             // cut short
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xC0\\xAF");                    // overlong '/'
  EXPECT_EQ(escaped("\xe0\x80\xaf"), "\\xE0\\x80\\xAF");           // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xED\\xA0\\x80");           // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(escaped("\xe6\x97"
                    "x"),
            "\\xE6\\x97x");
}

TEST(Escaped, LongTextIsCut) {
  EXPECT_EQ(escaped(std::string(10, 'a'), 10), std::string(10, 'a'));
  EXPECT_EQ(escaped(std::string(11, 'a'), 10), std::string(10, 'a') + "...");
  EXPECT_LE(escaped(std::string(100'000, '\n')).size(), 520u);
}

}  // namespace
}  // namespace ftpfs
