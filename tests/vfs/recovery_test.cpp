// SPDX-License-Identifier: MIT
// What the next mount does with what one that was killed has left.
#include <filesystem>
#include <fstream>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class RecoveryTest : public VfsTest {
 protected:
  // Written, and close() has told that the server does not take it now.
  void write_unsent(const std::string& path, std::string_view content) {
    remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
    remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "552"), 100);
    const bool exists = client().exists(path);
    const vfs::Handle handle = exists ? client().open(path, O_WRONLY | O_TRUNC) : create_unsent(path);
    client().write(handle, 0, content);
    EXPECT_EQ(errno_of([&] { client().close(handle); }), ENOSPC);
    recovered_server();
  }
  // Overwrites `size` bytes or, at the end, appends them.
  void change_unsent(const std::string& path, std::uint64_t offset, std::string_view bytes) {
    remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
    const vfs::Handle handle = client().open(path, O_WRONLY);
    client().write(handle, offset, bytes);
    EXPECT_NE(errno_of([&] { client().close(handle); }), 0);
    recovered_server();
  }
  // No temporary file of the attempt that failed stays: its removal has happened.
  void recovered_server() {
    settle(io_);
    remote_.recover();
  }
  std::vector<std::string> server() { return tree().names("/"); }
  std::vector<fs::path> spool_files(std::string_view beginning) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(config_.spool_directory))
      if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path());
    return found;
  }

 private:
  vfs::Handle create_unsent(const std::string& path) {
    remote_.on(Op::open_sink).fail_no_more();
    return client().create(path);
  }
};

TEST_F(RecoveryTest, WhatCouldNotBeSentIsSentByTheNextMount) {
  write_unsent("/new", "content");
  crash();
  EXPECT_EQ(tree().content("/new"), "content");  // MemoryRemote stored it and said no
  tree().remove("/new");
  remount();
  EXPECT_EQ(client().read_file("/new"), "content");
  EXPECT_EQ(tree().content("/new"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, TheOldContentIsReplacedAsAWhole) {
  tree().put_file("/file", "old content");
  write_unsent("/file", "new");
  crash();
  EXPECT_EQ(tree().content("/file"), "old content");
  remount();
  EXPECT_EQ(tree().content("/file"), "new");
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, PartsThatWereNeverFetchedAreFetchedThen) {
  const std::string content = pattern(3 * mib);
  tree().put_file("/file", content);
  remote_.on(Op::open_source).fail_next(Error(ETIMEDOUT, "gone"), 100);
  change_unsent("/file", mib, "HERE");
  crash();
  remount();
  std::string wanted = content;
  wanted.replace(mib, 4, "HERE");
  EXPECT_TRUE(tree().content("/file") == wanted);
}

TEST_F(RecoveryTest, WhileItIsSentTheMountShowsIt) {
  tree().put_file("/dir/file", "old");
  write_unsent("/dir/file", "newer");
  crash();
  remote_.on(Op::open_sink).hold();
  remount();
  const vfs::Handle handle = client().open("/dir/file");
  EXPECT_EQ(client().read(handle, 0, 100), "newer");
  client().release(handle);
  EXPECT_EQ(client().stat("/dir/file").st_size, 5);
  EXPECT_EQ(tree().content("/dir/file"), "old");
  remote_.on(Op::open_sink).release();
  settle(io_);
  EXPECT_EQ(tree().content("/dir/file"), "newer");
}

TEST_F(RecoveryTest, WhatNobodyWasToldAboutIsKeptByName) {
  tree().put_file("/file", "old");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "half of the n");
  settle(io_);
  advance(std::chrono::seconds(2));
  client().write(handle, 13, "ew");
  crash();
  remount();
  EXPECT_EQ(tree().content("/file"), "old");
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("half of the new"));
  crash();
  remount();
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
}

TEST_F(RecoveryTest, OfAConflictBothVersionsAreKept) {
  tree().put_file("/file", "old");
  write_unsent("/file", "ours");
  crash();
  advance(std::chrono::seconds(100));
  tree().put_file("/file", "theirs");
  remount();
  EXPECT_EQ(tree().content("/file"), "theirs");
  ASSERT_THAT(server(), SizeIs(2));
  EXPECT_EQ(tree().content("/file.ftpfs-conflict-20231114-221500"), "ours")
      << testing::PrintToString(server());
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, AFileOfTheSameNameThatAppearedMeanwhileIsAConflict) {
  write_unsent("/file", "ours");
  crash();
  tree().put_file("/file", "them");
  remount();
  EXPECT_EQ(tree().content("/file"), "them");
  EXPECT_THAT(server(), SizeIs(2));
}

