// SPDX-License-Identifier: MIT
#include "list_table.hpp"

#include <gtest/gtest.h>

#include "corpus.hpp"

namespace ftpfs::test {
namespace {

std::string shown(const nlohmann::json& value) {
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

std::string shown(const std::optional<proto::ListedLine>& line, bool utc) {
  if (!line) return "(none)";
  const auto object = to_corpus_form(line, utc);
  std::string text;
  for (const char* key : {"name", "type", "size", "perm", "mtime"}) text += shown(object[key]) + ' ';
  text.pop_back();
  return line->link_target.empty() ? text : text + " > " + line->link_target;
}

void expect_list_lines(const std::vector<ListCase>& cases) {
  for (const ListCase& test : cases) {
    EXPECT_EQ(shown(proto::parse_list_line(test.line), false), test.expected ? test.expected : "(none)")
        << test.line;
  }
}

}  // namespace ftpfs::test
