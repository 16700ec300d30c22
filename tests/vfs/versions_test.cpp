// SPDX-License-Identifier: MIT
// A file that somebody else changes on the server while it is open here: what a program reads is of one
// version, a log that grows can be followed, and nothing is shown before it is known to belong together.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::size_t length = 16 * mib;

class VersionsTest : public VfsTest {
 protected:
  VersionsTest() {
    config_.readahead_bytes = mib;
    config_.listing_ttl = std::chrono::seconds(2);
  }

  vfs::Handle open(std::string content, int flags = O_RDONLY) {
    tree().put_file("/file", std::move(content));
    return client().open("/file", flags);
  }
  // Somebody puts another file under the name, some time later.
  void replace(std::string content) {
    advance(std::chrono::seconds(10));
    tree().put_file("/file", std::move(content));
  }
  // Somebody writes on in the same file.
  void append(std::string_view text) {
    advance(std::chrono::seconds(10));
    const auto node = tree().find(Path("/file"));
    node->content += text;
    node->mtime = tree().now();
  }
  int errno_of_read(vfs::Handle handle, std::size_t offset) {
    return client().read_later(handle, offset, request).code();
  }
  // The kernel asks, and so knows.
  std::size_t size() {
    advance(config_.listing_ttl);
    return static_cast<std::size_t>(client().stat("/file").st_size);
  }

  const std::string old_ = pattern(length, 1);
  const std::string new_ = pattern(length, 2);
};

TEST_F(VersionsTest, AnotherPlaceOfAReplacedFileIsAnErrorNotTheOtherVersion) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  replace(new_);
  EXPECT_EQ(errno_of_read(handle, 12 * mib), EIO);
  EXPECT_EQ(errno_of_read(handle, 4 * mib), EIO);
  client().release(handle);
  EXPECT_EQ(client().read_file("/file"), new_);
}

TEST_F(VersionsTest, WhatOthersHaveReadOfTheFileIsNotJoinedWithAnotherVersion) {
  const vfs::Handle first = open(old_);
  const vfs::Handle second = client().open("/file");  // the kernel may have pages for it from the first
  EXPECT_EQ(client().read(first, 0, request), old_.substr(0, request));
  replace(new_);
  EXPECT_EQ(errno_of_read(second, 8 * mib), EIO);
  client().release(first);
  client().release(second);
}

TEST_F(VersionsTest, AStreamThatHasBegunBringsTheOldVersionToItsEnd) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  replace(new_.substr(0, 5 * mib));
  EXPECT_EQ(size(), 5 * mib);  // known to all but this handle
  for (std::size_t offset = request; offset < length; offset += request) {
    ASSERT_EQ(client().read(handle, offset, request), old_.substr(offset, request)) << offset;
  }
  EXPECT_EQ(client().read(handle, length, request), "");
  EXPECT_THAT(remote_.sources(), SizeIs(1));
  client().release(handle);
}

// The kernel's pages are the file's and not the handle's.
TEST_F(VersionsTest, WhatAnotherHandleReadsAnewIsNotMixedWithTheOldVersion) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  replace(new_);
  const vfs::Handle other = client().open("/file");
  EXPECT_EQ(client().read(other, 0, request), new_.substr(0, request));
  EXPECT_EQ(errno_of_read(handle, request), EIO);
  EXPECT_EQ(client().read(other, request, request), new_.substr(request, request));
}

TEST_F(VersionsTest, WhatHasOnlyBecomeLongerIsReadOnByBoth) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  append("more");
  const vfs::Handle other = client().open("/file");
  EXPECT_EQ(client().read(other, 0, request), old_.substr(0, request));
  EXPECT_EQ(client().read(handle, request, request), old_.substr(request, request));
  EXPECT_EQ(client().read(handle, length, request), "more");
}

TEST_F(VersionsTest, NothingOfAnotherStreamIsShownBeforeTheLook) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  remote_.on(Op::stat).hold();
  auto pending = client().read_later(handle, 12 * mib, request);
  settle(io_);
  EXPECT_FALSE(pending.done());
  EXPECT_EQ(remote_.on(Op::stat).held(), 1u);
  remote_.on(Op::stat).release();
  EXPECT_EQ(text_of(pending.get()), old_.substr(12 * mib, request));
  client().release(handle);
}

