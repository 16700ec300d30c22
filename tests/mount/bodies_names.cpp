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

// pure-ftpd turns a leading or trailing blank, and control characters, of a new name into `_`
// (checknamesanity and the stripping of ftp_parser.c), so such a file cannot be made there. It can be read.
bool survives(ServerKind kind, const std::string& name) {
  if (kind != ServerKind::pure_ftpd || local_mode()) return true;
  return name.front() != ' ' && name.back() != ' ' &&
         std::ranges::none_of(name, [](unsigned char c) { return c < 32; });
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> result;
  for (const auto& entry : fs::directory_iterator(directory)) result.push_back(entry.path().filename());
  std::ranges::sort(result);
  return result;
}

class Names : public MountTest {
 protected:
  std::vector<std::string> usable_names() const {
    std::vector<std::string> names = odd_names();
    std::erase_if(names, [&](const std::string& name) { return !survives(GetParam(), name); });
    std::ranges::sort(names);
    return names;
  }
};

TEST_P(Names, AreCreatedListedAndRemoved) {
  const std::vector<std::string> names = usable_names();
  for (const std::string& name : names) write_file(mnt(name), "content of " + name);
  EXPECT_EQ(names_in(root()), names);
  EXPECT_EQ(names_in(mnt()), names);
  for (const std::string& name : names) EXPECT_EQ(read_file(root(name)), "content of " + name);
  for (const std::string& name : names) EXPECT_EQ(error_of(::unlink(mnt(name).c_str())), 0) << name;
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, OfTheServerAreReadable) {
  std::vector<std::string> names = odd_names();
  std::ranges::sort(names);
  for (const std::string& name : names) server().put(name, "content of " + name);
  EXPECT_EQ(names_in(mnt()), names);
  for (const std::string& name : names) EXPECT_EQ(read_file(mnt(name)), "content of " + name);
}

TEST_P(Names, OfDirectoriesWork) {
  const std::vector<std::string> names = usable_names();
  for (const std::string& name : names) {
    ASSERT_EQ(error_of(::mkdir(mnt(name).c_str(), 0755)), 0) << name;
    write_file(mnt(name) / "inside", name);
    EXPECT_EQ(names_in(mnt(name)), std::vector<std::string>{"inside"}) << name;
    EXPECT_EQ(read_file(root(name) / "inside"), name);
  }
  EXPECT_EQ(names_in(root()), names);
  for (const std::string& name : names) {
    EXPECT_EQ(error_of(::unlink((mnt(name) / "inside").c_str())), 0) << name;
    EXPECT_EQ(error_of(::rmdir(mnt(name).c_str())), 0) << name;
  }
  EXPECT_EQ(names_in(root()), std::vector<std::string>{});
}

TEST_P(Names, AreRenamed) {
  write_file(mnt("plain"), "content");
  std::string current = "plain";
  for (const std::string& name : usable_names()) {
    EXPECT_EQ(error_of(::rename(mnt(current).c_str(), mnt(name).c_str())), 0) << current << " to " << name;
    current = name;
  }
  EXPECT_EQ(names_in(root()), std::vector<std::string>{current});
  EXPECT_EQ(read_file(root(current)), "content");
}

// The blank cannot be kept, so the program must say so instead of reporting a success for another name.
TEST_P(Names, ThatTheServerWouldChangeAreRefused) {
  if (!is(ServerKind::pure_ftpd) || local_mode()) GTEST_SKIP() << "this server takes names as they are";
  expect_complaints();
  const UniqueFd file{::open(mnt("trailing ").c_str(), O_WRONLY | O_CREAT, 0644)};
  const bool refused = !file || ::close(::dup(file.get())) != 0;
  EXPECT_TRUE(refused);
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

FTPFS_ON_ALL_SERVERS(Names);

}  // namespace
}  // namespace ftpfs::test
