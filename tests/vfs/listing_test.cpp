// SPDX-License-Identifier: MIT
// Reading directories: cookies, references of readdirplus, what changes meanwhile.
#include <algorithm>
#include <set>

#include <sys/stat.h>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using vfs::DirHandle;
using vfs::root_ino;

class ListingTest : public VfsTest {
 protected:
  void put_files(int count) {
    for (int i = 0; i < count; ++i) tree().put_file("/" + std::to_string(i), "");
  }

  // The names from `cookie` on, at most `room`; `cookie` moves behind them.
  std::vector<std::string> next(DirHandle handle, off_t& cookie, std::size_t room) {
    Filler filler(room);
    fs().readdir(handle, cookie, false, filler);
    std::vector<std::string> result;
    for (const auto& taken : filler.taken) {
      result.push_back(taken.name);
      cookie = taken.next;
    }
    return result;
  }
};

TEST_F(ListingTest, BeginsWithTheDotsAndShowsEverythingOnce) {
  tree().put_file("/a", "");
  tree().put_directory("/b");
  tree().put_symlink("/c", "a");
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  const auto names = next(handle, cookie, 100);
  ASSERT_GE(names.size(), 2u);
  EXPECT_EQ(names[0], ".");
  EXPECT_EQ(names[1], "..");
  EXPECT_THAT(names, UnorderedElementsAre(".", "..", "a", "b", "c"));
  EXPECT_THAT(next(handle, cookie, 100), IsEmpty());
  fs().releasedir(handle);
}

TEST_F(ListingTest, TellsInodeAndTypeOfEachEntry) {
  tree().put_file("/a", "");
  tree().put_directory("/b");
  tree().put_symlink("/c", "a");
  const DirHandle handle = client().opendir("/");
  Filler filler;
  fs().readdir(handle, 0, false, filler);
  for (const auto& taken : filler.taken) {
    const mode_t type = taken.name == "a" ? S_IFREG : taken.name == "c" ? S_IFLNK : S_IFDIR;
    EXPECT_EQ(taken.entry.attr.stat.st_mode & S_IFMT, type) << taken.name;
    EXPECT_NE(taken.entry.attr.stat.st_ino, 0u)
        << "readdir(3) skips entries without a number: " << taken.name;
  }
  fs().releasedir(handle);
}

