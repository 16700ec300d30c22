// SPDX-License-Identifier: MIT
// Finding names: what a listing answers, how long answers last, who shares the work, what becomes of inode
// numbers.
#include <sys/stat.h>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::AnyOf;
using vfs::root_ino;

class LookupTest : public VfsTest {
 protected:
  // A server without MLST: looking at one name costs a listing.
  void without_cheap_stat() { remote_.set_capabilities({.cheap_stat = false}); }
};

TEST_F(LookupTest, OneListingAnswersEveryLookupAndAttributeInIt) {
  for (int i = 0; i < 50; ++i) tree().put_file("/file" + std::to_string(i), std::string(i, 'x'));
  tree().put_directory("/dir");
  client().names("/");
  const std::size_t calls = remote_.calls();
  EXPECT_EQ(calls, 1u);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client().stat("/file" + std::to_string(i)).st_size, i);
  EXPECT_TRUE(S_ISDIR(client().stat("/dir").st_mode));
  EXPECT_FALSE(client().exists("/missing"));
  EXPECT_EQ(remote_.calls(), calls);
}

TEST_F(LookupTest, OneColdNameCostsOneCall) {
  tree().put_file("/a", "12345");
  EXPECT_EQ(client().stat("/a").st_size, 5);
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(LookupTest, WithoutMlstTheListingOfOneLookupServesTheNext) {
  without_cheap_stat();
  tree().put_file("/a", "1");
  tree().put_file("/b", "22");
  EXPECT_EQ(client().stat("/a").st_size, 1);
  EXPECT_EQ(client().stat("/b").st_size, 2);
  EXPECT_FALSE(client().exists("/missing"));
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(LookupTest, AMissingNameIsAnAnswerThatMayBeKept) {
  without_cheap_stat();
  tree().put_file("/a", "");
  const vfs::Looked looked = client().lookup(root_ino, "missing");
  EXPECT_EQ(looked.ino, 0u);
  EXPECT_GT(looked.attr.ttl.count(), 0);
  EXPECT_LE(looked.attr.ttl, config_.kernel_ttl);
  EXPECT_EQ(client().lookup(root_ino, "missing").ino, 0u);
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(LookupTest, AnswersFromMemoryNeedNoWaiting) {
  tree().put_file("/a", "");
  EXPECT_FALSE(fs().lookup_now(root_ino, "a").has_value());
  client().names("/");
  const auto found = fs().lookup_now(root_ino, "a");
  ASSERT_TRUE(found.has_value());
  EXPECT_NE(found->ino, 0u);
  const auto missing = fs().lookup_now(root_ino, "missing");
  ASSERT_TRUE(missing.has_value());
  EXPECT_EQ(missing->ino, 0u);
  EXPECT_TRUE(fs().getattr_now(found->ino).has_value());
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(LookupTest, AListingExpires) {
  tree().put_file("/old", "");
  client().names("/");
  tree().remove("/old");
  tree().put_file("/new", "");
  advance(config_.listing_ttl - std::chrono::milliseconds(1));
  EXPECT_TRUE(client().exists("/old"));
  EXPECT_FALSE(client().exists("/new"));
  EXPECT_EQ(remote_.calls(), 1u);
  advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(client().exists("/old"));
  EXPECT_TRUE(client().exists("/new"));
}

// F36: what is on the wall is for file times only.
TEST_F(LookupTest, AClockThatJumpsNeitherExpiresAnAnswerNorKeepsIt) {
  using namespace std::chrono_literals;
  const auto today = clock_.wall();
  for (const auto& time : {today + 24h, today - 24h, std::chrono::system_clock::from_time_t(0),
                           std::chrono::system_clock::from_time_t(2'145'916'800)}) {
    fs().drop_caches();
    tree().put_file("/file", "1");
    EXPECT_EQ(client().stat("/file").st_size, 1);
    client().names("/");
    const std::size_t calls = remote_.calls();
    clock_.set_wall(time);
    settle(io_);
    EXPECT_EQ(client().stat("/file").st_size, 1);
    client().names("/");
    EXPECT_EQ(remote_.calls(), calls);
    tree().put_file("/file", "22");
    advance(config_.listing_ttl);
    EXPECT_EQ(client().stat("/file").st_size, 2);
    client().write_file("/file", "written");
    EXPECT_EQ(tree().content("/file"), "written");
  }
}

TEST_F(LookupTest, DropCachesMakesTheServerBeAskedAgain) {
  tree().put_file("/a", "1");
  client().names("/");
  tree().put_file("/a", "22");
  EXPECT_EQ(client().stat("/a").st_size, 1);
  fs().drop_caches();
  EXPECT_EQ(client().stat("/a").st_size, 2);
}

TEST_F(LookupTest, ConcurrentLookupsShareOneListing) {
  without_cheap_stat();
  tree().put_file("/a", "");
  tree().put_file("/b", "");
  remote_.on(Op::list).hold();
  auto a = client().lookup_later(root_ino, "a");
  auto b = client().lookup_later(root_ino, "b");
  auto listing = client().opendir_later(root_ino);
  EXPECT_FALSE(a.done());
  EXPECT_EQ(remote_.on(Op::list).held(), 1u);
  remote_.on(Op::list).release();
  EXPECT_NE(a.get().ino, 0u);
  EXPECT_NE(b.get().ino, 0u);
  listing.get();
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(LookupTest, AnInterruptedLookupLeavesTheOthersAlone) {
  without_cheap_stat();
  tree().put_file("/a", "");
  remote_.on(Op::list).hold();
  auto bored = client().lookup_later(root_ino, "a");
  auto patient = client().lookup_later(root_ino, "a");
  bored.interrupt();
  ASSERT_TRUE(bored.done());
  EXPECT_EQ(bored.code(), EINTR);
  EXPECT_FALSE(patient.done());
  remote_.on(Op::list).release();
  EXPECT_NE(patient.get().ino, 0u);
}

TEST_F(LookupTest, TheListingStopsWhenTheLastOneLeft) {
  without_cheap_stat();
  remote_.on(Op::list).hold();
  auto first = client().lookup_later(root_ino, "a");
  auto second = client().opendir_later(root_ino);
  first.interrupt();
  EXPECT_EQ(remote_.on(Op::list).held(), 1u);
  second.interrupt();
  EXPECT_EQ(second.code(), EINTR);
  EXPECT_EQ(remote_.on(Op::list).held(), 0u);
}

TEST_F(LookupTest, AFailureIsNeverANegativeAnswerAndIsNotKept) {
  without_cheap_stat();
  tree().put_file("/a", "");
  for (const int code : {EBUSY, EIO}) {
    remote_.on(Op::list).fail_next(Error(code, "refused"));
    EXPECT_EQ(errno_of([&] { client().lookup(root_ino, "a"); }), code);
  }
  remote_.on(Op::list).fail_next(ConnectionLost(ETIMEDOUT, "silence"));
  EXPECT_EQ(errno_of([&] { client().lookup(root_ino, "a"); }), ETIMEDOUT);
  remote_.on(Op::list).fail_next(Error(EACCES, "not to be read"));
  remote_.on(Op::stat).fail_next(Error(EACCES, "nor to be entered"));
  EXPECT_EQ(errno_of([&] { client().lookup(root_ino, "a"); }), EACCES);
  EXPECT_TRUE(client().exists("/a"));
}

TEST_F(LookupTest, AFailingStatIsNeverANegativeAnswerEither) {
  tree().put_file("/a", "");
  remote_.on(Op::stat).fail_next(ConnectionLost(ETIMEDOUT, "silence"));
  remote_.on(Op::list).fail_next(ConnectionLost(ETIMEDOUT, "silence"));
  EXPECT_EQ(errno_of([&] { client().lookup(root_ino, "a"); }), ETIMEDOUT);
  remote_.on(Op::stat).fail_no_more();
  remote_.on(Op::list).fail_no_more();
  EXPECT_TRUE(client().exists("/a"));
}

// A drop box: what is in it can only be asked for by name, and what is not there can be made.
TEST_F(LookupTest, InADirectoryThatCannotBeReadNamesAreAskedForOneByOne) {
  for (const bool cheap_stat : {true, false}) {
    remote_.set_capabilities({.cheap_stat = cheap_stat});
    const std::string directory = cheap_stat ? "/in" : "/in2";
    tree().put_directory(directory);
    tree().put_file(directory + "/there", "12345");
    remote_.on(Op::list).fail_next(Error(EACCES, "not to be read"), 100);
    for (int i = 0; i < 4; ++i) {
      EXPECT_FALSE(client().exists(directory + "/none" + std::to_string(i)));
      EXPECT_EQ(client().stat(directory + "/there").st_size, 5);
    }
    EXPECT_EQ(errno_of([&] { client().names(directory); }), EACCES);
    client().write_file(directory + "/new", "content");
    EXPECT_EQ(tree().content(directory + "/new"), "content");
    remote_.recover();
  }
}

TEST_F(LookupTest, TooLongANameIsRefusedWithoutAskingTheServer) {
  const std::string name(256, 'x');
  EXPECT_EQ(errno_of([&] { client().lookup(root_ino, name); }), ENAMETOOLONG);
  EXPECT_EQ(remote_.calls(), 0u);
}

TEST_F(LookupTest, InodeNumbersStayWhileTheKernelKnowsThem) {
  tree().put_file("/a", "");
  tree().put_file("/b", "");
  const vfs::Ino a = client().ino("/a");
  EXPECT_NE(client().ino("/b"), a);
  advance(config_.listing_ttl * 2);
  EXPECT_EQ(client().ino("/a"), a);
  EXPECT_EQ(client().stat("/a").st_ino, a);
  EXPECT_EQ(client().stat("/").st_ino, root_ino);
}

TEST_F(LookupTest, AForgottenInodeIsGoneAndItsNumberNotReused) {
  tree().put_file("/a", "");
  const vfs::Ino first = client().ino("/a");
  EXPECT_EQ(client().ino("/a"), first);
  fs().forget(first, 1);
  EXPECT_EQ(errno_of([&] { client().getattr(first); }), 0) << "one of two references is left";
  fs().forget(first, 1);
  EXPECT_EQ(errno_of([&] { client().getattr(first); }), ESTALE);
  const auto looked = test::run(io_, fs().lookup(root_ino, "a", {}));
  EXPECT_NE(looked.ino, first);
}

// cp: "skipping file, as it was replaced while being copied".
TEST_F(LookupTest, WhatTheKernelForgotIsShownWithTheSameNumber) {
  tree().put_file("/d/a", "");
  const auto directory = client().stat("/d").st_ino;
  const auto file = client().stat("/d/a").st_ino;
  client().forget_all();
  EXPECT_EQ(client().stat("/d/a").st_ino, file);
  EXPECT_EQ(client().stat("/d").st_ino, directory);
}

TEST_F(LookupTest, WhatReplacedAForgottenFileIsAnotherOne) {
  tree().put_file("/a", "");
  tree().put_file("/b", "");
  const auto a = client().stat("/a").st_ino;
  const auto b = client().stat("/b").st_ino;
  client().forget_all();
  client().rename("/b", "/a");
  EXPECT_EQ(client().stat("/a").st_ino, b);
  client().write_file("/b", "new");
  EXPECT_NE(client().stat("/b").st_ino, b);
  client().unlink("/a");
  client().write_file("/a", "new");
  EXPECT_NE(client().stat("/a").st_ino, a);
  EXPECT_NE(client().stat("/a").st_ino, b);
}

TEST_F(LookupTest, AnOpenFileOutlivesForget) {
  tree().put_file("/a", "content");
  const vfs::Handle handle = client().open("/a");
  client().forget_all();
  EXPECT_EQ(client().read(handle, 0, 100), "content");
  client().release(handle);
}

TEST_F(LookupTest, ParentsOutliveTheirForgottenLookupsAsLongAsChildrenAreKnown) {
  tree().put_file("/a/b/c", "1");
  const vfs::Ino c = client().ino("/a/b/c");
  fs().forget(client().ino("/a"), 2);
  advance(config_.listing_ttl * 2);
  EXPECT_EQ(client().getattr(c).st_size, 1);
}

TEST_F(LookupTest, WhatBecameADirectoryIsAnotherInode) {
  tree().put_file("/a", "");
  const vfs::Ino file = client().ino("/a");
  tree().remove("/a");
  tree().put_file("/a/inside", "");
  advance(config_.listing_ttl);
  const vfs::Ino directory = client().ino("/a");
  EXPECT_NE(directory, file);
  EXPECT_TRUE(S_ISDIR(client().getattr(directory).st_mode));
  EXPECT_TRUE(client().exists("/a/inside"));
}

TEST_F(LookupTest, WhatVanishedOnTheServerIsMissingOnceAnswersExpired) {
  tree().put_file("/a", "");
  const vfs::Ino ino = client().ino("/a");
  tree().remove("/a");
  advance(config_.listing_ttl);
  EXPECT_THAT(errno_of([&] { client().getattr(ino); }), AnyOf(ENOENT, ESTALE));
  EXPECT_FALSE(client().exists("/a"));
}

TEST_F(LookupTest, AttributesMayBeKeptNoLongerThanTheKernelTtl) {
  config_.kernel_ttl = std::chrono::milliseconds(250);
  tree().put_file("/a", "");
  const vfs::Looked looked = client().lookup(root_ino, "a");
  EXPECT_LE(looked.attr.ttl, config_.kernel_ttl);
  EXPECT_GT(looked.attr.ttl.count(), 0);
}

}  // namespace
}  // namespace ftpfs::test
