// SPDX-License-Identifier: MIT
// writeback=SECS: close() waits for this disk only, and what is undone in time never travels.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

class WriteBackTest : public VfsTest {
 protected:
  WriteBackTest() { config_.writeback = std::chrono::seconds(10); }
  // Bringing it to the disk takes a moment of its own.
  void wait_for_spool(std::size_t files) {
    run_until(io_, [&] { return names_in_spool().size() == files && remote_.calls(Op::open_sink) > 0; });
  }
  void let_it_be_sent() {
    for (int second = 0; second < 30; ++second) advance(std::chrono::seconds(1));
  }
};

TEST_F(WriteBackTest, CloseReturnsWhenThisDiskHasIt) {
  client().write_file("/file", "content");
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
  EXPECT_EQ(client().stat("/file").st_size, 7);
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  advance(std::chrono::seconds(9));
  EXPECT_FALSE(tree().exists("/file"));
  advance(std::chrono::seconds(1));
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, SeveralFilesAreSentSideBySide) {
  for (const char* name : {"/a", "/b", "/c"}) client().write_file(name, name);
  remote_.on(Op::commit).hold();
  advance(std::chrono::seconds(10));
  EXPECT_EQ(remote_.live_sinks(), 3u);
  remote_.on(Op::commit).release();
  settle(io_);
  EXPECT_THAT(tree().names("/"), ElementsAre("a", "b", "c"));
}

TEST_F(WriteBackTest, SmallFilesUseAllSessionsAndLargeOnesLeaveOneToOthers) {
  const std::string large(100'000, 'x');
  for (const std::string& content : {std::string("x"), large}) {
    const std::string name = content == large ? "/large" : "/small";
    for (int number = 0; number < 10; ++number) client().write_file(name + std::to_string(number), content);
    remote_.on(Op::commit).hold();
    advance(std::chrono::seconds(10));
    const std::size_t left_alone = content == large ? 1 : 0;
    EXPECT_EQ(remote_.live_sinks(), remote_.sessions() - left_alone);
    EXPECT_EQ(remote_.sinks().back().request.brief, content != large);
    remote_.on(Op::commit).release();
    settle(io_);
  }
  EXPECT_THAT(tree().names("/"), SizeIs(20));
}

// A file's lock on the server may be somebody else's for minutes.
TEST_F(WriteBackTest, WhileASmallFileTakesLongASessionIsLeftToOthers) {
  remote_.on(Op::commit).hold();
  client().write_file("/locked", "x");
  advance(std::chrono::seconds(10));
  EXPECT_EQ(remote_.live_sinks(), 1u);
  for (int number = 0; number < 10; ++number) client().write_file("/f" + std::to_string(number), "x");
  advance(std::chrono::seconds(10));
  EXPECT_EQ(remote_.live_sinks(), remote_.sessions() - 1);
  remote_.on(Op::commit).release();
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), SizeIs(11));
}

TEST_F(WriteBackTest, LargeAndSmallFilesMixedAllArrive) {
  const std::string large(100'000, 'x');
  for (int number = 0; number < 20; ++number)
    client().write_file("/f" + std::to_string(number), number % 2 == 0 ? large : "x");
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), SizeIs(20));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// A listing costs as much as one question about a name that is not there, where the server has no MLST.
TEST_F(WriteBackTest, OneListingTellsThatManyNewNamesAreFree) {
  remote_.set_capabilities({.cheap_stat = false});
  for (int number = 0; number < 10; ++number) client().write_file("/f" + std::to_string(number), "x");
  const std::size_t before = remote_.calls(Op::list);
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), SizeIs(10));
  EXPECT_EQ(remote_.calls(Op::list), before + 1);
  EXPECT_EQ(remote_.calls(Op::stat), 0u);
}

TEST_F(WriteBackTest, ANameThatSomebodyElseHasTakenMeanwhileIsAConflict) {
  for (const bool cheap : {false, true}) {
    remote_.set_capabilities({.cheap_stat = cheap});
    const std::string path = cheap ? "/a" : "/b";
    client().write_file(path, "ours");
    tree().put_file(path, "theirs");
    let_it_be_sent();
    EXPECT_EQ(tree().content(path), "theirs");
    EXPECT_EQ(tree().names("/").size(), cheap ? 4u : 2u);
  }
}