TEST_F(ListingTest, EveryEntryOfALargeDirectoryComesOnceInSmallPieces) {
  put_files(10'000);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  std::multiset<std::string> seen;
  for (auto names = next(handle, cookie, 7); !names.empty(); names = next(handle, cookie, 7)) {
    seen.insert(names.begin(), names.end());
  }
  fs().releasedir(handle);
  EXPECT_EQ(seen.size(), 10'002u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 10'002u);
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(ListingTest, AFreshListingServesTheNextOpendir) {
  put_files(3);
  client().names("/");
  EXPECT_THAT(client().names("/"), ElementsAre("0", "1", "2"));
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(ListingTest, ConcurrentOpendirsShareOneListing) {
  remote_.on(Op::list).hold();
  auto first = client().opendir_later(root_ino);
  auto second = client().opendir_later(root_ino);
  remote_.on(Op::list).release();
  fs().releasedir(first.get());
  fs().releasedir(second.get());
  EXPECT_EQ(remote_.calls(), 1u);
}

TEST_F(ListingTest, CookiesStayRightWhileEntriesComeAndGo) {
  put_files(20);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  std::vector<std::string> seen = next(handle, cookie, 8);
  const std::string gone_already_seen = seen.back();
  std::string gone_not_yet_seen;
  for (int i = 0; i < 20 && gone_not_yet_seen.empty(); ++i) {
    const std::string name = std::to_string(i);
    if (std::ranges::find(seen, name) == seen.end()) gone_not_yet_seen = name;
  }
  client().unlink("/" + gone_already_seen);
  client().unlink("/" + gone_not_yet_seen);
  client().mkdir("/new");
  for (auto names = next(handle, cookie, 3); !names.empty(); names = next(handle, cookie, 3)) {
    seen.insert(seen.end(), names.begin(), names.end());
  }
  fs().releasedir(handle);
  const std::set<std::string> unique(seen.begin(), seen.end());
  EXPECT_EQ(unique.size(), seen.size()) << "an entry came twice";
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_TRUE(unique.contains(name) || name == gone_not_yet_seen) << name << " was skipped";
  }
}

TEST_F(ListingTest, ANewListingDoesNotDisturbAnOpenHandle) {
  put_files(10);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  std::vector<std::string> seen = next(handle, cookie, 5);
  for (int i = 0; i < 10; i += 2) tree().remove("/" + std::to_string(i));
  fs().drop_caches();
  EXPECT_EQ(client().names("/").size(), 5u);
  const auto rest = next(handle, cookie, 100);
  fs().releasedir(handle);
  seen.insert(seen.end(), rest.begin(), rest.end());
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 12u);
}

// Found by PosixSpecial on a busy machine: a listing that was under way when the directory was opened took
// the place of the handle's, and rewinddir(3) showed nothing that came after it.
TEST_F(ListingTest, FromItsBeginningAnOpenHandleShowsTheNewestListing) {
  put_files(3);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  next(handle, cookie, 4);
  fs().drop_caches();
  client().names("/");
  client().write_file("/new", "content");
  client().unlink("/1");
  cookie = 0;
  EXPECT_THAT(next(handle, cookie, 100), UnorderedElementsAre(".", "..", "0", "2", "new"));
  fs().releasedir(handle);
}

TEST_F(ListingTest, RemovingWhileReadingEmptiesTheDirectory) {
  put_files(100);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  for (auto names = next(handle, cookie, 6); !names.empty(); names = next(handle, cookie, 6)) {
    for (const std::string& name : names) {
      if (name != "." && name != "..") client().unlink("/" + name);
    }
  }
  fs().releasedir(handle);
  EXPECT_THAT(tree().names("/"), IsEmpty());
}

TEST_F(ListingTest, SeekingBackContinuesThere) {
  put_files(10);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  next(handle, cookie, 4);
  const off_t mark = cookie;
  const auto rest = next(handle, cookie, 100);
  cookie = mark;
  EXPECT_EQ(next(handle, cookie, 100), rest);
  cookie = 0;
  EXPECT_EQ(next(handle, cookie, 100).size(), 12u);
  fs().releasedir(handle);
}

TEST_F(ListingTest, PlusTakesReferencesOnlyForWhatFitted) {
  put_files(5);
  const DirHandle handle = client().opendir("/");
  Filler filler(4);  // the dots and two more
  fs().readdir(handle, 0, true, filler);
  fs().releasedir(handle);
  ASSERT_EQ(filler.taken.size(), 4u);
  ASSERT_TRUE(filler.refused.has_value());
  for (std::size_t i = 2; i < 4; ++i) {
    const vfs::Ino ino = filler.taken[i].entry.ino;
    EXPECT_EQ(errno_of([&] { client().getattr(ino); }), 0);
    fs().forget(ino, 1);
    EXPECT_EQ(errno_of([&] { client().getattr(ino); }), ESTALE) << "more than one reference was taken";
  }
  if (filler.refused->entry.ino != 0) {
    EXPECT_EQ(errno_of([&] { client().getattr(filler.refused->entry.ino); }), ESTALE);
  }
}

TEST_F(ListingTest, PlusTakesNoReferenceForTheDots) {
  tree().put_file("/sub/a", "");
  const vfs::Ino sub = client().ino("/sub");
  const DirHandle handle = client().opendir("/sub");
  Filler filler(2);
  fs().readdir(handle, 0, true, filler);
  fs().releasedir(handle);
  fs().forget(sub, 2);  // of ino() and opendir()
  EXPECT_EQ(errno_of([&] { client().getattr(sub); }), ESTALE);
}

TEST_F(ListingTest, WithoutPlusNoReferenceIsTaken) {
  put_files(3);
  client().names("/");
  const vfs::Looked looked = client().lookup(root_ino, "0");
  fs().forget(looked.ino, 1);
  EXPECT_EQ(errno_of([&] { client().getattr(looked.ino); }), ESTALE);
}

TEST_F(ListingTest, PlusBringsTheAttributesAlong) {
  tree().put_file("/a", "12345");
  const DirHandle handle = client().opendir("/");
  Filler filler;
  fs().readdir(handle, 0, true, filler);
  fs().releasedir(handle);
  ASSERT_EQ(filler.taken.size(), 3u);
  const vfs::Looked& entry = filler.taken[2].entry;
  EXPECT_EQ(entry.attr.stat.st_size, 5);
  EXPECT_EQ(entry.attr.stat.st_ino, entry.ino);
  EXPECT_EQ(client().getattr(entry.ino).st_size, 5);
  EXPECT_EQ(remote_.calls(), 1u) << "ls -l costs one listing";
}

TEST_F(ListingTest, AnInterruptedOpendirStopsItsListing) {
  remote_.on(Op::list).hold();
  auto pending = client().opendir_later(root_ino);
  pending.interrupt();
  EXPECT_EQ(pending.code(), EINTR);
  EXPECT_EQ(remote_.on(Op::list).held(), 0u);
}

// A directory in which names come and go, listed once with dcache_timeout=3600, must not fill the memory.
TEST_F(ListingTest, IsFetchedAgainWhenLittleOfItIsLeft) {
  tree().put_file("/a", "");
  client().names("/");
  const std::size_t listings = remote_.calls(Op::list);
  for (int i = 0; i < 2'100; ++i) {
    client().rename("/a", "/b");
    client().rename("/b", "/a");
  }
  EXPECT_THAT(client().names("/"), ElementsAre("a"));
  EXPECT_EQ(remote_.calls(Op::list), listings + 1);
}

TEST_F(ListingTest, FailuresPassThrough) {
  tree().put_directory("/private");
  const vfs::Ino ino = client().ino("/private");
  remote_.on(Op::list).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(client().opendir_later(ino).code(), EACCES);
  EXPECT_EQ(client().opendir_later(ino).code(), 0);
}

TEST_F(ListingTest, AFileCannotBeListed) {
  tree().put_file("/a", "");
  EXPECT_EQ(errno_of([&] { client().opendir("/a"); }), ENOTDIR);
}

// Our own changes while a listing is on its way: the server may have read the directory before or after them.
class ListingInFlight : public ListingTest, public testing::WithParamInterface<When> {
 protected:
  Pending<DirHandle> start_listing() {
    const vfs::Ino directory = client().ino("/d");
    fs().drop_caches();
    remote_.on(Op::list).hold(GetParam());
    auto pending = client().opendir_later(directory);
    EXPECT_FALSE(pending.done());
    return pending;
  }
  std::vector<std::string> finish(Pending<DirHandle>& pending) {
    remote_.on(Op::list).release();
    const DirHandle handle = pending.get();
    off_t cookie = 0;
    auto names = next(handle, cookie, 100);
    fs().releasedir(handle);
    EXPECT_EQ(remote_.calls(Op::list), listings_);
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    return names;
  }
  std::size_t listings_ = 1;
};

TEST_P(ListingInFlight, ShowsADirectoryMadeMeanwhile) {
  tree().put_file("/d/a", "");
  const vfs::Ino directory = client().ino("/d");
  listings_ = remote_.calls(Op::list) + 1;
  auto listing = start_listing();
  test::run(io_, fs().mkdir(directory, "new", 0755, {}));
  EXPECT_THAT(finish(listing), UnorderedElementsAre("a", "new"));
  EXPECT_TRUE(client().exists("/d/new"));
}

TEST_P(ListingInFlight, DoesNotShowAFileRemovedMeanwhile) {
  tree().put_file("/d/a", "");
  tree().put_file("/d/b", "");
  const vfs::Ino directory = client().ino("/d");
  client().ino("/d/b");
  listings_ = remote_.calls(Op::list) + 1;
  auto listing = start_listing();
  test::run(io_, fs().unlink(directory, "b", {}));
  EXPECT_THAT(finish(listing), UnorderedElementsAre("a"));
  EXPECT_FALSE(client().exists("/d/b"));
}

// The server may have sent it before that.
TEST_P(ListingInFlight, DoesNotShowAHiddenNameThatGoesMeanwhile) {
  tree().put_file("/d/a", "");
  tree().put_file("/d/b", "");
  const vfs::Ino directory = client().ino("/d");
  const vfs::Handle handle = client().open("/d/b");
  test::run(io_, fs().unlink(directory, "b", {}));
  listings_ = remote_.calls(Op::list) + 1;
  auto listing = start_listing();
  client().release(handle);
  settle(io_);
  ASSERT_THAT(tree().names("/d"), UnorderedElementsAre("a"));
  EXPECT_THAT(finish(listing), UnorderedElementsAre("a"));
}

TEST_P(ListingInFlight, ShowsARenamedFileUnderItsNewNameOnly) {
  tree().put_file("/d/a", "12");
  const vfs::Ino directory = client().ino("/d");
  listings_ = remote_.calls(Op::list) + 1;
  auto listing = start_listing();
  test::run(io_, fs().rename(directory, "a", directory, "b", 0, {}));
  EXPECT_THAT(finish(listing), UnorderedElementsAre("b"));
  EXPECT_EQ(client().stat("/d/b").st_size, 2);
}

TEST_P(ListingInFlight, ShowsAFileCreatedMeanwhile) {
  tree().put_file("/d/a", "");
  const vfs::Ino directory = client().ino("/d");
  listings_ = remote_.calls(Op::list) + 1;
  auto listing = start_listing();
  const auto created = test::run(io_, fs().create(directory, "new", 0644, O_WRONLY | O_CREAT | O_EXCL, {}));
  client().write(created.opened.handle, 0, "12345");
  EXPECT_THAT(finish(listing), UnorderedElementsAre("a", "new"));
  EXPECT_EQ(client().stat("/d/new").st_size, 5);
  client().close(created.opened.handle);
}

std::string when_name(const testing::TestParamInfo<When>& when) {
  return when.param == When::before_effect ? "AfterTheChange" : "BeforeTheChange";
}
INSTANTIATE_TEST_SUITE_P(TheServerReadTheDirectory, ListingInFlight,
                         testing::Values(When::before_effect, When::after_effect), when_name);

TEST_F(ListingTest, RenamingEveryEntryWhileReadingComesToAnEnd) {
  put_files(20);
  const DirHandle handle = client().opendir("/");
  off_t cookie = 0;
  std::size_t seen = 0;
  for (auto names = next(handle, cookie, 4); !names.empty() && seen < 100; names = next(handle, cookie, 4)) {
    seen += names.size();
    for (const std::string& name : names) {
      if (name != "." && name != "..") client().rename("/" + name, "/" + name + ".x");
    }
  }
  fs().releasedir(handle);
  EXPECT_EQ(seen, 22u);
}

// ProFTPD's HiddenStores, for one.
TEST_F(ListingTest, AFileThatTheServerHidesUntilItIsCompleteShowsAllTheSame) {
  const vfs::Handle handle = client().create("/file");
  client().write(handle, 0, "content");
  tree().remove("/file");
  fs().drop_caches();
  EXPECT_THAT(client().names("/"), ElementsAre("file"));
  EXPECT_EQ(client().stat("/file").st_size, 7);
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "content");
  tree().remove("/file");
  fs().drop_caches();
  EXPECT_THAT(client().names("/"), IsEmpty()) << "once it was there, the server knows best";
}

}  // namespace
}  // namespace ftpfs::test
