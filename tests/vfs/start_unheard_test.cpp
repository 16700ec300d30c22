// SPDX-License-Identifier: MIT
// A new file in a directory that took another one just before: its STOR goes out when create() has returned.
// Whatever happens to it and to the file meanwhile, close() tells the truth and nothing is lost.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class StartUnheardTest : public VfsTest {
 protected:
  StartUnheardTest() {
    tree().put_directory("/d");
    remote_.set_spare(3);
  }
  // Made, but for its STOR, which waits until the test lets it go.
  vfs::Handle create_held() {
    client().write_file("/d/first", "first");
    remote_.on(Op::open_sink).hold();
    const vfs::Handle handle = client().create("/d/new");
    settle(io_);
    EXPECT_EQ(remote_.on(Op::open_sink).held(), 1u);
    client().write(handle, 0, "content");
    return handle;
  }
  void let_go() {
    remote_.on(Op::open_sink).release();
    settle(io_);
  }
};

TEST_F(StartUnheardTest, CloseWaitsForItAndTakesItUp) {
  const vfs::Handle handle = create_held();
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  EXPECT_EQ(client().stat("/d/new").st_size, 7);
  auto flush = client().flush_later(handle);
  EXPECT_FALSE(flush.done());
  const std::size_t uploads = remote_.calls(Op::open_sink);
  let_go();
  EXPECT_EQ(flush.code(), 0);
  EXPECT_EQ(tree().content("/d/new"), "content");
  EXPECT_EQ(remote_.calls(Op::open_sink), uploads) << "one STOR, not two";
  client().release(handle);
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(StartUnheardTest, WhatGoesWrongWithItCloseDoesAgain) {
  client().write_file("/d/first", "first");
  for (const When when : {When::before_effect, When::after_effect}) {
    remote_.on(Op::open_sink).fail_next(ConnectionLost(EIO, "gone"), 1, when);
    const vfs::Handle handle = client().create("/d/new");
    settle(io_);
    client().write(handle, 0, "content");
    client().close(handle);
    EXPECT_EQ(tree().content("/d/new"), "content");
    EXPECT_THAT(tree().names("/d"), ElementsAre("first", "new"));
    client().unlink("/d/new");
    client().write_file("/d/first", "first");
  }
}

TEST_F(StartUnheardTest, TheNextOneWaitsForTheServersYesThen) {
  client().write_file("/d/first", "first");
  remote_.on(Op::open_sink).fail_next(ConnectionLost(EIO, "gone"));
  const vfs::Handle handle = client().create("/d/new");
  settle(io_);
  client().create("/d/next");
  EXPECT_FALSE(remote_.sinks().back().request.unheard);
  client().close(handle);
}

TEST_F(StartUnheardTest, WhatFailsForGoodIsToldByClose) {
  client().write_file("/d/first", "first");
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "no"), 2);
  const vfs::Handle handle = client().create("/d/new");
  settle(io_);
  client().write(handle, 0, "content");
  EXPECT_EQ(client().flush_later(handle).code(), EACCES);
  client().release(handle);
  EXPECT_THAT(tree().names("/d"), ElementsAre("first"));
  EXPECT_THAT(kept_in_spool(), ElementsAre("content"));
}

TEST_F(StartUnheardTest, AFileThatIsRemovedMeanwhileLeavesNothing) {
  const vfs::Handle handle = create_held();
  client().unlink("/d/new");
  let_go();
  client().close(handle);
  EXPECT_THAT(tree().names("/d"), ElementsAre("first"));
  EXPECT_THAT(client().names("/d"), ElementsAre("first"));
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// Its STOR had an effect, and nobody heard of it.
TEST_F(StartUnheardTest, NorDoesOneThatIsRemovedAfterALostStor) {
  client().write_file("/d/first", "first");
  remote_.on(Op::open_sink).fail_next(ConnectionLost(EIO, "gone"), 1, When::after_effect);
  const vfs::Handle handle = client().create("/d/new");
  settle(io_);
  EXPECT_TRUE(tree().exists("/d/new"));
  client().unlink("/d/new");
  client().close(handle);
  EXPECT_THAT(tree().names("/d"), ElementsAre("first"));
}

TEST_F(StartUnheardTest, AFileThatIsRenamedMeanwhileArrivesUnderItsNewName) {
  const vfs::Handle handle = create_held();
  auto rename = client().rename_later("/d/new", "/d/renamed");
  let_go();
  EXPECT_EQ(rename.code(), 0);
  client().close(handle);
  EXPECT_EQ(tree().content("/d/renamed"), "content");
  EXPECT_THAT(tree().names("/d"), ElementsAre("first", "renamed"));
}

TEST_F(StartUnheardTest, WhatIsTruncatedMeanwhileArrivesAsItIs) {
  const vfs::Handle handle = create_held();
  client().truncate("/d/new", 3);
  let_go();
  client().close(handle);
  EXPECT_EQ(tree().content("/d/new"), "con");
}

TEST_F(StartUnheardTest, WhatNobodyFlushesIsSentAllTheSame) {
  const vfs::Handle handle = create_held();
  client().release(handle);
  let_go();
  EXPECT_EQ(tree().content("/d/new"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(StartUnheardTest, TheEndOfTheMountWaitsForIt) {
  create_held();
  std::stop_source unused;
  const Clock::time_point deadline = clock_.now() + std::chrono::seconds(60);
  Pending<std::vector<std::string>> end(io_, fs().shutdown(deadline), unused);
  EXPECT_FALSE(end.done());
  let_go();
  EXPECT_THAT(end.get(), IsEmpty());
  EXPECT_EQ(tree().content("/d/new"), "content");
}

TEST_F(StartUnheardTest, WhatCannotBeSentByTheEndIsLeftToTheNextMount) {
  create_held();
  std::stop_source unused;
  const Clock::time_point deadline = clock_.now() + std::chrono::seconds(60);
  Pending<std::vector<std::string>> end(io_, fs().shutdown(deadline), unused);
  advance(std::chrono::seconds(61));
  EXPECT_THAT(end.get(), ElementsAre("/d/new"));
  remote_.recover();
  unmount();
  remount();
  EXPECT_EQ(tree().content("/d/new"), "content");
}

// The journal has the file after a second, and from close() on it is to be sent.
TEST_F(StartUnheardTest, AfterAKillTheNextMountSendsWhatWasBeingClosed) {
  for (const bool noted_before : {true, false}) {
    const vfs::Handle handle = create_held();
    const auto let_it_be_noted = [&] {
      for (int second = 0; second < 3; ++second) advance(std::chrono::seconds(1));
    };
    if (noted_before) let_it_be_noted();
    auto flush = client().flush_later(handle);
    if (!noted_before) let_it_be_noted();
    EXPECT_FALSE(flush.done());
    crash();
    remount();
    EXPECT_EQ(tree().content("/d/new"), "content");
    client().unlink("/d/new");
  }
}

}  // namespace
}  // namespace ftpfs::test