TEST_F(WriteBackTest, WhatIsRemovedInTimeNeverTravels) {
  client().write_file("/file", "content");
  client().unlink("/file");
  let_it_be_sent();
  EXPECT_THAT(remote_.sinks(), IsEmpty());
  EXPECT_EQ(remote_.calls(Op::remove_file), 0u);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, WhatIsRenamedInTimeTravelsUnderItsLastNameOnly) {
  tree().put_file("/final", "old");
  client().write_file("/.final.swp", "new content");
  client().rename("/.final.swp", "/final");
  EXPECT_EQ(client().read_file("/final"), "new content");
  EXPECT_THAT(client().names("/"), ElementsAre("final"));
  EXPECT_EQ(tree().content("/final"), "old");
  let_it_be_sent();
  EXPECT_EQ(tree().content("/final"), "new content");
  EXPECT_THAT(tree().names("/"), ElementsAre("final"));
  for (const auto& sink : remote_.sinks()) EXPECT_THAT(sink.path.str(), StartsWith("/.final.ftpfs-"));
}

TEST_F(WriteBackTest, WhatWasClosedOrRenamedSurvivesACrash) {
  tree().put_file("/b", "old");
  client().write_file("/a", "one");
  client().write_file("/new", "two");
  client().rename("/new", "/b");
  client().write_file("/gone", "three");
  client().unlink("/gone");
  crash();
  EXPECT_THAT(tree().names("/"), ElementsAre("b"));
  remount();
  EXPECT_EQ(client().read_file("/b"), "two");
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), ElementsAre("a", "b"));
  EXPECT_EQ(tree().content("/a"), "one");
  EXPECT_EQ(tree().content("/b"), "two");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, AFailureIsToldOnceToTheNextOneWhoWrites) {
  client().write_file("/file", "content");
  settle(io_);
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
  advance(std::chrono::seconds(10));
  wait_for_spool(1);
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  remote_.recover();
  tree().put_file("/file", "theirs");
  const vfs::Ino ino = client().ino("/file");
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().open(ino, O_RDONLY, {})); }), 0);
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().open(ino, O_WRONLY, {})); }), EACCES);
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().open(ino, O_WRONLY, {})); }), 0);
}

TEST_F(WriteBackTest, AFailureIsToldByTheNextFsync) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  client().flush(handle);
  settle(io_);
  remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "552"), 1);
  advance(std::chrono::seconds(10));
  wait_for_spool(2);
  settle(io_);
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ENOSPC);
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), 0);
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  client().close(handle);
}

TEST_F(WriteBackTest, WhatNobodyHeardOfIsToldAtTheEnd) {
  client().write_file("/file", "content");
  settle(io_);
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
  advance(std::chrono::seconds(10));
  wait_for_spool(1);
  EXPECT_THAT(test::run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60))), ElementsAre("/file"));
}

TEST_F(WriteBackTest, AServerThatIsAwayIsWaitedFor) {
  remote_.on(Op::stat).fail_next(ConnectionLost(EIO, "gone"), 3);
  tree().put_file("/file", "old");
  client().opendir("/");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "new");
  client().close(handle);
  for (int round = 0; round < 20; ++round) let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "new");
}

TEST_F(WriteBackTest, OfAConflictBothVersionsAreKept) {
  tree().put_file("/file", "old");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "ours");
  client().flush(handle);
  tree().put_file("/file", "theirs");
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "theirs");
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ESTALE);
  client().release(handle);
  const auto names = client().names("/");
  ASSERT_THAT(names, ElementsAre("file", StartsWith("file.ftpfs-conflict-")));
  EXPECT_EQ(tree().content("/" + names[1]), "ours");
  EXPECT_EQ(client().read_file("/file"), "theirs");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, UnmountingKeepsBothVersionsOfAConflictToo) {
  tree().put_file("/known", "old");
  client().write_file("/known", "ours");
  client().write_file("/new", "ours");
  tree().put_file("/known", "theirs");
  tree().put_file("/new", "theirs");
  EXPECT_THAT(test::run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60))), IsEmpty());
  const auto names = tree().names("/");
  ASSERT_THAT(names, ElementsAre("known", StartsWith("known.ftpfs-conflict-"), "new",
                                 StartsWith("new.ftpfs-conflict-")));
  EXPECT_EQ(tree().content("/known"), "theirs");
  EXPECT_EQ(tree().content("/new"), "theirs");
  EXPECT_EQ(tree().content("/" + names[1]), "ours");
  EXPECT_EQ(tree().content("/" + names[3]), "ours");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, ARenameKeepsBothVersionsOfAConflictAndTellsIt) {
  tree().put_file("/file", "old");
  client().write_file("/file", "ours");
  tree().put_file("/file", "theirs");
  EXPECT_EQ(errno_of([&] { client().rename("/file", "/other"); }), ESTALE);
  let_it_be_sent();
  const auto names = tree().names("/");
  ASSERT_THAT(names, ElementsAre("file", StartsWith("file.ftpfs-conflict-")));
  EXPECT_EQ(tree().content("/file"), "theirs");
  EXPECT_EQ(tree().content("/" + names[1]), "ours");
}