TEST_F(VersionsTest, EachFurtherStreamCostsOneLook) {
  const vfs::Handle handle = open(old_);
  const std::size_t before = remote_.calls(Op::stat);
  client().read(handle, 0, request);
  settle(io_);
  EXPECT_EQ(remote_.calls(Op::stat), before);
  for (const std::size_t offset : {12 * mib, 4 * mib, 8 * mib}) client().read(handle, offset, request);
  EXPECT_THAT(remote_.sources(), SizeIs(4));
  EXPECT_EQ(remote_.calls(Op::stat), before + 3);
  client().release(handle);
}

TEST_F(VersionsTest, AStreamThatComesWithALookCostsNoneOfItsOwn) {
  remote_.show_with_streams();
  const vfs::Handle handle = open(old_);
  const std::size_t before = remote_.calls(Op::stat);
  for (const std::size_t offset : {0 * mib, 12 * mib, 4 * mib, 8 * mib})
    ASSERT_EQ(client().read(handle, offset, request), old_.substr(offset, request)) << offset;
  settle(io_);
  EXPECT_THAT(remote_.sources(), SizeIs(4));
  EXPECT_EQ(remote_.calls(Op::stat), before);
  replace(new_);
  EXPECT_EQ(errno_of_read(handle, 15 * mib), EIO);
  EXPECT_EQ(errno_of_read(handle, 6 * mib), EIO);
  client().release(handle);
  EXPECT_EQ(client().read_file("/file"), new_);
}

// What an earlier stream has brought waits for a look of its own.
TEST_F(VersionsTest, ALookThatComesWithALaterStreamProvesNoEarlierOne) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  remote_.on(Op::stat).hold();
  remote_.fail_sources_after(kib, ConnectionLost(EIO, "cut"));
  auto pending = client().read_later(handle, 12 * mib, request);
  remote_.show_with_streams();
  settle(io_);
  EXPECT_FALSE(pending.done());
  remote_.on(Op::stat).release();
  EXPECT_EQ(text_of(pending.get()), old_.substr(12 * mib, request));
  client().release(handle);
}

TEST_F(VersionsTest, ALookThatFailsIsAnErrorAndTriedAgain) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  remote_.on(Op::stat).fail_next(ConnectionLost(ETIMEDOUT, "silence"));
  EXPECT_EQ(errno_of_read(handle, 12 * mib), ETIMEDOUT);
  EXPECT_EQ(client().read(handle, 12 * mib, request), old_.substr(12 * mib, request));
  client().release(handle);
}

TEST_F(VersionsTest, ASessionOfItsOwnIsNotNeededForTheLook) {
  remote_.set_sessions(1);
  const vfs::Handle handle = open(old_);
  for (const std::size_t offset : {0 * mib, 12 * mib, 4 * mib}) {
    for (std::size_t step = 0; step < 3 * mib; step += request) {
      const std::size_t at = offset + step;
      ASSERT_EQ(client().read(handle, at, request), old_.substr(at, request)) << at;
    }
  }
  client().release(handle);
}

TEST_F(VersionsTest, AfterACutTheOldVersionIsReadOnOrNone) {
  remote_.set_piece(10'000);
  for (const bool replaced : {false, true}) {
    const vfs::Handle handle = open(old_);
    client().read(handle, 0, request);
    remote_.revoke_streams();
    if (replaced) replace(new_);
    settle(io_);
    const std::size_t elsewhere = replaced ? 6 * mib : 2 * mib;
    auto next = client().read_later(handle, elsewhere, request);
    settle(io_);
    EXPECT_EQ(next.code(), replaced ? EIO : 0);
    client().release(handle);
  }
}

TEST_F(VersionsTest, AFileThatIsRemovedOnTheServerIsStale) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  advance(std::chrono::seconds(10));
  remote_.on(Op::stat).hold();
  auto pending = client().read_later(handle, 12 * mib, request);  // the stream has begun
  tree().remove("/file");
  remote_.on(Op::stat).release();
  settle(io_);
  EXPECT_EQ(pending.code(), ESTALE);
  client().release(handle);
}

TEST_F(VersionsTest, AFileThatWeRenameIsReadOn) {
  const vfs::Handle handle = open(old_);
  client().names("/");
  client().read(handle, 0, request);
  remote_.on(Op::stat).hold();
  auto pending = client().read_later(handle, 12 * mib, request);
  settle(io_);
  client().rename("/file", "/other");
  remote_.on(Op::stat).release();
  EXPECT_EQ(text_of(pending.get()), old_.substr(12 * mib, request));
  client().release(handle);
}

