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
