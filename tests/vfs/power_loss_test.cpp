// SPDX-License-Identifier: MIT
// The machine loses its power: of a folder's names the disk has those of its last fsync, neither what was
// linked nor what was removed since. (The content of a file is taken to be there: it is synced with its
// first record.)
#include <filesystem>
#include <mutex>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// What the disk has of one folder: a second name for each of its files, in a folder beside it.
class Disk {
 public:
  void watch(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    folder_ = folder;
    copy_ = folder + ".on-disk";
    fs::remove_all(copy_);
    syncs_ = 0;
  }
  void unwatch() { watch(""); }
  std::size_t syncs() const { return syncs_; }

  // On the thread that syncs.
  void synced(int file) {
    const std::lock_guard lock(mutex_);
    std::error_code gone;
    if (folder_.empty() || fs::read_symlink("/proc/self/fd/" + std::to_string(file), gone) != folder_) return;
    fs::remove_all(copy_);
    copy_names(folder_, copy_);
    ++syncs_;
  }

  void lose_power() {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : fs::directory_iterator(folder_)) fs::remove(entry.path());
    if (fs::exists(copy_)) copy_names(copy_, folder_);
    fs::remove_all(copy_);
  }

 private:
  static void copy_names(const fs::path& from, const fs::path& to) {
    fs::create_directories(to);
    for (const auto& entry : fs::directory_iterator(from))
      fs::create_hard_link(entry.path(), to / entry.path().filename());
  }

  std::mutex mutex_;
  fs::path folder_;
  fs::path copy_;
  std::size_t syncs_ = 0;
};

Disk& disk() {
  static Disk one;
  return one;
}

class PowerLossTest : public VfsTest {
 protected:
  PowerLossTest() {
    config_.writeback = std::chrono::seconds(10);
    disk().watch(config_.spool_directory);
  }
  ~PowerLossTest() override { disk().unwatch(); }

  void lose_power_and_remount() {
    disk().lose_power();
    crash();
    remount();
    let_it_be_sent();
  }
  void let_it_be_sent() {
    for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  }
};

TEST_F(PowerLossTest, WhatCloseAcknowledgedIsThere) {
  client().write_file("/file", "content");
  EXPECT_GE(disk().syncs(), 1u);
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(PowerLossTest, WhatNobodyWasPromisedIsNot) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  settle(io_);
  advance(std::chrono::seconds(2));
  ASSERT_THAT(names_in_spool(), SizeIs(2));
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(PowerLossTest, WhatWasRemovedBeforeItWasSentStaysRemoved) {
  client().write_file("/file", "content");
  client().unlink("/file");
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(PowerLossTest, WhatWasSentAndRemovedStaysRemoved) {
  client().write_file("/file", "content");
  let_it_be_sent();
  ASSERT_EQ(tree().content("/file"), "content");
  client().unlink("/file");
  lose_power_and_remount();
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(PowerLossTest, WhatWasReplacedDoesNotComeBack) {
  client().write_file("/new", "new content");
  client().write_file("/file", "content");
  client().rename("/new", "/file");
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "new content");
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
}

TEST_F(PowerLossTest, WhatWasSentDoesNotComeOverWhatIsNewer) {
  config_.writeback = {};
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"));
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
  client().flush(handle);  // is sent, and what was noted is forgotten
  client().truncate(handle, client().ino("/file"), 3);
  client().close(handle);
  ASSERT_EQ(tree().content("/file"), "con");  // the beginning of what was noted
  lose_power_and_remount();
  EXPECT_EQ(tree().content("/file"), "con");
}

}  // namespace
}  // namespace ftpfs::test

// In the place of the C library's, for this program.
extern "C" int fsync(int file) {
  const long result = ::syscall(SYS_fsync, file);
  if (result == 0) ftpfs::test::disk().synced(file);
  return static_cast<int>(result);
}