// The server has done it, its reply is not here yet.
TEST_F(VersionsTest, AFileThatIsBeingRenamedIsReadOn) {
  const vfs::Handle handle = open(old_);
  client().names("/");
  client().read(handle, 0, request);
  remote_.on(Op::rename).hold(When::after_effect);
  auto renamed = client().rename_later("/file", "/other");
  settle(io_);
  auto pending = client().read_later(handle, 12 * mib, request);
  settle(io_);
  EXPECT_FALSE(pending.done());
  remote_.on(Op::rename).release();
  renamed.get();
  EXPECT_EQ(text_of(pending.get()), old_.substr(12 * mib, request));
  client().release(handle);
}

TEST_F(VersionsTest, AFileThatIsBeingRemovedIsReadOn) {
  const vfs::Handle handle = open(old_);
  client().names("/");
  client().read(handle, 0, request);
  remote_.on(Op::rename).hold(When::after_effect);
  auto removed = client().unlink_later("/file");
  settle(io_);
  auto pending = client().read_later(handle, 12 * mib, request);
  settle(io_);
  EXPECT_FALSE(pending.done());
  remote_.on(Op::rename).release();
  removed.get();
  EXPECT_EQ(text_of(pending.get()), old_.substr(12 * mib, request));
  client().release(handle);
}

TEST_F(VersionsTest, ALogThatGrowsIsFollowed) {
  std::string log = pattern(10'000);
  const vfs::Handle handle = open(log);
  EXPECT_EQ(client().read(handle, 0, request), log);
  for (int step = 0; step < 3; ++step) {
    const std::string line = "line " + std::to_string(step) + "\n";
    append(line);
    const std::size_t page = log.size() / 4096 * 4096;
    log += line;
    EXPECT_EQ(size(), log.size());
    EXPECT_EQ(client().read(handle, page, request), log.substr(page));
  }
  EXPECT_EQ(client().read(handle, 0, request), log);
  client().release(handle);
}

TEST_F(VersionsTest, GrowthIsFoundByTheStreamItself) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  append("and more");
  EXPECT_EQ(client().read(handle, 12 * mib, request), old_.substr(12 * mib, request));
  EXPECT_EQ(client().read(handle, length - 10, request), old_.substr(length - 10) + "and more");
  client().release(handle);
}

TEST_F(VersionsTest, ALongerFileThatBeginsOtherwiseIsNotTakenForGrowth) {
  const vfs::Handle handle = open(old_);
  client().read(handle, 0, request);
  replace(new_ + "and more");
  EXPECT_EQ(size(), length + 8);
  EXPECT_EQ(errno_of_read(handle, 12 * mib), EIO);
  EXPECT_EQ(errno_of_read(handle, length - 10), EIO);
  client().release(handle);
}

TEST_F(VersionsTest, TheEndOfAReplacedFileStaysItsEnd) {
  const vfs::Handle handle = open(old_.substr(0, 10'000));
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, 10'000));
  replace(new_);
  EXPECT_EQ(size(), length);
  EXPECT_EQ(client().read(handle, 10'000, request), "");
  client().release(handle);
}

TEST_F(VersionsTest, WhoBeginsAnewGetsTheNewVersionOnceTheKernelKnows) {
  const vfs::Handle handle = open(old_.substr(0, 10'000));
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, 10'000));
  replace("short");
  EXPECT_EQ(size(), 5u);
  EXPECT_EQ(client().read(handle, 0, request), "short");
  client().release(handle);
}

// The kernel's pages of the old end would go with a new beginning.
TEST_F(VersionsTest, WhoBeginsAnewWhereOnlyTheTimeIsAnotherGetsAnError) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, length - request, request), old_.substr(length - request));
  replace(new_);
  EXPECT_EQ(size(), length);
  EXPECT_EQ(errno_of_read(handle, 0), EIO);
  client().release(handle);
  EXPECT_EQ(client().read_file("/file"), new_);
}

TEST_F(VersionsTest, WhoBeginsAnewWhenAHandleHasReadOnInTheOldVersionGetsThat) {
  const vfs::Handle handle = open(old_);
  const vfs::Handle other = client().open("/file");
  EXPECT_EQ(client().read(handle, length - request, request), old_.substr(length - request));
  EXPECT_EQ(client().read(other, 0, request), old_.substr(0, request));
  replace(new_.substr(0, 5 * mib));
  EXPECT_EQ(size(), 5 * mib);
  EXPECT_EQ(client().read(other, request, request), old_.substr(request, request));
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  fs().drop_caches();
  EXPECT_EQ(errno_of_read(handle, 0), EIO);
  client().release(handle);
  client().release(other);
  EXPECT_EQ(client().read_file("/file"), new_.substr(0, 5 * mib));
}

// Its pages are still those of the first version: what it is told is as long as that one.
TEST_F(VersionsTest, WhoBeginsAnewAfterAChangeThatTheKernelMissedGetsAnError) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, length - request, request), old_.substr(length - request));
  replace("short");
  EXPECT_EQ(errno_of_read(handle, 4 * mib), EIO);  // found by the stream
  replace(new_);
  EXPECT_EQ(size(), length);
  EXPECT_EQ(errno_of_read(handle, 0), EIO);
  client().release(handle);
}

