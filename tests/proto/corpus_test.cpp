// SPDX-License-Identifier: MIT
// Every line of the corpus named at configuration time must be read as the corpus says; of the lines whose
// expectation is only inferred, one in twenty may differ.
#include "corpus.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace ftpfs::test {
namespace {

using nlohmann::json;

// "2003-03-18T09:37:00 (mm/dd/yy)", "unix:917883130", fractions and a trailing Z are spellings, not other
// times.
std::string plain_time(std::string text) {
  constexpr std::string_view unix_time = "unix:";
  if (text.starts_with(unix_time)) {
    const std::int64_t seconds = std::stoll(text.substr(unix_time.size()));
    return to_corpus_form(proto::to_date_time({seconds, Precision::second}), false);
  }
  return text.substr(0, text.find_first_of(" .Z"));
}

// What differs, "" if nothing does. A time that the corpus does not give is not compared; all else is.
std::string difference(const json& expected, const json& actual) {
  if (expected.at("type") == "skip") return actual.is_null() ? "" : "an entry: " + actual.dump();
  if (actual.is_null()) return "no entry";
  std::string text;
  for (const char* key : {"name", "type", "size", "link_target", "perm"}) {
    if (expected.at(key) != actual.at(key)) text += std::string(key) + ": " + actual.at(key).dump() + ' ';
  }
  const json& time = expected.at("mtime_hint");
  if (time.is_null()) return text;
  const bool same = actual.at("mtime").is_string() &&
                    plain_time(time.get<std::string>()) == plain_time(actual.at("mtime").get<std::string>());
  return same ? text : text + "mtime: " + actual.at("mtime").dump();
}

TEST(Corpus, IsReadWithoutAMistake) {
  const std::string path = FTPFS_LISTING_CORPUS;
  if (path.empty()) GTEST_SKIP() << "no corpus: configure with -DFTPFS_LISTING_CORPUS=FILE";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::size_t certain = 0;
  std::size_t inferred = 0;
  std::size_t inferred_wrong = 0;
  for (std::string text; std::getline(file, text);) {
    const json object = json::parse(text);
    const json actual = to_corpus_form(read_corpus_line(object), is_mlsd(object));
    const std::string wrong = difference(object.at("expect"), actual);
    if (object.value("expect_inferred", false)) {
      ++inferred;
      inferred_wrong += wrong.empty() ? 0 : 1;
    } else {
      ++certain;
      EXPECT_EQ(wrong, "") << object.at("line");
    }
  }
  EXPECT_GT(certain, 0u);
  EXPECT_LE(inferred_wrong * 20, inferred);
}

}  // namespace
}  // namespace ftpfs::test
