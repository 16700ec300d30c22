// SPDX-License-Identifier: MIT
// Names that mean something to shells, to ls, to servers' globbing, or to a line of text.
#include <algorithm>
#include <cctype>

#include <fcntl.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string>& odd_names() {
  static const std::vector<std::string> names{"with blank",
                                              "two  blanks",
                                              " leading",
                                              "trailing ",
                                              "'single'",
                                              "\"double\"",
                                              "back\\slash",
                                              "#hash",
                                              "100%",
                                              "%20",
                                              "question?",
                                              "star*",
                                              "*",
                                              "[brackets]",
                                              "{a,b}",
                                              "~",
                                              "~root",
                                              "$HOME",
                                              "a&b",
                                              "semi;colon",
                                              "pipe|",
                                              "<tag>",
                                              "-R",
                                              "--help",
                                              "-la",
                                              "tab\there",
                                              "umlaut-äöü",
                                              "日本語",
                                              "emoji-😀",
                                              "e\u0301",
                                              "comma,",
                                              "equal=",
                                              "plus+",
                                              "at@",
                                              "colon:",
                                              "(paren)",
                                              "!bang",
                                              "^caret",
                                              "`tick`",
                                              "...",
                                              "..dots",
                                              ".dot",
                                              "a -> b",
                                              "drwxr-xr-x 1 a b 0 Jan 1 00:00 x",
                                              std::string(200, 'n')};
  return names;
}

// What some servers do not do, in their own words:
// - pure-ftpd 1.0.50 takes blanks off the end of every name, answers "553 Prohibited file name" to a
// backslash, and
//   neither lists nor makes names with control characters;
// - proftpd 1.3.8 answers "550 Invalid directory name" to MKD with a `*`.
bool possible(ServerKind kind, const std::string& name) {
  const auto is_control = [](unsigned char byte) { return byte < 32; };
  if (kind != ServerKind::pure_ftpd || local_mode()) return true;
  return name.back() != ' ' && name.find('\\') == name.npos && std::ranges::none_of(name, is_control);
}

bool possible_directory(ServerKind kind, const std::string& name) {
  if (kind == ServerKind::proftpd && !local_mode() && name.find('*') != name.npos) return false;
  return possible(kind, name);
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(directory)) result.push_back(entry.path().filename());
  std::ranges::sort(result);
  return result;
}

class Names : public MountTest {
 protected:
  std::vector<std::string> names(bool (*usable)(ServerKind, const std::string&) = possible) const {
    std::vector<std::string> result = odd_names();
    std::erase_if(result, [&](const std::string& name) { return !usable(GetParam(), name); });
    std::ranges::sort(result);
    return result;
  }
};

TEST_P(Names, AreCreatedListedAndRemoved) {
  for (const std::string& name : names()) write_file(mnt(name), "content of " + name);
  EXPECT_EQ(names_in(root()), names());
  EXPECT_EQ(names_in(mnt()), names());
  for (const std::string& name : names()) EXPECT_EQ(read_file(root(name)), "content of " + name);
  for (const std::string& name : names()) EXPECT_EQ(error_of(::unlink(mnt(name).c_str())), 0) << name;
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, OfTheServerAreReadable) {
  for (const std::string& name : names()) server().put(name, "content of " + name);
  EXPECT_EQ(names_in(mnt()), names());
  for (const std::string& name : names()) EXPECT_EQ(read_file(mnt(name)), "content of " + name);
}

TEST_P(Names, OfDirectoriesWork) {
  const std::vector<std::string> directories = names(possible_directory);
  for (const std::string& name : directories) {
    ASSERT_EQ(error_of(::mkdir(mnt(name).c_str(), 0755)), 0) << name;
    write_file(mnt(name) / "inside", name);
    EXPECT_EQ(names_in(mnt(name)), std::vector<std::string>{"inside"}) << name;
    EXPECT_EQ(read_file(root(name) / "inside"), name);
  }
  EXPECT_EQ(names_in(root()), directories);
  for (const std::string& name : directories) {
    EXPECT_EQ(error_of(::unlink((mnt(name) / "inside").c_str())), 0) << name;
    EXPECT_EQ(error_of(::rmdir(mnt(name).c_str())), 0) << name;
  }
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, AreRenamed) {
  write_file(mnt("plain"), "content");
  std::string current = "plain";
  for (const std::string& name : names()) {
    EXPECT_EQ(error_of(::rename(mnt(current).c_str(), mnt(name).c_str())), 0) << current << " to " << name;
    current = name;
  }
  EXPECT_EQ(names_in(root()), std::vector<std::string>{current});
  EXPECT_EQ(read_file(root(current)), "content");
}

