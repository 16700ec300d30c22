// SPDX-License-Identifier: MIT
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/listing.hpp>

#include "list_table.hpp"

namespace ftpfs::proto {
namespace {

const std::vector<test::ListCase> lines = {
    {"type=file;size=12;modify=20260102030405;UNIX.mode=0644; name",
     "name file 12 0644 2026-01-02T03:04:05Z"},
    {"Type=dir;Modify=20260102030405.25;Perm=el; name", "name dir - - 2026-01-02T03:04:05Z"},
    {"TYPE=FILE;SIZE=0; name", "name file 0 - -"},
    {"type=file; name; with semicolon", "name; with semicolon file - - -"},
    {"type=file; a=b; c", "a=b; c file - - -"},
    {"type=file;  leading and trailing ", " leading and trailing  file - - -"},
    {"type=file;UNIX.groupname=domain users;size=3; .profile", ".profile file 3 - -"},
    {"type=file;size=3 name without last semicolon", "name without last semicolon file 3 - -"},
    {"type=file;size=3;\tname after tab", "name after tab file 3 - -"},
    {"type=dir;sizd=4096; d", "d dir 4096 - -"},
    {"type=file;size=18446744073709551615; huge", "huge file 18446744073709551615 - -"},
    {"type=file;size=18446744073709551616; overflow", "overflow file - - -"},
    {"type=file;size=-1; negative", "negative file - - -"},
    {"type=file;size=0x10; hex", "hex file - - -"},
    {"type=file;size=; empty", "empty file - - -"},
    {"type=file;UNIX.mode=0o755; py3", "py3 file - 0755 -"},
    {"type=file;UNIX.mode=755; short", "short file - 0755 -"},
    {"type=file;UNIX.mode=02770; setgid", "setgid file - 2770 -"},
    {"type=file;UNIX.mode=0100644; with type bits", "with type bits file - 0644 -"},
    {"type=file;UNIX.mode=rw; words", "words file - - -"},
    {"type=file;UNIX.mode=0999; not octal", "not octal file - - -"},
    {"type=file;modify=20261301000000; bad date", "bad date file - - -"},
    {"type=file;modify=202601020304; no seconds", "no seconds file - - 2026-01-02T03:04Z"},
    {"type=file;modify=; no date", "no date file - - -"},
    {"type=file;perms=adfrw; misspelt fact", "misspelt fact file - - -"},
    {"type=OS.unix=slink:/a/b;size=4; l", "l link 4 - - > /a/b"},
    {"type=OS.unix=slink:; l", "l link - - -"},
    {"type=OS.unix=slink:a;b;;size=3; l", "l link 3 - - > a;b;"},
    {"type=OS.unix=slink; l", "l link - - -"},
    {"type=OS.unix=symlink; l", "l link - - -"},
    {"type=OS.UNIX=Slink:Target; l", "l link - - - > Target"},
    {"type=OS.unix=chr-1/3; null", "null other - - -"},
    {"type=OS.unix=socket; s", "s other - - -"},
    {"size=5; no type", "no type other 5 - -"},
    {" no facts", "no facts other - - -"},
    {"  blank first", " blank first other - - -"},
    {" type=file;size=7; as MLST prints it", "as MLST prints it file 7 - -"},
    {"type=cdir;modify=20260102030405; whatever", nullptr},
    {"type=pdir;modify=20260102030405; ..", nullptr},
    {"type=dir; .", nullptr},
    {"type=dir; ..", nullptr},
    {"type=file;size=3;", nullptr},
    {"type=file; ", nullptr},
    {"modify=tomorrow; no line of facts", nullptr},
    {"type=file;size; fact without value", nullptr},
    {"just words", nullptr},
    {"words; and more", nullptr},
    {"", nullptr},
    {" ", nullptr},
    {";", nullptr},
    {"; ", nullptr},
    {"=; ", nullptr},
};

TEST(Mlsd, Table) {
  for (const test::ListCase& expected : lines) {
    EXPECT_EQ(test::shown(parse_mlsd_line(expected.line), true),
              expected.expected ? expected.expected : "(none)")
        << expected.line;
  }
}

TEST(Mlsd, LineEndsAreNoPartOfTheName) {
  EXPECT_EQ(parse_mlsd_line("type=file; a\r\n")->name, "a");
  EXPECT_EQ(parse_mlsd_line("type=file; a\r")->name, "a");
}

Reply mlst_reply(const std::string& bytes) {
  ReplyParser parser;
  parser.feed(bytes);
  return parser.next().value();
}

TEST(Mlst, AttributesOfOnePath) {
  const auto entry = parse_mlst_reply(
      mlst_reply("250-Start of list for /a b\r\n type=file;size=12;modify=20260102030405;UNIX.mode=04644; /a "
                 "b\r\n250 End\r\n"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "");
  EXPECT_EQ(entry->attributes.kind, Kind::file);
  EXPECT_EQ(entry->attributes.size, 12u);
  EXPECT_EQ(entry->attributes.mode, 0644);
  EXPECT_EQ(entry->attributes.mtime, parse_time_value("20260102030405"));
}

TEST(Mlst, CdirIsADirectoryHere) {
  const auto entry = parse_mlst_reply(mlst_reply("250-x\r\n type=cdir;sizd=1024; .\r\n250 End\r\n"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->attributes.kind, Kind::directory);
  EXPECT_EQ(entry->attributes.size, 0u);
}

TEST(Mlst, BlanksInFrontOfTheFacts) {
  for (const char* blanks : {"", " ", "  ", "    "}) {
    const auto entry = parse_mlst_reply(
        mlst_reply(std::string("250-x\r\n") + blanks + "type=file;size=5; f\r\n250 End\r\n"));
    ASSERT_TRUE(entry) << '"' << blanks << '"';
    EXPECT_EQ(entry->attributes.size, 5u);
  }
}

TEST(Mlst, GarbageAroundTheFactsIsIgnored) {
  const auto entry = parse_mlst_reply(
      mlst_reply("250-Listing x; y\r\n\r\n garbage\r\n type=dir; x\r\n more garbage\r\n250 End\r\n"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->attributes.kind, Kind::directory);
}

TEST(Mlst, CodeInFrontOfTheFacts) {
  const auto entry = parse_mlst_reply(mlst_reply("250-x\r\n250-type=file;size=5; f\r\n250 End\r\n"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->attributes.size, 5u);
}

TEST(Mlst, NoFactsNoEntry) {
  EXPECT_FALSE(parse_mlst_reply(mlst_reply("250 ok\r\n")));
  EXPECT_FALSE(parse_mlst_reply(mlst_reply("250-x\r\n size=5; f\r\n250 End\r\n")));
  EXPECT_FALSE(parse_mlst_reply(mlst_reply("550 type=file;size=5; f\r\n")));
}

TEST(Mlst, SymlinkWithTarget) {
  const auto entry = parse_mlst_reply(mlst_reply("250-x\r\n type=OS.unix=slink:there; x\r\n250 End\r\n"));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->attributes.kind, Kind::symlink);
  EXPECT_EQ(entry->link_target, "there");
}

}  // namespace
}  // namespace ftpfs::proto
