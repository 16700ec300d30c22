// SPDX-License-Identifier: MIT
// What `--list-options` tells programs.
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/cli/options.hpp>

namespace ftpfs::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Row {
  std::string value;
  std::string help;
};

std::map<std::string, Row> rows() {
  std::map<std::string, Row> found;
  std::istringstream text(option_list_text());
  for (std::string line; std::getline(text, line);) {
    std::istringstream columns(line);
    std::string name;
    Row row;
    EXPECT_TRUE(std::getline(columns, name, '\t') && std::getline(columns, row.value, '\t') &&
                std::getline(columns, row.help))
        << line;
    EXPECT_THAT(row.help, Not(HasSubstr("\t")));
    EXPECT_TRUE(found.emplace(name, row).second) << name;
  }
  return found;
}

TEST(OptionList, HasEachOptionThatIsExplained) {
  std::set<std::string> listed, explained;
  for (const auto& [name, row] : rows()) listed.insert(name);
  for (const Option& option : option_table()) {
    if (!option.help.empty()) explained.emplace(option.name);
  }
  EXPECT_EQ(listed, explained);
}

TEST(OptionList, TellsWhichValueAnOptionTakes) {
  auto list = rows();
  EXPECT_EQ(list["tls"].value, "auto|require|off|implicit");
  EXPECT_EQ(list["log_level"].value, "error|warn|info|debug|trace");
  EXPECT_EQ(list["credentials"].value, "FILE");
  EXPECT_EQ(list["server_cert"].value, "FILE");
  EXPECT_EQ(list["uid"].value, "USER");
  EXPECT_EQ(list["ro"].value, "-");
  EXPECT_EQ(list["user"].value, "-");  // means something without one
}

TEST(OptionList, NamesNoWordThatIsRefused) {
  int words = 0;
  for (const auto& [name, row] : rows()) {
    if (row.value.find('|') == std::string::npos) continue;
    std::istringstream choices(row.value);
    for (std::string word; std::getline(choices, word, '|'); ++words) {
      const std::vector<std::string> arguments{"-o", name + "=" + word, "h:", "/m"};
      EXPECT_NO_THROW(parse_arguments(arguments)) << name << "=" << word;
    }
  }
  EXPECT_GT(words, 20);
}

}  // namespace
}  // namespace ftpfs::cli