TEST_F(VersionsTest, OurOwnChangesAreSeenByAllHandles) {
  const vfs::Handle handle = open(old_);
  EXPECT_EQ(client().read(handle, 0, request), old_.substr(0, request));
  client().write_file("/file", new_);
  EXPECT_EQ(client().read(handle, 12 * mib, request), new_.substr(12 * mib, request));
  EXPECT_EQ(client().read(handle, request, request), new_.substr(request, request));
  client().release(handle);
}

TEST_F(VersionsTest, OurChangesAreNotMixedIntoAnotherVersion) {
  const vfs::Handle handle = open(old_, O_RDWR);
  client().write(handle, 5 * mib, "ours");
  replace(new_);
  EXPECT_NE(client().flush_later(handle).code(), 0);
  client().release(handle);
  settle(io_);
  EXPECT_TRUE(tree().content("/file") == new_);
  ASSERT_THAT(kept_in_spool(), SizeIs(1));
  EXPECT_EQ(kept_in_spool()[0].substr(5 * mib, 4), "ours");
}

// F32: all of it is here, so that nothing but a look tells.
class PartTest : public VersionsTest {
 protected:
  vfs::Handle change_in_part() {
    const vfs::Handle handle = open("the old content", O_RDWR);
    EXPECT_EQ(client().read(handle, 0, request), "the old content");
    client().write(handle, 4, "OUR");
    EXPECT_EQ(client().read(handle, 0, request), "the OUR content");
    return handle;
  }
  void expect_both(std::string_view theirs, std::string_view ours) {
    settle(io_);
    const auto names = client().names("/");
    ASSERT_THAT(names, ElementsAre("file", StartsWith("file.ftpfs-conflict-")));
    EXPECT_EQ(tree().content("/file"), theirs);
    EXPECT_EQ(tree().content("/" + names[1]), ours);
  }
};

TEST_F(PartTest, DoesNotReplaceWhatSomebodyElseHasMadeOfIt) {
  const vfs::Handle handle = change_in_part();
  replace("theirs");
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ESTALE);
  client().release(handle);
  expect_both("theirs", "the OUR content");
}

TEST_F(PartTest, NorByARename) {
  const vfs::Handle handle = change_in_part();
  replace("theirs");
  EXPECT_EQ(errno_of([&] { client().rename("/file", "/other"); }), ESTALE);
  client().release(handle);
  expect_both("theirs", "the OUR content");
}

TEST_F(PartTest, EachWhoWritesHearsOfIt) {
  const vfs::Handle first = change_in_part();
  const vfs::Handle second = client().open("/file", O_RDWR);
  client().write(second, 0, "THE");
  replace("theirs");
  EXPECT_EQ(errno_of([&] { client().flush(first); }), ESTALE);
  EXPECT_EQ(errno_of([&] { client().flush(second); }), ESTALE);
  client().close(first);
  client().close(second);
  expect_both("theirs", "THE OUR content");
}

TEST_F(PartTest, WhatIsKeptSurvivesACrash) {
  const vfs::Handle handle = change_in_part();
  replace("theirs");
  remote_.on(Op::open_sink).hold();
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), ESTALE);
  crash();
  remote_.on(Op::open_sink).release();
  remount();
  expect_both("theirs", "the OUR content");
}

TEST_F(PartTest, WhereNobodyCanSayTheNextMountSendsIt) {
  const vfs::Handle handle = change_in_part();
  remote_.on(Op::stat).fail_next(ConnectionLost(EIO, "gone"), 1000);
  EXPECT_EQ(errno_of([&] { client().flush(handle); }), EIO);
  settle(io_);
  crash();
  remote_.recover();
  remount();
  EXPECT_EQ(tree().content("/file"), "the OUR content");
}

TEST_F(VersionsTest, OfTwoWhoWriteTheWholeFileTheLastOneWins) {
  const vfs::Handle handle = open("the old content", O_RDWR | O_TRUNC);
  client().write(handle, 0, "ours");
  replace("theirs");
  client().close(handle);
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  EXPECT_EQ(tree().content("/file"), "ours");
}

}  // namespace
}  // namespace ftpfs::test
