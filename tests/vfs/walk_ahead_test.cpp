// SPDX-License-Identifier: MIT
// Which directories are listed before anybody opens them, and when none are.
#include <ftpfs/vfs/walk_ahead.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using vfs::AheadCounts;

class WalkAheadTest : public VfsTest {
 protected:
  WalkAheadTest() { remote_.set_spare(4); }

  void put_directories(int count, const std::string& above = "/") {
    for (int i = 0; i < count; ++i) tree().put_directory(above + name(i));
  }
  static std::string name(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

  // As a program reads a directory; what that sets off happens too.
  void open(std::string_view path) {
    fs().releasedir(client().opendir(path));
    settle(io_);
  }
  // The directories that the server was asked for since the last call, in order.
  std::vector<std::string> asked() {
    std::vector<std::string> paths;
    for (; seen_ < remote_.listed().size(); ++seen_) paths.push_back(remote_.listed()[seen_].str());
    return paths;
  }
  AheadCounts counts() { return fs().fetched_ahead().listings; }

 private:
  std::size_t seen_ = 0;
};

TEST_F(WalkAheadTest, ALoneOpendirListsNothingElse) {
  put_directories(5);
  open("/");
  open("/00");
  open("/00");
  EXPECT_THAT(asked(), ElementsAre("/", "/00"));
}

TEST_F(WalkAheadTest, TwoOfOneDirectoryInARowAreAWalk) {
  put_directories(6);
  open("/");
  open("/01");
  open("/02");
  EXPECT_THAT(asked(), ElementsAre("/", "/01", "/02", "/03", "/04", "/05"));
  open("/03");
  open("/04");
  open("/05");
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_EQ(counts(), (AheadCounts{3, 3, 0}));
}

TEST_F(WalkAheadTest, AnotherOrderThanThatOfTheListingIsFollowedFromWhereItGot) {
  put_directories(6);
  open("/");
  open("/04");
  open("/02");
  EXPECT_THAT(asked(), ElementsAre("/", "/04", "/02", "/03", "/05"));
}

TEST_F(WalkAheadTest, FilesAndLinksAreNotListed) {
  put_directories(3);
  tree().put_file("/02-file", "text");
  tree().put_symlink("/02-link", "00");
  open("/");
  open("/00");
  open("/01");
  EXPECT_THAT(asked(), ElementsAre("/", "/00", "/01", "/02"));
}

TEST_F(WalkAheadTest, DirectoriesThatHaveNothingInCommonAreNoWalk) {
  for (const char* above : {"/p/", "/q/"}) put_directories(3, above);
  open("/p/00");
  open("/q/01");
  open("/p/01");  // in a row with /p/00: another program reads there meanwhile
  EXPECT_THAT(asked(), ElementsAre("/p/00", "/q/01", "/p/01"));
}

// As `ls a; ls b` does: what lies beside them is known from looking them up.
TEST_F(WalkAheadTest, TheDirectoryAboveNeedNotHaveBeenOpened) {
  put_directories(4, "/p/");
  for (int i = 0; i < 3; ++i) client().ino("/p/" + name(i));
  EXPECT_THAT(asked(), ElementsAre("/p"));
  open("/p/00");
  open("/p/01");
  EXPECT_THAT(asked(), ElementsAre("/p/00", "/p/01", "/p/02", "/p/03"));
}

TEST_F(WalkAheadTest, ALongPauseIsNoRow) {
  put_directories(4);
  open("/");
  open("/00");
  advance(seconds(15));
  open("/");  // its listing may not be too old
  advance(seconds(15));
  open("/");
  open("/01");
  advance(seconds(21));
  open("/02");
  EXPECT_THAT(asked(), testing::Not(testing::Contains("/03")));
}

TEST_F(WalkAheadTest, GoesDownWhereTheWalkerWillGoDown) {
  tree().put_directory("/a");
  put_directories(2, "/b/");
  tree().put_directory("/b/00/deep");
  tree().put_directory("/c");
  remote_.set_spare(1);
  open("/");
  open("/a");
  open("/b");
  EXPECT_THAT(asked(), ElementsAre("/", "/a", "/b", "/b/00", "/b/00/deep", "/b/01", "/c"));
  EXPECT_EQ(remote_.most_at_once(), 1u);
}

TEST_F(WalkAheadTest, AfterTheLastOfADirectoryFollowsTheNextOfTheOneAbove) {
  put_directories(3, "/b/");
  for (const char* path : {"/a", "/c", "/d"}) tree().put_directory(path);
  open("/");
  open("/a");
  open("/b");
  for (const char* path : {"/b/00", "/b/01", "/b/02"}) open(path);
  asked();
  for (const char* path : {"/c", "/d"}) open(path);
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_EQ(counts(), (AheadCounts{5, 5, 0}));
}

TEST_F(WalkAheadTest, AWalkBelowALoneDirectoryStaysBelowIt) {
  put_directories(4, "/a/");
  put_directories(4, "/b/");
  open("/");
  open("/a");
  open("/a/00");
  open("/a/01");
  EXPECT_THAT(asked(), ElementsAre("/", "/a", "/a/00", "/a/01", "/a/02", "/a/03"));
}

TEST_F(WalkAheadTest, AWalkerThatDoesNotGoDownIsFollowedOnItsLevelOnly) {
  for (const char* path : {"/a/x", "/b/x", "/c/x", "/d/x"}) tree().put_directory(path);
  open("/");
  open("/a");
  open("/b");
  EXPECT_THAT(asked(), ElementsAre("/", "/a", "/b", "/c", "/d"));
}

TEST_F(WalkAheadTest, SideBySideTwoWalksAreBothFollowed) {
  for (const char* above : {"/p/", "/q/"}) put_directories(4, above);
  for (const char* path : {"/p", "/q", "/p/00", "/q/00", "/p/01", "/q/01"}) open(path);
  asked();
  for (const char* path : {"/p/02", "/q/02", "/p/03", "/q/03"}) open(path);
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(WalkAheadTest, TakesEverySessionThatIsToSpareAndNoMore) {
  put_directories(20);
  remote_.set_spare(3);
  open("/");
  open("/00");
  asked();
  const vfs::Ino next = client().ino("/01");
  remote_.on(Op::list).hold();
  auto opening = client().opendir_later(next);
  EXPECT_THAT(asked(), ElementsAre("/01", "/02", "/03")) << "the walker's own comes first";
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  settle(io_);
  EXPECT_THAT(asked(), ElementsAre("/04", "/05", "/06", "/07", "/08", "/09")) << "nobody had to ask for that";
  EXPECT_EQ(remote_.most_at_once(), 3u);
}

TEST_F(WalkAheadTest, WithoutASessionToSpareNothingIsListedAhead) {
  put_directories(5);
  remote_.set_spare(0);
  for (const char* path : {"/", "/00", "/01"}) open(path);
  EXPECT_THAT(asked(), ElementsAre("/", "/00", "/01"));
}

TEST_F(WalkAheadTest, AWalkerThatComesEarlyJoins) {
  put_directories(4);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  const vfs::Ino third = client().ino("/02");
  asked();
  remote_.on(Op::list).hold();
  auto opening = client().opendir_later(second);
  auto early = client().opendir_later(third);
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  fs().releasedir(early.get());
  EXPECT_THAT(asked(), ElementsAre("/01", "/02", "/03"));
  EXPECT_EQ(counts().won, 1u);
}

TEST_F(WalkAheadTest, AWalkerThatIsInterruptedDoesNotStopWhatRunsAhead) {
  put_directories(4);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  const vfs::Ino third = client().ino("/02");
  remote_.on(Op::list).hold();
  auto opening = client().opendir_later(second);
  auto early = client().opendir_later(third);
  early.interrupt();
  EXPECT_EQ(early.code(), EINTR);
  asked();
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  open("/02");
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(WalkAheadTest, WhatCannotBeListedIsNobodysFailureUntilSomebodyAsks) {
  put_directories(4);
  open("/");
  open("/00");
  tree().remove("/02");
  open("/01");
  EXPECT_THAT(asked(), ElementsAre("/", "/00", "/01", "/02", "/03"));
  EXPECT_EQ(errno_of([&] { open("/02"); }), ENOENT);
  EXPECT_THAT(asked(), ElementsAre("/02"));
  EXPECT_EQ(counts(), (AheadCounts{2, 0, 0}));
}

TEST_F(WalkAheadTest, WhenTheLineDiesNotEveryDirectoryIsTried) {
  put_directories(30);
  remote_.set_spare(2);
  open("/");
  open("/00");
  client().ino("/01");
  asked();
  remote_.on(Op::list).fail_next(ConnectionLost(EIO, "gone"), 20);
  EXPECT_EQ(errno_of([&] { open("/01"); }), EIO);
  settle(io_);
  EXPECT_THAT(asked(), ElementsAre("/01", "/02"));
}

TEST_F(WalkAheadTest, NoMoreThanAFewWaitToBeOpened) {
  put_directories(60);
  open("/");
  open("/00");
  open("/01");
  EXPECT_EQ(asked().size(), 3 + vfs::WalkAhead::first_unused);
  for (int i = 2; i < 40; ++i) open("/" + name(i));
  const AheadCounts now = counts();
  EXPECT_EQ(now.won, 38u);
  EXPECT_EQ(now.asked, 58u) << "all: more than most_unused would not be left";
  EXPECT_EQ(now.wasted, 0u);
}

TEST_F(WalkAheadTest, HowManyWaitGrowsWithUseUpToALimit) {
  put_directories(99);
  open("/");
  for (int i = 0; i < 30; ++i) open("/" + name(i));
  const AheadCounts now = counts();
  EXPECT_EQ(now.won, 28u);
  EXPECT_EQ(now.asked - now.won, vfs::WalkAhead::most_unused);
}

TEST_F(WalkAheadTest, TakesNoMoreThanAShareOfTheMemoryForListings) {
  put_directories(12);
  for (int i = 0; i < 12; ++i) tree().put_file("/" + name(i) + "/" + std::string(200, 'n'), "");
  config_.listing_bytes = 8u << 10;
  remote_.set_spare(2);
  open("/");
  open("/00");
  asked();
  open("/01");
  const std::size_t ahead = asked().size() - 1;
  EXPECT_GE(ahead, 2u);
  EXPECT_LT(ahead, vfs::WalkAhead::first_unused);
}

TEST_F(WalkAheadTest, LivesAsLongAsAnyListing) {
  put_directories(4);
  open("/");
  open("/00");
  open("/01");
  asked();
  advance(config_.listing_ttl - seconds(1));
  open("/02");
  EXPECT_THAT(asked(), IsEmpty());
  advance(seconds(2));
  open("/03");
  EXPECT_THAT(asked(), testing::Contains("/03"));
  EXPECT_EQ(counts().won, 1u);
  EXPECT_EQ(counts().wasted, 1u);
}

TEST_F(WalkAheadTest, GuessingStopsForAWhileWhenItDoesNotPay) {
  put_directories(90);
  // Two in a row and no more: what was listed ahead is due, and unused, when its time is over.
  const auto look_at_two = [&](int first) {
    open("/");
    open("/" + name(first));
    open("/" + name(first + 1));
    advance(config_.listing_ttl + seconds(1));
  };
  look_at_two(0);
  look_at_two(20);
  look_at_two(40);  // notices
  EXPECT_EQ(counts().asked, 2 * vfs::WalkAhead::first_unused);
  EXPECT_EQ(counts().wasted, 16u);
  advance(seconds(60));
  look_at_two(60);
  EXPECT_EQ(counts().asked, 3 * vfs::WalkAhead::first_unused) << "and is tried again later";
}

TEST_F(WalkAheadTest, WhatTheWalkerPassesByIsDueAfterSomeMore) {
  put_directories(99);
  open("/");
  open("/00");
  for (int i = 1; i < 21; i += 2) open("/" + name(i));  // every other one
  EXPECT_GE(counts().wasted, 1u);
  EXPECT_LT(counts().wasted, 5u) << "threads that walk together are a little out of order";
}

TEST_F(WalkAheadTest, CanBeTurnedOff) {
  put_directories(5);
  config_.list_ahead = false;
  for (const char* path : {"/", "/00", "/01", "/02"}) open(path);
  EXPECT_THAT(asked(), ElementsAre("/", "/00", "/01", "/02"));
}

TEST_F(WalkAheadTest, NothingIsListedAheadWhereListingsAreNotKept) {
  put_directories(5);
  config_.listing_ttl = std::chrono::milliseconds(0);
  for (const char* path : {"/", "/00", "/01", "/02"}) open(path);
  EXPECT_THAT(asked(), testing::Not(testing::Contains("/03")));
}

TEST_F(WalkAheadTest, OurOwnChangesShowInWhatWasOnItsWay) {
  put_directories(4);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  client().ino("/02");
  remote_.on(Op::list).hold(When::after_effect);
  auto opening = client().opendir_later(second);
  client().mkdir("/02/new");
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  settle(io_);
  asked();
  EXPECT_THAT(client().names("/02"), ElementsAre("new"));
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(WalkAheadTest, WhatWasOnItsWayWhenTheCachesWereDroppedIsNotKept) {
  put_directories(4);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  client().ino("/02");
  remote_.on(Op::list).hold(When::after_effect);
  auto opening = client().opendir_later(second);
  tree().put_file("/02/newer", "");
  fs().drop_caches();
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  settle(io_);
  EXPECT_THAT(client().names("/02"), ElementsAre("newer"));
}

TEST_F(WalkAheadTest, ADirectoryThatIsRemovedMeanwhileIsNotMissed) {
  put_directories(4);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  client().ino("/02");
  remote_.on(Op::list).hold(When::after_effect);
  auto opening = client().opendir_later(second);
  client().rmdir("/02");
  remote_.on(Op::list).release();
  fs().releasedir(opening.get());
  settle(io_);
  EXPECT_FALSE(client().exists("/02"));
  client().mkdir("/02");
  EXPECT_THAT(client().names("/02"), IsEmpty());
}

TEST_F(WalkAheadTest, TheEndOfTheMountEndsIt) {
  put_directories(20);
  remote_.set_spare(3);
  open("/");
  open("/00");
  const vfs::Ino second = client().ino("/01");
  remote_.on(Op::list).hold();
  auto opening = client().opendir_later(second);
  opening.interrupt();
  EXPECT_EQ(opening.code(), EINTR);
  EXPECT_EQ(remote_.on(Op::list).held(), 2u);
  asked();
  run(io_, fs().shutdown(clock_.now() + seconds(1)));  // without any time passing
  EXPECT_EQ(remote_.on(Op::list).held(), 0u);
  EXPECT_THAT(asked(), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
