// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "list_table.hpp"

namespace ftpfs::test {
namespace {

TEST(UnixList, ColumnsPresentAndMissing) {
  expect_list_lines({
      {"-rw-r--r--   1 ftp      ftp          1024 Mar 12 15:04 plain", "plain file 1024 0644 --03-12T15:04"},
      {"-rw-r--r--   1 1001     1001         1024 Mar 12  2024 numeric ids",
       "numeric ids file 1024 0644 2024-03-12"},
      {"drwxr-xr-x   2 root                  4096 Apr  8  1994 no group",
       "no group dir 4096 0755 1994-04-08"},
      {"drwxr-xr-x   2 4096 Apr  8  1994 only links", "only links dir 4096 0755 1994-04-08"},
      {"drwxr-xr-x 4096 Apr  8  1994 only size", "only size dir 4096 0755 1994-04-08"},
      {"drwxr-xr-x               folder        2 May 10  1996 network", "network dir 2 0755 1996-05-10"},
      {"-------r--         326  1391972  1392298 Nov 22  1995 MegaPhone.sit",
       "MegaPhone.sit file 1392298 0004 1995-11-22"},
      {"-rw-r--r-- 1 DOM\\some user domain users 5 Jan 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 (?) (?) 5 Jan 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u verylonggroup123456 Jan 02 03:04 glued", "glued file 123456 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 jan 20 2048 Jan 02 03:04 owner jan of group 20",
       "owner jan of group 20 file 2048 0644 --01-02T03:04"},
      {"-rw-r--r--   1ftp       nogroup       5 Jan 02 03:04 x", nullptr},
      {" -rw-r--r-- 1 u g 5 Jan 02 03:04 indented", "indented file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 tiny", "tiny file 5 0644 -"},
      {"lrwxrwxrwx 1 u g 5 a -> there", "a link 5 0777 - > there"},
  });
}

TEST(UnixList, Sizes) {
  expect_list_lines({
      {"-rw-r--r-- 1 u g 4294967296 Jan 02 03:04 x", "x file 4294967296 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 18446744073709551616 Jan 02 03:04 x", "x file - 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g -2147483648 Jan 02 03:04 x", "x file - 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 33.5k Jan 02 03:04 x", "x file 34304 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 2M Jan 02 03:04 x", "x file 2097152 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 1.5GB Jan 02 03:04 x", "x file 1610612736 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 4092202P Jan 02 03:04 x", nullptr},
      {"-rw-r--r-- 1 u g 1,234,567 Jan 02 03:04 x", "x file 1234567 0644 --01-02T03:04"},
      {"crw-rw-rw- 1 root sys 13, 12 Jan 02 03:04 x", "x other - 0666 --01-02T03:04"},
      {"brw-rw-rw- 1 root sys 13,12 Jan 02 03:04 x", "x other - 0666 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 119:26 Jan 02 03:04 x", nullptr},
  });
}

TEST(UnixList, Permissions) {
  expect_list_lines({
      {"-rwxrwxrwx 1 u g 5 Jan 02 03:04 x", "x file 5 0777 --01-02T03:04"},
      {"---------- 1 u g 5 Jan 02 03:04 x", "x file 5 0000 --01-02T03:04"},
      {"-rwsr-sr-t 1 u g 5 Jan 02 03:04 x", "x file 5 7755 --01-02T03:04"},
      {"-rwSr-Sr-T 1 u g 5 Jan 02 03:04 x", "x file 5 7644 --01-02T03:04"},
      {"-rw-r-lr-- 1 u g 5 Jan 02 03:04 x", "x file 5 2644 --01-02T03:04"},
      {"drwxr-xr-x+ 2 u g 5 Jan 02 03:04 x", "x dir 5 0755 --01-02T03:04"},
      {"drwxr-xr-x+144 u g 5 Jan 02 03:04 x", "x dir 5 0755 --01-02T03:04"},
      {"-rw-r--r--@ 1 u g 5 Jan 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r--. 1 u g 5 Jan 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"prw-r--r-- 1 u g 0 Jan 02 03:04 x", "x other 0 0644 --01-02T03:04"},
      {"srwxr-xr-x 1 u g 0 Jan 02 03:04 x", "x other 0 0755 --01-02T03:04"},
      {"Drw-r--r-- 1 u g 0 Jan 02 03:04 door", "door other 0 0644 --01-02T03:04"},
      {"frw-r--r-- 1 u g 5 Jan 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"Lrwxrwxrwx 1 u g 5 Jan 02 03:04 a -> there", "a link 5 0777 --01-02T03:04 > there"},
      {"dtrwxrwxrwx 1 u g 5 Jan 02 03:04 x", "x dir 5 1777 --01-02T03:04"},
      {"Dcrw-rw-rw- 1 u g 5 Jan 02 03:04 x", "x other 5 0666 --01-02T03:04"},
      {"ugrwxr-xr-x 1 u g 5 Jan 02 03:04 x", "x file 5 6755 --01-02T03:04"},
      {"drwxr-x   2       10     4096 Jan 02 03:04 x", "x dir 4096 - --01-02T03:04"},
      {"-C--E-----FTP B QUA1I1      18128       41 Jan 02 03:04 x", "x file 41 - --01-02T03:04"},
      {"zrwxr-xr-x 1 u g 5 Jan 02 03:04 x", nullptr},
      {"dxrwr-xr-x 1 u g 5 Jan 02 03:04 x", nullptr},
      {"-qqqqqqqqq 1 u g 5 Jan 02 03:04 x", nullptr},
      {"drwxr-xr-x++ 1 u g 5 Jan 02 03:04 x", nullptr},
      {"drwxr-xr-x$ 1 u g 5 Jan 02 03:04 x", nullptr},
  });
}

TEST(UnixList, Dates) {
  expect_list_lines({
      {"-rw-r--r-- 1 u g 5 Jan  2  3:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan  2 00:0 x", "x file 5 0644 --01-02T00:00"},
      {"-rw-r--r-- 1 u g 5 Jan  2 24:00 x", "x file 5 0644 --01-02T24:00"},
      {"-rw-r--r-- 1 u g 5 02 Jan 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 02. Jan. 2005 x", "x file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 Jan 02, 2005 03:04 x", "x file 5 0644 2005-01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04:05 2005 x", "x file 5 0644 2005-01-02T03:04:05"},
      {"-rw-r--r-- 1 u g 5 2005-01-02 03:04 x", "x file 5 0644 2005-01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 2005/01/02 03:04 x", "x file 5 0644 2005-01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 02-01-2005 03:04 x", "x file 5 0644 2005-01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 2005.01.02 x", "x file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 2005-01-02  x", "x file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 01-02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 3 29 03:04 x", "x file 5 0644 --03-29T03:04"},
      {"-rw-r--r-- 1 u g 5 3 29 2003 x", "x file 5 0644 2003-03-29"},
      {"-rw-r--r-- 1 u g 5 13 29 2003 x", nullptr},
      {"drwxr-xr-x 2 10 11 2004 Mar  5 12:00 uid 10", "uid 10 dir 2004 0755 --03-05T12:00"},
      {"-rw-r--r-- 1 u g 5 Thu Jan  2 03:04:05 2005 x", "x file 5 0644 2005-01-02T03:04:05"},
      {"-rw-r--r-- 1 u g 5 Sun, 2 Jan 2005 x", "x file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 01-02 2005 x", "x file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 2005-01-02 03:04:05.123456789 +0100 x", "x file 5 0644 2005-01-02T02:04:05"},
      {"-rw-r--r-- 1 u g 5 2005-01-01 22:34:05 -0530 x", "x file 5 0644 2005-01-02T04:04:05"},
      {"-rw-r--r-- 1 ftp ftp 5 ??? ?? ????? x", "x file 5 0644 -"},
      {"-rw-r--r-- 1 u g 5 Jam 02 03:04 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Foo 02 2005 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan 32 03:04 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Feb 30 03:04 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan 02 30:01 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:60 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan 02 209 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan 02 x", nullptr},
      {"-rw-r--r-- 1 u g 5 Jan -2 03:04 x", nullptr},
  });
}

TEST(UnixList, MonthsOfOtherLanguages) {
  expect_list_lines({
      {"-rw-r--r-- 1 u g 5 Mär 02 03:04 x", "x file 5 0644 --03-02T03:04"},
      {"-rw-r--r-- 1 u g 5 ian 02 03:04 romanian", "romanian file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 січ 02 03:04 ukrainian", "ukrainian file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Δεκ 02 03:04 greek", "greek file 5 0644 --12-02T03:04"},
      {"-rw-r--r-- 1 u g 5 čec 02 03:04 czech", "czech file 5 0644 --07-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02일 03:04 korean", "korean file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 02. Dez 2005 x", "x file 5 0644 2005-12-02"},
      {"-rw-r--r-- 1 u g 5 févr. 02 03:04 x", "x file 5 0644 --02-02T03:04"},
      {"-rw-r--r-- 1 u g 5 02 août 2005 x", "x file 5 0644 2005-08-02"},
      {"-rw-r--r-- 1 u g 5 juil. 02 2005 x", "x file 5 0644 2005-07-02"},
      {"-rw-r--r-- 1 u g 5 ene 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 giu 02 03:04 x", "x file 5 0644 --06-02T03:04"},
      {"-rw-r--r-- 1 u g 5 out 02 03:04 x", "x file 5 0644 --10-02T03:04"},
      {"-rw-r--r-- 1 u g 5 mrt 02 03:04 x", "x file 5 0644 --03-02T03:04"},
      {"-rw-r--r-- 1 u g 5 2 tammi 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 paź 02 03:04 x", "x file 5 0644 --10-02T03:04"},
      {"-rw-r--r-- 1 u g 5 szept 02 03:04 x", "x file 5 0644 --09-02T03:04"},
      {"-rw-r--r-- 1 u g 5 avg 02 03:04 x", "x file 5 0644 --08-02T03:04"},
      {"-rw-r--r-- 1 u g 5 ЯНВ 02 03:04 x", "x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 12 фев 2008 x", "x file 5 0644 2008-02-12"},
      {"-rw-r--r-- 1 u g 5 f\xE9vr. 02 03:04 Latin-1", "Latin-1 file 5 0644 --02-02T03:04"},
      {"-rw-r--r-- 1 u g 5 M\xC4R 02 03:04 Latin-1", "Latin-1 file 5 0644 --03-02T03:04"},
      {"-rw-r--r-- 1 u g 5 pa\xBC 02 03:04 Latin-2", "Latin-2 file 5 0644 --10-02T03:04"},
      {"-rw-r--r-- 1 u g 5 \xE4\xE5\xEA 02 03:04 Windows-1251", "Windows-1251 file 5 0644 --12-02T03:04"},
      {"-rw-r--r-- 1 u g 5 \xC4\xC5\xCB 02 03:04 KOI8-R", "KOI8-R file 5 0644 --12-02T03:04"},
      {"-rw-r--r-- 1 u g 5 \xED\xE5\xF2 02 03:04 no month", nullptr},
  });
}

TEST(UnixList, DatesWithSigns) {
  expect_list_lines({
      {"-rw-r--r-- 1 u g 5  8月 17 03:04 x", "x file 5 0644 --08-17T03:04"},
      {"-rw-r--r-- 1 u g 5 8月 17日 03:04 x", "x file 5 0644 --08-17T03:04"},
      {"-rw-r--r-- 1 u g 5 8月 17日 2005年 x", "x file 5 0644 2005-08-17"},
      {"-rw-r--r-- 1 u g 5 2005年 8月 17日 x", "x file 5 0644 2005-08-17"},
      {"-rw-r--r-- 1 u g 5 3월 20 2005 x", "x file 5 0644 2005-03-20"},
      {"-rw-r--r-- 1 u g 5 4\x8C\x8E 18\x93\xFA 2003\x94N x", "x file 5 0644 2003-04-18"},
      {"-rw-r--r-- 1 u g 5 13月 17 03:04 x", nullptr},
  });
}

TEST(UnixList, Names) {
  expect_list_lines({
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04 two words", "two words file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04  blank first", " blank first file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04 blank last ", "blank last  file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04    ", "    file 5 0644 --01-02T03:04"},  // three blanks
      {"-rw-r--r-- 1 u g 5 Jan 02  2005  blank first", " blank first file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 Jan 02 2005  wide year column", "wide year column file 5 0644 2005-01-02"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04 5 Feb 03 04:05 x", "5 Feb 03 04:05 x file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04 a -> b", "a -> b file 5 0644 --01-02T03:04"},
      {"-rw-r--r-- 1 u g 5 Jan 02 03:04 os0:", "os0: file 5 0644 --01-02T03:04"},
      {"drwxr-xr-x 1 u g 5 Jan 02 03:04 marked/", "marked dir 5 0755 --01-02T03:04"},
      {"drwxr-xr-x 1 u g 5 Jan 02 03:04 .", nullptr},
      {"drwxr-xr-x 1 u g 5 Jan 02 03:04 ..", nullptr},
      {"drwxr-xr-x 1 u g 5 Jan 02 03:04", nullptr},
      {"drwxr-xr-x 1 u g 5 Jan 02 03:04 ", nullptr},
  });
}

TEST(UnixList, Links) {
  expect_list_lines({
      {"lrwxrwxrwx 1 u g 5 Jan 02 03:04 a -> there", "a link 5 0777 --01-02T03:04 > there"},
      {"lrwxrwxrwx 1 u g 5 Jan 02 03:04 a", "a link 5 0777 --01-02T03:04"},
      {"lrwxrwxrwx 1 u g 1 Jan 02 03:04 a -> b -> c", "a -> b link 1 0777 --01-02T03:04 > c"},
      {"lrwxrwxrwx 1 u g 6 Jan 02 03:04 a -> b -> c", "a link 6 0777 --01-02T03:04 > b -> c"},
      {"lrwxrwxrwx 1 u g 99 Jan 02 03:04 a -> b -> c", "a link 99 0777 --01-02T03:04 > b -> c"},
      {"lrwxrwxrwx 1 u g 0 Jan 02 03:04 a -> ", "a ->  link 0 0777 --01-02T03:04"},
  });
}

TEST(UnixList, OtherLines) {
  expect_list_lines({
      {"total 12", nullptr},
      {"total -5", nullptr},
      {"total 395136991232", nullptr},
      {"total 4.0K", nullptr},
      {"./lib:", nullptr},
      {"ls: cannot open directory .: Permission denied", nullptr},
      {"ftpd: .: Permission denied", nullptr},
      {"-rw-r--r--", nullptr},
      {"-rw-r--r-- 1 u g", nullptr},
      {"garbage", nullptr},
      {" foo", nullptr},
      {"", nullptr},
      {"   ", nullptr},
  });
}

TEST(NetwareList, Lines) {
  expect_list_lines({
      {"d [RWCEAFMS] owner                            512 Jan 02 03:04 x", "x dir 512 - --01-02T03:04"},
      {"- [R----F--] owner             214059       Jan 02 03:04    padded.exe",
       "padded.exe file 214059 - --01-02T03:04"},
      {"d[RWCEMFA]  1 owner           512 Jan 02 2005 two words", "two words dir 512 - 2005-01-02"},
      {"x [RWCEAFMS] owner 512 Jan 02 03:04 x", nullptr},
      {"d [????????] owner 512 Jan 02 03:04 x", nullptr},
      {"d [] owner 512 Jan 02 03:04 x", nullptr},
      {"d [RWCEAFMS] owner 512 Jan 02", nullptr},
  });
}

TEST(NumericUnixList, Lines) {
  expect_list_lines({
      {"0100644   500  101   12345    123456789       a file", "a file file 12345 0644 1973-11-29T21:33:09"},
      {"040755   500  101   4096    0 d", "d dir 4096 0755 1970-01-01T00:00:00"},
      {"0120777 0 0 5 0 a -> there", "a link 5 0777 1970-01-01T00:00:00 > there"},
      {"0644 500 101 12345 123456789 no type", nullptr},
      {"1 2 3 4 5 6", nullptr},
  });
}

}  // namespace
}  // namespace ftpfs::test
