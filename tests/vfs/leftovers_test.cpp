// SPDX-License-Identifier: MIT
// What lies in a spool, told without a mount and without a change.
#include <filesystem>
#include <fstream>

#include <ftpfs/vfs/leftovers.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;
using vfs::Leftover;
using LeftState = vfs::Leftover::State;

class LeftoversTest : public VfsTest {
 protected:
  LeftoversTest() { config_.writeback = std::chrono::seconds(1000); }
  vfs::LeftFolder look() { return vfs::look_into(config_.spool_directory, config_.boot_id); }
  // Writes as programs do, and dies.
  void leave(const std::string& path, const std::string& content) {
    client().write_file(path, content);
    crash();
  }
};

TEST_F(LeftoversTest, WhatTheNextMountWouldSend) {
  leave("/dir-less", "content");
  const auto before = names_in_spool();
  const vfs::LeftFolder folder = look();
  EXPECT_FALSE(folder.in_use);
  ASSERT_THAT(folder.files, SizeIs(1));
  const Leftover& file = folder.files[0];
  EXPECT_EQ(file.state, LeftState::unsent);
  EXPECT_EQ(file.source, "joe@server");
  EXPECT_EQ(file.path, "/dir-less");
  EXPECT_EQ(file.size, 7u);
  EXPECT_EQ(file.when, tree().now());
  EXPECT_TRUE(file.complete);
  EXPECT_FALSE(file.append);
  std::ifstream content(file.file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(content), {}), "content");
  EXPECT_EQ(names_in_spool(), before) << "looking changes nothing";
}

TEST_F(LeftoversTest, WhatIsToBeAppended) {
  tree().put_file("/log", "one\n");
  const vfs::Handle handle = client().open("/log", O_WRONLY | O_APPEND);
  client().write(handle, 4, "two\n");
  client().close(handle);
  crash();
  ASSERT_THAT(look().files, SizeIs(1));
  EXPECT_TRUE(look().files[0].append);
  EXPECT_EQ(look().files[0].from, 4u);
}

TEST_F(LeftoversTest, PartsThatWereNeverFetchedAreMissed) {
  tree().put_file("/file", pattern(3 * mib));
  const vfs::Handle handle = client().open("/file", O_WRONLY);
  client().write(handle, mib, "HERE");
  client().close(handle);
  crash();
  ASSERT_THAT(look().files, SizeIs(1));
  EXPECT_FALSE(look().files[0].complete);
  EXPECT_FALSE(look().files[0].append);
}

TEST_F(LeftoversTest, DamagedRecordsAndKeptFiles) {
  leave("/file", "content");
  for (const auto& entry : fs::directory_iterator(config_.spool_directory)) {
    if (entry.path().filename().string().starts_with(".record-"))
      fs::resize_file(entry.path(), fs::file_size(entry.path()) - 1);
  }
  std::ofstream(fs::path(config_.spool_directory) / "kept") << "12345";
  const vfs::LeftFolder folder = look();
  ASSERT_THAT(folder.files, SizeIs(2));
  EXPECT_EQ(folder.files[0].state, LeftState::damaged);
  EXPECT_EQ(folder.files[0].size, 7u);
  EXPECT_EQ(folder.files[1].state, LeftState::kept);
  EXPECT_EQ(folder.files[1].size, 5u);
}

TEST_F(LeftoversTest, AMountThatRunsIsNotDisturbed) {
  client().write_file("/file", "content");
  const vfs::LeftFolder folder = look();
  EXPECT_TRUE(folder.in_use);
  EXPECT_THAT(folder.files, SizeIs(1));
  run(io_, this->VfsWorld::fs().send_all({}));
  EXPECT_THAT(look().files, IsEmpty());
  EXPECT_TRUE(fs::exists(config_.spool_directory));
}

TEST_F(LeftoversTest, NoFolderIsAnError) {
  EXPECT_EQ(errno_of([&] { vfs::look_into(config_.spool_directory + "/nowhere", ""); }), ENOENT);
}

}  // namespace
}  // namespace ftpfs::test
