// SPDX-License-Identifier: MIT
// Which small files are fetched before anybody opens them, what an open and a read then cost, and that it is
// never anything but the file that is there.
#include "vfs/files_ahead_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_F(FilesAheadTest, ALoneReadFetchesNothingElse) {
  put_files(5);
  client().names("/");
  cat("/01");
  cat("/01");
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, TwoInTheOrderOfTheListingAreARow) {
  begin_a_row(6);
  EXPECT_THAT(fetched(), ElementsAre("/02", "/03", "/04", "/05"));
  cost();
  for (int i = 2; i < 6; ++i) EXPECT_EQ(cat("/" + name(i)), text(i));
  EXPECT_EQ(cost(), (Cost{0, 0})) << "neither a look nor a stream";
  EXPECT_EQ(counts(), (AheadCounts{4, 4, 0}));
}

TEST_F(FilesAheadTest, AnyOtherOrderIsNone) {
  put_files(9);
  client().names("/");
  for (const char* path : {"/05", "/03", "/07", "/00"}) cat(path);
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, WhatIsNoSmallFileDoesNotInterruptARow) {
  put_files(4);
  tree().put_directory("/00-directory");
  tree().put_symlink("/00-link", "00");
  tree().put_file("/00-large", pattern(200'000));
  tree().put_file("/02-large", pattern((128u << 10) + 1));
  tree().put_file("/02-largest", pattern(128u << 10));
  client().names("/");
  cat("/00");
  cat("/01");
  EXPECT_THAT(fetched(), ElementsAre("/02", "/02-largest", "/03"));
  cost();
  EXPECT_EQ(cat("/02-largest"), pattern(128u << 10));
  EXPECT_EQ(cost(), (Cost{0, 0}));
}

TEST_F(FilesAheadTest, ADirectoryThatNobodyHasListedHasNoOrder) {
  put_files(4);
  for (const char* path : {"/00", "/01"}) cat(path);
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, TakesEverySessionThatIsToSpareButTheReadersOwn) {
  put_files(20);
  remote_.set_spare(3);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).hold();
  const Handle handle = client().open("/01");
  settle(io_);
  EXPECT_THAT(fetched(), ElementsAre("/02", "/03")) << "one is left for what is read now";
  remote_.on(Op::fetch_whole).release();
  settle(io_);
  EXPECT_THAT(fetched(), SizeIs(FilesAhead::first_unused - 2)) << "nobody had to come for that";
  client().close(handle);
  EXPECT_LE(remote_.most_at_once(), 3u);
}

TEST_F(FilesAheadTest, WithoutASessionToSpareNothingIsFetchedAhead) {
  remote_.set_spare(0);
  begin_a_row(5);
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, AReaderThatComesEarlyWaitsForWhatIsOnItsWay) {
  put_files(4);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).hold();
  cat("/01");
  cost();
  auto opening = open_later("/02");
  EXPECT_FALSE(opening.done());
  remote_.on(Op::fetch_whole).release();
  const Handle handle = opening.get().handle;
  EXPECT_EQ(client().read(handle, 0, small), text(2));
  client().close(handle);
  EXPECT_EQ(cost(), (Cost{0, 0}));
  EXPECT_EQ(counts().won, 1u);
}

TEST_F(FilesAheadTest, AReaderThatWaitsCanBeInterrupted) {
  put_files(4);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).hold();
  cat("/01");
  auto opening = open_later("/02");
  opening.interrupt();
  EXPECT_EQ(opening.code(), EINTR);
}

TEST_F(FilesAheadTest, AfterASecondTheLookIsAskedForAndTheContentStillServes) {
  begin_a_row(4);
  cost();
  advance(config_.kernel_ttl + milliseconds(1));
  EXPECT_EQ(cat("/02"), text(2));
  EXPECT_EQ(cost(), (Cost{1, 0}));
  EXPECT_EQ(counts().won, 1u);
}

TEST_F(FilesAheadTest, AnotherVersionIsNeverServedFromWhatWasFetched) {
  begin_a_row(4);
  cost();
  advance(config_.kernel_ttl + seconds(1));
  tree().put_file("/02", "newer");
  EXPECT_EQ(cat("/02"), "newer");
  EXPECT_EQ(cost(), (Cost{1, 1}));
}

// The content came by a stream of its version, as far as the next one of that handle is concerned.
TEST_F(FilesAheadTest, BytesOfTwoVersionsAreNotMixed) {
  begin_a_row(4);
  const Handle handle = client().open("/02");
  EXPECT_EQ(client().read(handle, 0, 100), text(2).substr(0, 100));
  fs().drop_caches();
  advance(seconds(1));
  tree().put_file("/02", text(9));
  EXPECT_EQ(errno_of([&] { client().read(handle, 100, 100); }), EIO);
  client().release(handle);
}

TEST_F(FilesAheadTest, WhatTheLookShowsIsKnownAtOnce) {
  put_files(4);
  client().names("/");
  cat("/00");
  advance(seconds(2));
  tree().put_file("/02", "newer and of another size");
  cat("/01");
  cost();
  EXPECT_EQ(client().stat("/02").st_size, 25);
  EXPECT_EQ(cat("/02"), "newer and of another size");
  EXPECT_EQ(cost(), (Cost{0, 0}));
}

TEST_F(FilesAheadTest, AFileThatIsReplacedBetweenLookAndContentIsNotKept) {
  put_files(4);
  client().names("/");
  cat("/00");
  remote_.on(Op::read).hold();
  const Handle handle = client().open("/01");
  settle(io_);
  EXPECT_THAT(fetched(), Contains("/02"));
  advance(seconds(1));
  tree().put_file("/02", "of another size");
  remote_.on(Op::read).release();
  settle(io_);
  client().close(handle);
  advance(seconds(1));
  EXPECT_EQ(cat("/02"), "of another size");
}