TEST_F(RecoveryTest, AConflictWithPartsThatNobodyHasIsKeptByName) {
  tree().put_file("/file", pattern(mib));
  remote_.on(Op::open_source).fail_next(Error(ETIMEDOUT, "gone"), 100);
  change_unsent("/file", 10, "ours");
  crash();
  tree().put_file("/file", "theirs");
  remount();
  EXPECT_EQ(tree().content("/file"), "theirs");
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  EXPECT_EQ(kept_in_spool()[0].substr(10, 4), "ours");
}

TEST_F(RecoveryTest, WhatIsRemovedThereIsStoredAnew) {
  tree().put_file("/file", "old");
  write_unsent("/file", "ours");
  crash();
  tree().remove("/file");
  remount();
  EXPECT_EQ(tree().content("/file"), "ours");
}

TEST_F(RecoveryTest, WhatTheServerHasIsNotSentAgain) {
  tree().put_file("/file", "old");
  write_unsent("/file", "ours");
  crash();
  advance(std::chrono::seconds(100));
  tree().put_file("/file", "ours");
  const std::size_t sinks = remote_.sinks().size();
  remount();
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_THAT(remote_.sinks(), SizeIs(sinks));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, RemainsOfOurOwnUploadAreOverwritten) {
  write_unsent("/file", "whole content");
  crash();
  tree().put_file("/file", "whole");
  remount();
  EXPECT_EQ(tree().content("/file"), "whole content");
  EXPECT_THAT(server(), ElementsAre("file"));
}

class RecoveredAppend : public RecoveryTest {
 protected:
  void SetUp() override {
    tree().put_file("/log", "one\n");
    change_unsent("/log", 4, "two\nthree\n");
    tree().put_file("/log", "one\n");  // MemoryRemote stored it and said no
    crash();
    advance(std::chrono::seconds(100));
  }
  std::string after(const std::string& found) {
    tree().put_file("/log", found);
    remount();
    EXPECT_THAT(spool_files(".record"), IsEmpty());
    return tree().content("/log").value_or("(none)");
  }
};

TEST_F(RecoveredAppend, SendsNoByteTwice) {
  EXPECT_EQ(after("one\ntwo\nthree\n"), "one\ntwo\nthree\n");
  EXPECT_THAT(server(), ElementsAre("log"));
}
TEST_F(RecoveredAppend, SendsTheRestOfWhatIsThereInPart) {
  EXPECT_EQ(after("one\ntwo\nth"), "one\ntwo\nthree\n");
  EXPECT_EQ(remote_.sinks().back().request.mode, SinkRequest::Mode::append);
}
TEST_F(RecoveredAppend, LeavesAloneWhatOthersAppendedAfterIt) {
  EXPECT_EQ(after("one\ntwo\nthree\nfour\n"), "one\ntwo\nthree\nfour\n");
  EXPECT_THAT(server(), ElementsAre("log"));
}
TEST_F(RecoveredAppend, IsStoredBesideWhatOthersAppendedInstead) {
  EXPECT_EQ(after("one\nTWO\n"), "one\nTWO\n");
  ASSERT_THAT(server(), SizeIs(2));
  EXPECT_EQ(tree().content("/" + server()[1]), "two\nthree\n");
}
TEST_F(RecoveredAppend, IsStoredBesideAShorterFile) {
  EXPECT_EQ(after("x"), "x");
  ASSERT_THAT(server(), SizeIs(2));
  EXPECT_EQ(tree().content("/" + server()[1]), "two\nthree\n");
}

TEST_F(RecoveryTest, AnAppendGoesToTheFileAsItWas) {
  tree().put_file("/log", "one\n");
  remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "552"), 100);
  change_unsent("/log", 4, "two\n");
  crash();
  remount();
  EXPECT_EQ(tree().content("/log"), "one\ntwo\n");
  EXPECT_EQ(remote_.sinks().back().request.mode, SinkRequest::Mode::append);
  EXPECT_EQ(remote_.sources().size(), 0u);
}