// Others have removed it on the server, and a listing has told so.
TEST_F(WriteBackTest, WhatWaitsIsThereWhateverTheServerSaysOfItsName) {
  for (const bool is_new : {false, true}) {
    SCOPED_TRACE(is_new);
    if (!is_new) tree().put_file("/file", "old");
    client().write_file("/file", "ours");
    if (!is_new) tree().remove("/file");
    fs().drop_caches();
    EXPECT_THAT(client().names("/"), ElementsAre("file"));
    EXPECT_TRUE(client().exists("/file"));
    EXPECT_EQ(errno_of([&] { client().create("/file", O_RDWR | O_CREAT | O_EXCL); }), EEXIST);
    EXPECT_EQ(errno_of([&] { client().mkdir("/file"); }), EEXIST);
    const vfs::Handle handle = client().create("/file", O_WRONLY | O_CREAT | O_APPEND);
    client().write(handle, 4, " and more");
    client().close(handle);
    let_it_be_sent();
    EXPECT_EQ(tree().content("/file"), "ours and more");
    client().unlink("/file");
  }
}

TEST_F(WriteBackTest, WhatOthersHaveRemovedAndThenWeDoesNotComeBack) {
  tree().put_file("/file", "old");
  client().write_file("/file", "ours");
  tree().remove("/file");
  client().unlink("/file");
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), IsEmpty());
  EXPECT_THAT(client().names("/"), IsEmpty());
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, NorWhileSomebodyHasItOpen) {
  tree().put_file("/file", pattern(mib));
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "ours");
  client().flush(handle);
  tree().remove("/file");
  client().unlink("/file");
  EXPECT_EQ(client().read(handle, 0, 4), "ours");
  client().release(handle);
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), IsEmpty());
  EXPECT_THAT(client().names("/"), IsEmpty());
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, WhatOthersHaveRemovedCanBeReplacedWhileSomebodyHasItOpen) {
  tree().put_file("/file", pattern(mib));
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "ours");
  client().flush(handle);
  tree().remove("/file");
  client().write_file("/other", "newer");
  client().rename("/other", "/file");
  EXPECT_EQ(client().read(handle, 0, 4), "ours");
  client().release(handle);
  let_it_be_sent();
  EXPECT_THAT(tree().names("/"), ElementsAre("file"));
  EXPECT_EQ(tree().content("/file"), "newer");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, ADirectoryWithAFileThatWaitsIsNotEmpty) {
  tree().put_file("/dir/file", "old");
  client().write_file("/dir/file", "ours");
  tree().remove("/dir/file");
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir"); }), ENOTEMPTY);
  let_it_be_sent();
  EXPECT_EQ(tree().content("/dir/file"), "ours");
}

TEST_F(WriteBackTest, EachWhoWritesHearsOfARefusal) {
  const vfs::Handle first = client().create("/file");
  const vfs::Handle second = client().open("/file", O_WRONLY);
  client().write(first, 0, "con");
  client().write(second, 3, "tent");
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 10);
  client().flush(first);
  client().flush(second);
  advance(config_.writeback);
  run_until(io_, [&] { return fs().status().refused.size() == 1; });
  EXPECT_EQ(errno_of([&] { client().flush(first); }), EACCES);
  EXPECT_EQ(errno_of([&] { client().flush(second); }), EACCES);
  client().close(first);
  client().close(second);
}

TEST_F(WriteBackTest, UnmountingSendsWhatIsLeft) {
  client().write_file("/file", "content");
  EXPECT_THAT(test::run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60))), IsEmpty());
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(WriteBackTest, AnAppendIsSentAsOne) {
  tree().put_file("/log", "one\n");
  const vfs::Handle handle = client().open("/log", O_WRONLY | O_APPEND);
  client().write(handle, 0, "two\n");
  client().close(handle);
  EXPECT_EQ(tree().content("/log"), "one\n");
  let_it_be_sent();
  EXPECT_EQ(tree().content("/log"), "one\ntwo\n");
  EXPECT_EQ(remote_.sinks().back().request.mode, SinkRequest::Mode::append);
}

}  // namespace
}  // namespace ftpfs::test
