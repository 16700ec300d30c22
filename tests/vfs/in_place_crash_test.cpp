// SPDX-License-Identifier: MIT
// A file that is overwritten in place, because the server takes no temporary name beside it, by a mount that
// is killed meanwhile: its old content and the new one are both in the spool before the server loses any.
#include <thread>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class InPlaceCrashTest : public VfsTest {
 protected:
  InPlaceCrashTest() { tree().put_file("/file", old_); }

  // Every temporary name from now on.
  void refuse_temporary_names(std::size_t times = 1) {
    remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), times);
  }
  // Killed when the STOR over the old content has had its effect.
  void kill_in_the_middle() {
    refuse_temporary_names();
    const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
    client().write(handle, 0, new_);
    remote_.on(Op::write).hold();
    auto flush = client().flush_later(handle);
    run_until(io_, [&] { return remote_.on(Op::write).held() == 1; });
    ASSERT_EQ(tree().content("/file"), "");
    flush.interrupt();
    crash();
  }
  // The next mount finds a server that is full: not even what fits takes a file's place.
  void fill_the_server(std::size_t commits) {
    remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), commits);
  }

  const std::string old_ = "old content";
  const std::string new_ = "the new content";
};

TEST_F(InPlaceCrashTest, BothAreInTheSpoolBeforeTheServerLosesAny) {
  kill_in_the_middle();
  EXPECT_THAT(names_in_spool(),
              ElementsAre(StartsWith(".old-"), StartsWith(".record-"), StartsWith(".stage-")));
  EXPECT_THAT(kept_in_spool(), UnorderedElementsAre(old_, new_));
}

TEST_F(InPlaceCrashTest, TheNewContentIsSentByTheNextMount) {
  for (const std::string found : {"", "old con", "old content", "the new", "the new content"}) {
    SCOPED_TRACE(found);
    kill_in_the_middle();
    advance(std::chrono::seconds(100));
    tree().put_file("/file", found);
    remount();
    EXPECT_EQ(tree().content("/file"), new_);
    EXPECT_THAT(tree().names("/"), ElementsAre("file"));
    EXPECT_THAT(names_in_spool(), IsEmpty());
    tree().put_file("/file", old_);
    advance(std::chrono::seconds(100));
  }
}

TEST_F(InPlaceCrashTest, TheOldContentGoesBackWhereTheNewOneIsRefused) {
  for (const std::string found : {"", "old con", "the new"}) {
    SCOPED_TRACE(found);
    kill_in_the_middle();
    tree().put_file("/file", found);
    refuse_temporary_names();
    fill_the_server(1);
    remount();
    run_until(io_, [&] { return tree().content("/file") == old_; });
    run_until(io_, [&] { return !names_in_spool().front().starts_with(".old-"); });
    const vfs::Handle handle = client().open("/file");
    EXPECT_EQ(client().read(handle, 0, 100), new_);  // and is tried again
    client().release(handle);
    for (int second = 0; second < 20; ++second) advance(std::chrono::seconds(1));
    EXPECT_EQ(tree().content("/file"), new_);
    EXPECT_THAT(names_in_spool(), IsEmpty());
    tree().put_file("/file", old_);
    advance(std::chrono::seconds(100));
  }
}

TEST_F(InPlaceCrashTest, MayBeKilledAgainAndAgain) {
  kill_in_the_middle();
  for (const Op op : {Op::settle, Op::stat, Op::open_sink, Op::write}) {
    SCOPED_TRACE(static_cast<int>(op));
    refuse_temporary_names();
    remote_.on(op).hold();
    Pending<void> recovering(io_, fs().recover({}), {});
    for (int i = 0; i < 50 && remote_.on(op).held() == 0;
         ++i) {  // what is brought to the disk takes its time
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      settle(io_);
    }
    crash();
    EXPECT_THAT(kept_in_spool(), UnorderedElementsAre(old_, new_));
  }
  refuse_temporary_names();
  fill_the_server(2);  // nor can the old content be put back
  remount();
  run_until(io_, [&] { return remote_.calls(Op::commit) >= 2; });
  settle(io_);
  EXPECT_THAT(kept_in_spool(), UnorderedElementsAre(old_, new_));
  crash();
  remount();
  run_until(io_, [&] { return tree().content("/file") == new_; });
  settle(io_);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(InPlaceCrashTest, OfAConflictAllThreeAreKept) {
  kill_in_the_middle();
  advance(std::chrono::seconds(100));
  tree().put_file("/file", "theirs");
  remount();
  EXPECT_EQ(tree().content("/file"), "theirs");
  const std::vector<std::string> names = tree().names("/");
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(tree().content("/" + names[1]), new_);
  EXPECT_THAT(names_in_spool(), ElementsAre("file.old"));
  EXPECT_THAT(kept_in_spool(), ElementsAre(old_));
}

TEST_F(InPlaceCrashTest, WithoutItsDirectoryBothAreKeptByName) {
  tree().put_file("/dir/file", old_);
  refuse_temporary_names();
  const vfs::Handle handle = client().open("/dir/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, new_);
  remote_.on(Op::write).hold();
  auto flush = client().flush_later(handle);
  run_until(io_, [&] { return remote_.on(Op::write).held() == 1; });
  flush.interrupt();
  crash();
  tree().remove("/dir");
  remount();
  EXPECT_THAT(names_in_spool(), ElementsAre("file", "file.old"));
}

TEST_F(InPlaceCrashTest, WhatIsDoneLeavesNothing) {
  refuse_temporary_names();
  client().write_file("/file", new_);
  EXPECT_EQ(tree().content("/file"), new_);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