TEST_F(RecoveryTest, ADamagedRecordIsSetAsideAndTheOthersServe) {
  write_unsent("/a", "content of a");
  write_unsent("/b", "content of b");
  crash();
  tree().remove("/a");
  tree().remove("/b");
  const auto records = spool_files(".record");
  ASSERT_THAT(records, SizeIs(2));
  for (const auto& record : records) {
    std::fstream file(record, std::ios::in | std::ios::out | std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.find("path /a\n") == text.npos) continue;
    file.seekp(static_cast<std::streamoff>(text.find("path /a\n") + 6));
    file.put('z');
  }
  remount();
  EXPECT_THAT(server(), ElementsAre("b"));
  EXPECT_EQ(tree().content("/b"), "content of b");
  EXPECT_THAT(spool_files("damaged.record"), SizeIs(1));
  EXPECT_THAT(spool_files("unknown-"), SizeIs(1));
  EXPECT_THAT(kept_in_spool(), Contains("content of a"));
  EXPECT_THAT(spool_files("."), IsEmpty());
}

TEST_F(RecoveryTest, AStageThatLostBytesIsKeptNotSent) {
  tree().put_file("/file", "old");
  write_unsent("/file", "new content");
  crash();
  fs::resize_file(spool_files(".stage").at(0), 5);
  remount();
  EXPECT_EQ(tree().content("/file"), "old");
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("new c"));
}

