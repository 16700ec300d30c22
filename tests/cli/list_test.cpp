// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ftpfs/cli/list.hpp>

namespace ftpfs::cli {
namespace {

using State = ListedMount::State;

std::vector<ListedMount> some_mounts() {
  return {{"/mnt/nas", "joe@nas:", "joe", State::alive, 2, 3072, 1},
          {"/mnt/x", "a@host:/very/long", "root", State::silent},
          {"/mnt/\x1b[2J", "b@h:", "joe", State::dead}};
}

TEST(ListText, HasALineEachInColumns) {
  EXPECT_EQ(list_text(some_mounts(), Paint()),
            "/mnt/nas      joe@nas:           joe   alive, 2 files (3.0 KiB) to be sent, 1 error\n"
            "/mnt/x        a@host:/very/long  root  not answering\n"
            "/mnt/\\x1B[2J  b@h:               joe   dead\n");
  EXPECT_EQ(list_text({}, Paint()), "");
}

// Anybody may mount something that calls itself fuse.ftpfs.
TEST(ListedMount, IsNoneOfOursWhereItsAnswerMakesNoSense) {
  const fuse::MountEntry mount{"0:52", "fuse.ftpfs", "/mnt/x", "joe@x:", "rw,user_id=0"};
  const auto answered = [](std::string text) { return Heard{Heard::What::answer, 0, std::move(text)}; };
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& text : {std::string(), std::string("<html>"), deep})
    EXPECT_EQ(listed(mount, answered(text)).state, State::older) << text.substr(0, 10);
  for (const char* text : {"[]", "5", R"({"queue": 5, "errors": "no"})", R"({"queue": {"files": "two"}})"}) {
    const ListedMount found = listed(mount, answered(text));
    EXPECT_EQ(found.state, State::alive) << text;
    EXPECT_EQ(found.unsent_files + found.unsent_bytes + found.errors, 0u) << text;
  }
  EXPECT_EQ(listed(mount, answered(R"({"queue": {"files": 2}, "errors": [{}]})")).unsent_files, 2u);
}

TEST(ListJson, TellsNumbersOnlyWhereTheyAreKnown) {
  const auto all = nlohmann::json::parse(list_json(some_mounts()));
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["unsent_bytes"], 3072);
  EXPECT_EQ(all[0]["state"], "alive");
  EXPECT_EQ(all[1]["state"], "not answering");
  EXPECT_FALSE(all[1].contains("unsent_files"));
}

}  // namespace
}  // namespace ftpfs::cli