TEST_F(FilesAheadTest, AnEmptyFileCostsNothingEither) {
  put_files(3);
  tree().put_file("/02", "");
  client().names("/");
  cat("/00");
  cat("/01");
  cost();
  EXPECT_EQ(cat("/02"), "");
  EXPECT_EQ(cost(), (Cost{0, 0}));
}

TEST_F(FilesAheadTest, AFileWhoseSizeNobodyTellsIsLeftAlone) {
  remote_.set_sizes(MemoryRemote::Sizes::by_stat);
  begin_a_row(4);
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, WhatTheKernelHasIsNotFetchedOnceMore) {
  config_.block_bytes = 4 * (small + vfs::BlockCache::bookkeeping);  // does not hold them all
  begin_a_row(12);
  for (int i = 2; i < 12; ++i) cat("/" + name(i));
  fetched();
  for (int i = 0; i < 12; ++i) cat("/" + name(i));
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, ARowMayBeginAnew) {
  begin_a_row(5);
  for (const char* path : {"/02", "/03", "/04"}) cat(path);
  client().forget_all();  // inodes and pages: it is all new to the kernel
  fetched();
  for (int i = 0; i < 5; ++i) cat("/" + name(i));
  EXPECT_THAT(fetched(), ElementsAre("/02", "/03", "/04"));
}

TEST_F(FilesAheadTest, WhatCannotBeFetchedIsNobodysFailureUntilSomebodyOpensIt) {
  put_files(5);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).fail_next(Error(EACCES, "no"));
  cat("/01");
  EXPECT_THAT(fetched(), ElementsAre("/02", "/03", "/04"));
  cost();
  EXPECT_EQ(cat("/02"), text(2));
  EXPECT_EQ(cost().streams, 1u);
  EXPECT_EQ(counts(), (AheadCounts{3, 0, 0}));
}

TEST_F(FilesAheadTest, WhenTheLineDiesNotEveryFileIsTried) {
  put_files(30);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).fail_next(ConnectionLost(EIO, "gone"), 30);
  cat("/01");
  EXPECT_THAT(fetched(), SizeIs(3));
}

TEST_F(FilesAheadTest, TakesNoMoreThanAShareOfTheBlockCache) {
  config_.block_bytes = 8 * (small + vfs::BlockCache::bookkeeping);
  begin_a_row(30);
  EXPECT_THAT(fetched(), SizeIs(4));
  cost();
  for (int i = 2; i < 20; ++i) EXPECT_EQ(cat("/" + name(i)), text(i));
  EXPECT_EQ(cost().streams, 0u);
}

TEST_F(FilesAheadTest, HowManyWaitGrowsWithUseUpToALimit) {
  begin_a_row(99);
  for (int i = 2; i < 40; ++i) cat("/" + name(i));
  EXPECT_EQ(counts().won, 38u);
  EXPECT_EQ(counts().asked - counts().won, FilesAhead::most_unused);
}

TEST_F(FilesAheadTest, FewerWaitForAReaderThatIsSlow) {
  begin_a_row(99);
  for (int i = 2; i < 40; ++i) {
    advance(milliseconds(400));
    if (i % 8 == 0) client().names("/");
    cat("/" + name(i));
  }
  EXPECT_LT(counts().asked - counts().won, FilesAhead::first_unused);
}

TEST_F(FilesAheadTest, ReadersSideBySideMayBeALittleOutOfOrder) {
  begin_a_row(40);
  fetched();
  cost();
  for (int i = 2; i + 1 < 30; i += 2) {
    EXPECT_EQ(cat("/" + name(i + 1)), text(i + 1));
    EXPECT_EQ(cat("/" + name(i)), text(i));
  }
  EXPECT_EQ(cost(), (Cost{0, 0}));
  EXPECT_EQ(counts().wasted, 0u);
}

TEST_F(FilesAheadTest, WhatIsPassedByIsDueAfterSomeMore) {
  begin_a_row(99);
  for (int i = 2; i < 40; i += 2) cat("/" + name(i));
  EXPECT_GE(counts().wasted, 1u);
}

TEST_F(FilesAheadTest, GuessingStopsForAWhileWhenItDoesNotPay) {
  put_files(99);
  const auto read_two = [&](int first) {
    client().names("/");
    cat("/" + name(first));
    cat("/" + name(first + 1));
    advance(config_.listing_ttl + seconds(1));
  };
  read_two(0);
  read_two(20);
  read_two(40);  // notices
  EXPECT_EQ(counts().wasted, 16u);
  EXPECT_EQ(counts().asked, 2 * FilesAhead::first_unused);
  advance(seconds(60));
  read_two(60);
  EXPECT_EQ(counts().asked, 3 * FilesAhead::first_unused) << "and is tried again later";
}

TEST_F(FilesAheadTest, CanBeTurnedOff) {
  config_.fetch_ahead = false;
  begin_a_row(6);
  EXPECT_THAT(fetched(), IsEmpty());
}

TEST_F(FilesAheadTest, TheEndOfTheMountEndsIt) {
  put_files(30);
  client().names("/");
  cat("/00");
  remote_.on(Op::fetch_whole).hold();
  cat("/01");
  EXPECT_GT(remote_.on(Op::fetch_whole).held(), 0u);
  fetched();
  run(io_, fs().shutdown(clock_.now() + seconds(1)));  // without any time passing
  EXPECT_EQ(remote_.on(Op::fetch_whole).held(), 0u);
  EXPECT_THAT(fetched(), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