TEST_P(Names, WithALineBreakAreRefused) {
  if (local_mode()) GTEST_SKIP() << "a local file system has no lines";
  EXPECT_EQ(error_of(::open(mnt("line\nbreak").c_str(), O_WRONLY | O_CREAT, 0644)), EINVAL);
  EXPECT_EQ(error_of(::mkdir(mnt("carriage\rreturn").c_str(), 0755)), EINVAL);
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, ThatAreTooLongAreRefused) {
  EXPECT_EQ(error_of(::mkdir(mnt(std::string(256, 'x')).c_str(), 0755)), ENAMETOOLONG);
}

// pyftpdlib decodes names itself, as UTF-8, and replaces what is none.
bool serves_bytes(ServerKind kind) {
  return kind != ServerKind::pyftpdlib && !local_mode();
}

TEST_P(Names, OfAnotherCharacterSetAreTranslated) {
  if (!serves_bytes(GetParam())) GTEST_SKIP() << "serves UTF-8 only";
  server().put(
      "gr\xFC\xDF"
      "e",
      "content");
  mount("codepage=ISO-8859-1");
  EXPECT_EQ(names_in(mnt()), std::vector<std::string>{"grüße"});
  EXPECT_EQ(read_file(mnt("grüße")), "content");
  sh("mv grüße ärger && mkdir größe && echo new > größe/ñ && echo more >> ärger");
  EXPECT_EQ(read_file(root("\xE4rger")), "contentmore\n");
  EXPECT_EQ(read_file(root("gr\xF6\xDF"
                           "e") /
                      "\xF1"),
            "new\n");
  EXPECT_EQ(error_of(::mkdir(mnt("日本").c_str(), 0755)), EILSEQ);
  sh("rm -r *");
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, ThatMeanNothingGoBackAsTheyCame) {
  if (!serves_bytes(GetParam())) GTEST_SKIP() << "serves UTF-8 only";
  server().put("\x81\x20.txt", "content");
  mount("codepage=GBK");
  EXPECT_EQ(names_in(mnt()), std::vector<std::string>{"\\x81 .txt"});
  sh("cat '\\x81 .txt' && echo more >> '\\x81 .txt' && mv '\\x81 .txt' '中\\x81'");
  EXPECT_EQ(read_file(root("\xD6\xD0\x81")), "contentmore\n");
  sh("rm '中\\x81'");
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, ThatTheServerTrimsHitNoOtherFile) {
  if (!is(ServerKind::pure_ftpd) || local_mode()) GTEST_SKIP() << "keeps blanks";
  server().put("report", "precious");
  EXPECT_EQ(error_of(::open(mnt("report ").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644)), EINVAL);
  EXPECT_EQ(error_of(::mkdir(mnt("new ").c_str(), 0755)), EINVAL);
  EXPECT_EQ(error_of(::rename(mnt("report").c_str(), mnt("report ").c_str())), EINVAL);
  EXPECT_EQ(names_in(root()), std::vector<std::string>{"report"});
  EXPECT_EQ(read_file(root("report")), "precious");
  EXPECT_EQ(read_file(mnt("report")), "precious");
}

TEST_P(Names, MayChangeTheirCase) {
  server().put("readme", "content");
  sh("ls && mv readme README && mv README ReadMe");
  EXPECT_EQ(names_in(root()), std::vector<std::string>{"ReadMe"});
  EXPECT_EQ(names_in(mnt()), std::vector<std::string>{"ReadMe"});
}

FTPFS_ON_ALL_SERVERS(Names);

}  // namespace
}  // namespace ftpfs::test