TEST_F(RecoveryTest, WhatBelongsToAnotherServerStaysWhereItIs) {
  write_unsent("/file", "content");
  crash();
  tree().remove("/file");
  config_.spool_source = "joe@elsewhere";
  remount();
  EXPECT_THAT(server(), IsEmpty());
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  crash();
  config_.spool_source = "joe@server";
  remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(RecoveryTest, WithoutItsDirectoryItIsKeptByName) {
  tree().put_file("/dir/file", "old");
  write_unsent("/dir/file", "content");
  crash();
  tree().remove("/dir");
  remount();
  EXPECT_THAT(server(), IsEmpty());
  EXPECT_THAT(names_in_spool(), ElementsAre("file"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
}

TEST_F(RecoveryTest, WhileTheServerDoesNotAnswerItAllStays) {
  write_unsent("/file", "content");
  crash();
  tree().remove("/file");
  remote_.on(Op::stat).fail_next(ConnectionLost(EIO, "gone"), 100);
  remount();
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  crash();
  remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(RecoveryTest, AnUnmountInVainLeavesItToTheNextMount) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  const auto unsaved = test::run(io_, fs().shutdown(clock_.now() + std::chrono::seconds(60)));
  EXPECT_THAT(unsaved, ElementsAre("/file"));
  crash();
  tree().remove("/file");
  remount();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, TheTemporaryNameOfAnUploadIsCleanedUp) {
  tree().put_file("/file", "old content");
  write_unsent("/file", "new");
  remote_.on(Op::rename).hold();
  advance(std::chrono::seconds(10));  // tried again
  ASSERT_EQ(remote_.on(Op::rename).held(), 1u);
  crash();
  EXPECT_THAT(server(), UnorderedElementsAre("file", StartsWith(".file.ftpfs-")));
  remount();
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_EQ(tree().content("/file"), "new");
}

// Also not in a listing that was fetched before its removal.
TEST_F(RecoveryTest, ATemporaryNameIsNotShownUntilItIsCleanedUp) {
  tree().put_file("/file", "old content");
  write_unsent("/file", "new");
  remote_.on(Op::rename).hold();
  advance(std::chrono::seconds(10));
  crash();
  ASSERT_THAT(server(), SizeIs(2));
  remote_.on(Op::remove_file).hold();
  remount();
  ASSERT_EQ(remote_.on(Op::remove_file).held(), 1u);
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  remote_.on(Op::remove_file).release();
  settle(io_);
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  EXPECT_THAT(server(), ElementsAre("file"));
}

TEST_F(RecoveryTest, KilledAfterTheServerDidItAndBeforeItWasForgotten) {
  tree().put_file("/file", "old content");
  write_unsent("/file", "new");
  remote_.on(Op::rename).hold(When::after_effect);
  advance(std::chrono::seconds(10));
  ASSERT_EQ(remote_.on(Op::rename).held(), 1u);
  crash();
  ASSERT_EQ(tree().content("/file"), "new");
  ASSERT_THAT(spool_files(".stage"), SizeIs(1));
  remount();
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_EQ(tree().content("/file"), "new");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// What the server had already heard from the mount that was killed, it may do after the next one has come.
TEST_F(RecoveryTest, ALateCommandOfTheKilledMountIsWaitedFor) {
  tree().put_file("/file", "old content");
  write_unsent("/file", "new");
  crash();
  remote_.on(Op::settle).hold();
  const std::size_t calls = remote_.calls();
  Pending<void> recovering(io_, fs().recover({}), {});
  EXPECT_TRUE(remote_.bewares_of_late_commands());
  EXPECT_EQ(remote_.on(Op::settle).held(), 1u);
  EXPECT_EQ(remote_.calls(), calls + 1);  // nothing is looked at yet
  tree().put_file("/file", "ne");         // its STOR in place, cut off
  remote_.on(Op::settle).release();
  settle(io_);
  EXPECT_TRUE(recovering.done());
  EXPECT_EQ(tree().content("/file"), "new");
  EXPECT_THAT(server(), ElementsAre("file"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(RecoveryTest, AMountThatWasKilledWithoutLeavingAnythingIsRememberedByItsFolder) {
  client().write_file("/file", "content");
  crash();
  remount();
  EXPECT_TRUE(remote_.bewares_of_late_commands());
  EXPECT_EQ(remote_.calls(Op::settle), 0u);  // nothing has to be looked at: reading need not wait
}

TEST_F(RecoveryTest, AMountThatEndedWellIsNothingToBewareOf) {
  remount();
  EXPECT_FALSE(remote_.bewares_of_late_commands());
}

// At each kind of call and before as after its effect: whatever was there when the next mount was killed,
// too.
TEST_F(RecoveryTest, MayItselfBeKilledAnywhere) {
  for (const When when : {When::before_effect, When::after_effect}) {
    for (const Op op : {Op::settle, Op::stat, Op::list, Op::open_source, Op::open_sink, Op::write, Op::commit,
                        Op::rename}) {
      SCOPED_TRACE(static_cast<int>(op) * 10 + (when == When::after_effect ? 1 : 0));
      tree().put_file("/replaced", "old content");
      tree().put_file("/log", "one\n");
      tree().remove("/new");
      tree().put_file("/changed", pattern(100'000));
      write_unsent("/replaced", "ours");
      write_unsent("/new", "new one");
      remote_.on(Op::open_sink).fail_next(Error(ENOSPC, "552"), 100);
      change_unsent("/log", 4, "two\n");
      remote_.on(Op::open_source).fail_next(Error(ETIMEDOUT, "gone"), 100);
      change_unsent("/changed", 50'000, "HERE");
      crash();
      ASSERT_THAT(spool_files(".stage"), SizeIs(4));
      for (int kill = 0; kill < 2; ++kill) {
        remote_.on(op).hold(when);
        Pending<void> recovering(io_, fs().recover({}), {});
        crash();
      }
      remount();
      EXPECT_THAT(server(), UnorderedElementsAre("replaced", "log", "new", "changed"));
      EXPECT_EQ(tree().content("/replaced"), "ours");
      EXPECT_EQ(tree().content("/new"), "new one");
      EXPECT_EQ(tree().content("/log"), "one\ntwo\n");
      EXPECT_TRUE(tree().content("/changed") == pattern(100'000).replace(50'000, 4, "HERE"));
      EXPECT_THAT(names_in_spool(), IsEmpty());
      advance(std::chrono::seconds(60));
    }
  }
}

TEST_F(RecoveryTest, TwoMountsEachLeaveTheirs) {
  write_unsent("/a", "of the first");
  vfs::Vfs second(io_.get_executor(), remote_, clock_, make_logger(LogSink::none, spdlog::level::off),
                  config_);
  Client other(io_, second);
  remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
  const vfs::Handle handle = other.create("/b");
  other.write(handle, 0, "of the second");
  EXPECT_EQ(errno_of([&] { other.close(handle); }), ENOSPC);
  EXPECT_TRUE(fs::exists(config_.spool_directory + ".2"));
  crash();
  tree().remove("/a");
  tree().remove("/b");
  remount();
  EXPECT_EQ(tree().content("/a"), "of the first");
  EXPECT_EQ(tree().content("/b"), "of the second");
}

}  // namespace
}  // namespace ftpfs::test
