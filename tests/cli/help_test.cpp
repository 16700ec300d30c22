// SPDX-License-Identifier: MIT
// The option table, --help and the man page say the same.
#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

using Names = std::set<std::string>;

bool is_part_of_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '*';
}

// The words that look like option names.
Names words(const std::string& text) {
  Names found;
  std::string word;
  for (const char c : text + ' ') {
    if (is_part_of_name(c)) {
      word += c;
    } else if (!word.empty()) {
      found.insert(std::exchange(word, {}));
    }
  }
  return found;
}

struct ManPage {
  Names options;  // .It Cm NAME
  Names flags;    // .It Fl LETTER
  Names ignored;  // .Cm lists below "Accepted, ignored"
  Names refused;  // ... and below "Refused"
};

ManPage read_man_page() {
  ManPage page;
  std::ifstream file(FTPFS_MAN_PAGE);
  std::string section;
  for (std::string line; std::getline(file, line);) {
    std::istringstream in(line);
    std::string macro, first, second;
    in >> macro >> first >> second;
    if (macro == ".Sh" || macro == ".Ss") section = first;
    if (macro == ".It" && first == "Cm" && section != "LOGGING") page.options.insert(second);
    if (macro == ".It" && first == "Fl") page.flags.merge(words(line.substr(7)));
    if (macro == ".Cm" && section == "Accepted,") page.ignored.merge(words(line.substr(4)));
    if (macro == ".Cm" && section == "Refused") page.refused.merge(words(line.substr(4)));
  }
  return page;
}

Names table_names() {
  Names names;
  for (const Option& option : option_table()) {
    names.emplace(option.name);
    names.insert(option.aliases.begin(), option.aliases.end());
  }
  return names;
}

TEST(ManPage, HasEveryOptionOfTheTableAndNoOther) {
  EXPECT_EQ(read_man_page().options, table_names());
}

TEST(ManPage, HasEveryIgnoredOptionAndNoOther) {
  EXPECT_EQ(read_man_page().ignored, Names(ignored_options().begin(), ignored_options().end()));
}

TEST(ManPage, HasEveryRefusedOptionAndNoOther) {
  Names names;
  for (const RefusedOption& option : refused_options()) names.emplace(option.name);
  EXPECT_EQ(read_man_page().refused, names);
}

// The letters of single-letter flags, in the lines of the help that list them.
Names help_flags() {
  Names letters;
  std::istringstream in(help_text());
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("  -")) continue;
    for (const std::string& word : words(line)) {
      if (word.size() == 2 && word[0] == '-') letters.insert(word.substr(1));
    }
  }
  return letters;
}

TEST(ManPage, FlagsAreThoseOfTheHelp) {
  Names letters;
  for (const std::string& word : read_man_page().flags) {
    if (word.size() == 1) letters.insert(word);
  }
  letters.erase("o");  // the synopsis of the help has it
  EXPECT_EQ(letters, help_flags());
}

TEST(Help, NamesEveryOption) {
  const Names all = words(help_all_text());
  for (const std::string& name : table_names()) EXPECT_THAT(all, testing::Contains(name));
  for (const std::string_view name : ignored_options())
    EXPECT_THAT(all, testing::Contains(std::string(name)));
  for (const RefusedOption& option : refused_options())
    EXPECT_THAT(all, testing::Contains(std::string(option.name)));
  const Names brief = words(help_text());
  for (const Option& option : option_table()) {
    if (option.help.empty()) continue;
    EXPECT_THAT(brief, testing::Contains(std::string(option.name)));
  }
}

int lines_of(const std::string& text, std::size_t width) {
  std::istringstream in(text);
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) EXPECT_LE(line.size(), width) << line;
  return lines;
}

TEST(Help, FitsOneScreen) {
  EXPECT_LE(lines_of(help_text(), 80), 41);
}

// More than that is for the man page.
TEST(Help, ExplainsInALineEach) {
  EXPECT_LE(lines_of(help_all_text(), 100), 180);
}

TEST(OptionTable, HasEachNameOnce) {
  std::size_t count = ignored_options().size();
  Names all(ignored_options().begin(), ignored_options().end());
  for (const Option& option : option_table()) {
    count += 1 + option.aliases.size();
    all.emplace(option.name);
    all.insert(option.aliases.begin(), option.aliases.end());
  }
  for (const RefusedOption& option : refused_options()) {
    ++count;
    all.emplace(option.name);
  }
  EXPECT_EQ(all.size(), count);
}

}  // namespace
}  // namespace ftpfs::cli
