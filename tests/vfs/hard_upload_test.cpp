// SPDX-License-Identifier: MIT
// hard: a program that saves is not told that the lines keep dying, its file goes on when one lives.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;

class HardUpload : public VfsTest {
 protected:
  static constexpr std::size_t tries = 5;  // without a pause

  HardUpload() {
    config_.line_may_die = tries - 1;
    config_.hard = true;
    tree().put_file("/file", "old");
  }

  Pending<void> save(vfs::Handle handle, std::string_view content) {
    client().write(handle, 0, content);
    return client().flush_later(handle);
  }
  void break_lines(std::size_t times) {
    remote_.fail_sinks_after(0, ConnectionLost(ETIMEDOUT, "silence"), times);
  }
};

TEST_F(HardUpload, OutlivesAnyNumberOfLines) {
  for (const char* path : {"/file", "/new"}) {
    const vfs::Handle handle =
        path == std::string("/new") ? client().create(path) : client().open(path, O_RDWR);
    break_lines(20);
    auto saving = save(handle, "content");
    for (int minutes = 0; minutes < 20 && !saving.done(); ++minutes) advance(std::chrono::minutes(1));
    ASSERT_TRUE(saving.done());
    EXPECT_EQ(saving.code(), 0);
    EXPECT_EQ(tree().content(path), "content");
    client().release(handle);
  }
}

TEST_F(HardUpload, DoesNotAskForLinesWithoutAPause) {
  break_lines(1000);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  auto saving = save(handle, "new");
  EXPECT_EQ(remote_.sinks().size(), tries);
  for (const int pause : {1, 2, 4, 8, 16, 32, 32}) {
    const std::size_t before = remote_.sinks().size();
    advance(seconds(pause) - std::chrono::milliseconds(1));
    EXPECT_EQ(remote_.sinks().size(), before);
    advance(std::chrono::milliseconds(1));
    EXPECT_EQ(remote_.sinks().size(), before + 1) << pause;
  }
  EXPECT_FALSE(saving.done());
  remote_.recover();
  advance(seconds(32));
  EXPECT_EQ(saving.code(), 0);
  EXPECT_EQ(tree().content("/file"), "new");
  client().release(handle);
}

TEST_F(HardUpload, IsLeftToCloseWhereItsLineDiesWhenTheFileIsMade) {
  remote_.on(Op::open_sink).fail_next(ConnectionLost(EIO, "cut"));
  client().write_file("/new", "content");
  EXPECT_EQ(remote_.calls(Op::open_sink), 2u);
  EXPECT_EQ(tree().content("/new"), "content");
}

// Its STOR may have had an effect that nobody heard of.
TEST_F(HardUpload, WhatIsRemovedBeforeItIsSentLeavesNothing) {
  remote_.on(Op::open_sink).fail_next(ConnectionLost(EIO, "gone"), 1, When::after_effect);
  const vfs::Handle handle = client().create("/new");
  EXPECT_TRUE(tree().exists("/new"));
  client().unlink("/new");
  client().close(handle);
  EXPECT_FALSE(tree().exists("/new"));
}

TEST_F(HardUpload, EndsWithTheFile) {
  break_lines(1000);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  auto saving = save(handle, "new");
  client().unlink("/file");
  EXPECT_TRUE(saving.done());
  EXPECT_FALSE(tree().exists("/file"));
  client().release(handle);
}

TEST_F(HardUpload, EndsWithTheMountAndIsLeftBehind) {
  break_lines(1000);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  auto saving = save(handle, "new");
  EXPECT_FALSE(saving.done());
  std::stop_source unused;
  Pending<std::vector<std::string>> shutdown(io_, fs().shutdown(clock_.now() + seconds(10)), unused);
  EXPECT_FALSE(shutdown.done());
  advance(seconds(10));
  EXPECT_THAT(shutdown.get(), testing::ElementsAre("/file"));
  EXPECT_EQ(tree().content("/file"), "old");
}

TEST_F(HardUpload, WhatTheServerSaysIsFinal) {
  remote_.fail_sinks_after(0, Error(ENOSPC, "disk full"), 1000);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  auto saving = save(handle, "new");
  EXPECT_EQ(saving.code(), ENOSPC);
  EXPECT_EQ(tree().content("/file"), "old");
  client().release(handle);
}

}  // namespace
}  // namespace ftpfs::test
