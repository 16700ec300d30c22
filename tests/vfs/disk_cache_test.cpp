// SPDX-License-Identifier: MIT
// What was read stays on this disk: later mounts do not fetch it again, and never show anything else than
// what the server has.
#include <filesystem>
#include <fstream>

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include <ftpfs/vfs/disk_cache.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

class DiskCacheTest : public VfsTest {
 protected:
  DiskCacheTest() {
    config_.cache_directory = fs::path(config_.spool_directory).parent_path() / "cache";
    config_.cache_min_free = 0;
    config_.block_bytes = mib;
    config_.fetch_ahead = false;
  }

  // As it was two days ago: nobody will write it once more within the same second.
  void put_old(std::string_view path, std::string content, std::int64_t age = 2 * 86'400) {
    tree().put_file(path, std::move(content))->mtime = tree().now() - age;
  }
  // Some time after the last read: the server has been looked at.
  void unmount() {
    settle(io_);
    VfsWorld::unmount();
  }
  std::string read(std::string_view path) { return client().read_file(path, mib); }
  std::string read_part(std::string_view path, std::uint64_t offset, std::size_t size) {
    const vfs::Handle handle = client().open(path);
    std::string part = client().read(handle, offset, size);
    client().release(handle);
    return part;
  }
  std::size_t streams() const { return remote_.sources().size(); }
  // RETRs that reading it takes, as long as what is read is right.
  std::size_t streams_to_read(std::string_view path) {
    const std::size_t before = streams();
    EXPECT_EQ(read(path), *tree().content(path));
    return streams() - before;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(config_.cache_directory, missing))
      found.push_back(entry.path());
    return found;
  }
  std::uint64_t bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const fs::path& file : files()) {
      struct ::stat status {};
      if (::stat(file.c_str(), &status) == 0) sum += static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    return sum;
  }
  template <class Condition>
  void await(Condition condition) {
    run_until(io_, condition);
  }
  std::uint64_t hits() { return fs().status().disk.value().uses.hits; }

  const std::string big_ = pattern(5 * mib + 123);
};

TEST_F(DiskCacheTest, WhatWasReadIsNotFetchedAgainByALaterMount) {
  put_old("/big", big_);
  EXPECT_EQ(streams_to_read("/big"), 1u);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
  unmount();
  advance(hours(1));
  EXPECT_EQ(streams_to_read("/big"), 0u);
  EXPECT_EQ(read_part("/big", 3 * mib + 17, 4096), big_.substr(3 * mib + 17, 4096));
  EXPECT_EQ(streams(), 1u);
}

TEST_F(DiskCacheTest, WithoutItNothingIsKept) {
  config_.cache_directory.clear();
  put_old("/big", big_);
  EXPECT_EQ(streams_to_read("/big"), 1u);
  EXPECT_EQ(fs().status().disk, std::nullopt);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 1u);
}

TEST_F(DiskCacheTest, AMountThatIsReadOnlyHasOneToo) {
  config_.read_only = true;
  put_old("/big", big_);
  read("/big");
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
}

TEST_F(DiskCacheTest, SmallReadsOfABlockTakeItFromTheDiskOnce) {
  put_old("/big", big_);
  read("/big");
  unmount();
  const vfs::Handle handle = client().open("/big");
  for (std::uint64_t offset = mib; offset < mib + request; offset += 4096)
    ASSERT_EQ(client().read(handle, offset, 4096), big_.substr(offset, 4096));
  client().release(handle);
  EXPECT_EQ(hits(), 1u);
  EXPECT_EQ(streams(), 1u);
}

TEST_F(DiskCacheTest, OfAFileThatIsThereInPartTheRestIsFetched) {
  config_.readahead_bytes = 64 * kib;
  put_old("/big", big_);
  EXPECT_EQ(read_part("/big", 0, 2 * mib), big_.substr(0, 2 * mib));
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 1u);
  EXPECT_GE(remote_.sources().back().offset, 2 * mib);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
}

TEST_F(DiskCacheTest, AnotherTimeIsAnotherFile) {
  put_old("/big", big_);
  read("/big");
  unmount();
  put_old("/big", pattern(big_.size(), 2), 86'400 + 3600);
  EXPECT_EQ(streams_to_read("/big"), 1u);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
  put_old("/big", pattern(big_.size(), 3), 86'400 + 1800);
  advance(config_.listing_ttl);
  EXPECT_EQ(streams_to_read("/big"), 1u);  // within a mount
  unmount();
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(DiskCacheTest, AnotherSizeIsAnotherFile) {
  put_old("/big", big_);
  read("/big");
  unmount();
  const std::int64_t age = 2 * 86'400;
  put_old("/big", big_ + "more", age);
  EXPECT_EQ(streams_to_read("/big"), 1u);
}

// A file that may be written once more within the same second, without a change of size: nothing would show.
TEST_F(DiskCacheTest, WhatIsYoungIsNotKept) {
  tree().put_file("/young", big_);
  EXPECT_EQ(streams_to_read("/young"), 1u);
  tree().find(Path("/young"))->content = pattern(big_.size(), 2);
  unmount();
  EXPECT_EQ(streams_to_read("/young"), 1u);
}

TEST_F(DiskCacheTest, WhatIsYoungIsKeptOnceItsSecondIsOver) {
  tree().put_file("/young", big_);
  const vfs::Handle handle = client().open("/young");  // which shows the time
  advance(seconds(4));
  EXPECT_EQ(client().read(handle, 0, request), big_.substr(0, request));
  client().release(handle);
  unmount();
  EXPECT_EQ(read_part("/young", 0, request), big_.substr(0, request));
  EXPECT_EQ(streams(), 1u);
}

TEST_F(DiskCacheTest, AMinuteTakesLonger) {
  remote_.set_list_precision(Precision::minute);
  remote_.set_stat_precision(Precision::minute);
  tree().put_file("/young", big_);
  const vfs::Handle handle = client().open("/young");
  advance(seconds(30));
  client().read(handle, 0, request);
  client().release(handle);
  unmount();
  EXPECT_EQ(read_part("/young", 0, request), big_.substr(0, request));
  EXPECT_EQ(streams(), 2u);
  put_old("/old", big_);
  advance(config_.listing_ttl);
  EXPECT_EQ(streams_to_read("/old"), 1u);
  unmount();
  EXPECT_EQ(streams_to_read("/old"), 0u);
}

// vsftpd: the listing shows minutes, MDTM seconds.
TEST_F(DiskCacheTest, TheSecondIsAskedForWhereTheListingShowsMinutes) {
  remote_.set_list_precision(Precision::minute);
  remote_.set_capabilities({.cheap_stat = false});
  put_old("/big", big_);
  client().names("/");
  advance(milliseconds(10));
  EXPECT_EQ(streams_to_read("/big"), 1u);
  unmount();
  client().names("/");
  advance(milliseconds(10));
  EXPECT_EQ(streams_to_read("/big"), 0u);
  unmount();
  const auto node = tree().find(Path("/big"));
  node->content = pattern(big_.size(), 2);
  node->mtime += node->mtime % 60 < 30 ? 7 : -7;  // in the same minute
  client().names("/");
  advance(milliseconds(10));
  EXPECT_EQ(streams_to_read("/big"), 1u);
}

TEST_F(DiskCacheTest, OurOwnChangeCountsWhateverTheTimeSays) {
  put_old("/big", big_);
  read("/big");
  const std::int64_t mtime = tree().find(Path("/big"))->mtime;
  const std::string changed = pattern(big_.size(), 2);
  client().write_file("/big", changed);
  vfs::Changes back;
  back.mtime = mtime;
  client().setattr("/big", back);
  ASSERT_EQ(tree().find(Path("/big"))->mtime, mtime);
  unmount();
  EXPECT_EQ(read("/big"), changed);
  EXPECT_EQ(streams(), 2u);
}

TEST_F(DiskCacheTest, ATruncatedFileIsAnother) {
  put_old("/big", big_);
  read("/big");
  client().truncate("/big", mib);
  EXPECT_EQ(read("/big"), big_.substr(0, mib));
  unmount();
  EXPECT_EQ(read("/big"), big_.substr(0, mib));
}

TEST_F(DiskCacheTest, ARenamedFileTakesTheNameWithItsContent) {
  put_old("/a", big_);
  put_old("/b", pattern(big_.size(), 2));
  tree().find(Path("/b"))->mtime = tree().find(Path("/a"))->mtime;  // same size, same time
  read("/a");
  read("/b");
  client().rename("/a", "/b");
  EXPECT_EQ(read("/b"), big_);
  unmount();
  EXPECT_EQ(read("/b"), big_);
}

TEST_F(DiskCacheTest, ARenamedDirectoryTakesItsFilesAlong) {
  put_old("/new/deep/file", big_);
  put_old("/current/deep/file", pattern(big_.size(), 2));
  tree().find(Path("/new/deep/file"))->mtime = tree().find(Path("/current/deep/file"))->mtime;
  put_old("/newer", big_);
  read("/new/deep/file");
  read("/current/deep/file");
  read("/newer");
  client().rename("/current", "/old");
  client().rename("/new", "/current");
  EXPECT_EQ(read("/current/deep/file"), big_);
  unmount();
  EXPECT_EQ(read("/current/deep/file"), big_);
  EXPECT_EQ(read("/old/deep/file"), pattern(big_.size(), 2));
  EXPECT_EQ(streams_to_read("/newer"), 0u);  // only begins like it
}

TEST_F(DiskCacheTest, ARemovedFileIsForgotten) {
  put_old("/big", big_);
  read("/big");
  client().unlink("/big");
  await([&] { return files().empty(); });
  put_old("/big", pattern(big_.size(), 2));
  advance(config_.listing_ttl);
  EXPECT_EQ(streams_to_read("/big"), 1u);
}

// The name is given to another file between the look and the stream, and back again afterwards.
TEST_F(DiskCacheTest, AStreamIsKeptOnlyIfTheVersionIsThereAfterItHasBegun) {
  put_old("/file", big_);
  const auto ours = tree().find(Path("/file"));
  const vfs::Handle handle = client().open("/file");
  put_old("/file", pattern(big_.size(), 2), 86'400 + 3600);
  for (std::uint64_t offset = 0; offset < big_.size(); offset += mib) client().read(handle, offset, mib);
  client().release(handle);
  unmount();
  tree().find(Path("/"))->children["file"] = ours;
  EXPECT_EQ(streams_to_read("/file"), 1u);
}

TEST_F(DiskCacheTest, WhatTheDiskJoinsIsOfOneVersion) {
  put_old("/big", big_);
  read_part("/big", 0, mib);
  unmount();
  const vfs::Handle handle = client().open("/big");
  EXPECT_EQ(client().read(handle, 0, request), big_.substr(0, request));
  advance(seconds(10));
  tree().put_file("/big", pattern(big_.size(), 2));
  EXPECT_EQ(client().read_later(handle, 4 * mib, request).code(), EIO);
  client().release(handle);
}

// With one session the look comes when the stream has ended.
TEST_F(DiskCacheTest, OneSessionIsEnough) {
  remote_.set_sessions(1);
  remote_.set_spare(0);
  put_old("/big", big_);
  EXPECT_EQ(streams_to_read("/big"), 1u);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
}

TEST_F(DiskCacheTest, ASecondMountWorksWithoutIt) {
  put_old("/big", big_);
  read("/big");
  vfs::VfsConfig config = config_;
  config.spool_directory += "-second";
  vfs::Vfs second(io_.get_executor(), remote_, clock_, make_logger(LogSink::none, spdlog::level::off),
                  config);
  Client other(io_, second);
  EXPECT_EQ(second.status().disk, std::nullopt);
  EXPECT_EQ(other.read_file("/big"), big_);
  EXPECT_EQ(streams(), 2u);
  other.forget_all();
  run(io_, second.shutdown(clock_.now() + seconds(1)));
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);  // the first one's is as it was
}

TEST_F(DiskCacheTest, WhatWasUsedLeastRecentlyGoesFirst) {
  config_.cache_bytes = 8 * mib;
  for (const std::string name : {"/1", "/2", "/3"}) {
    put_old(name, pattern(2 * mib, static_cast<unsigned>(name[1])));
    read(name);
    advance(seconds(1));
  }
  unmount();  // the order outlives a mount
  EXPECT_EQ(streams_to_read("/1"), 0u);
  advance(seconds(1));
  put_old("/4", pattern(2 * mib, 4));
  put_old("/5", pattern(mib, 5));
  read("/4");
  read("/5");
  unmount();
  EXPECT_LE(bytes_on_disk(), config_.cache_bytes);
  EXPECT_EQ(streams_to_read("/1"), 0u);
  EXPECT_EQ(streams_to_read("/4"), 0u);
  EXPECT_EQ(streams_to_read("/5"), 0u);
  EXPECT_EQ(streams_to_read("/2"), 1u);
}

TEST_F(DiskCacheTest, OneFileDoesNotPushOutAllOthers) {
  config_.cache_bytes = 8 * mib;
  put_old("/small", pattern(mib, 1));
  put_old("/huge", pattern(20 * mib, 2));
  read("/small");
  EXPECT_EQ(streams_to_read("/huge"), 1u);
  unmount();
  EXPECT_LE(bytes_on_disk(), 6 * mib);
  EXPECT_EQ(streams_to_read("/small"), 0u);
}

TEST_F(DiskCacheTest, ASmallerCacheIsMadeSo) {
  for (const std::string name : {"/1", "/2", "/3"}) {
    put_old(name, pattern(2 * mib, 1));
    read(name);
  }
  unmount();
  config_.cache_bytes = 3 * mib;
  fs();
  await([&] { return files().size() <= 1; });
}

TEST_F(DiskCacheTest, WhatWasNotUsedForLongGoes) {
  config_.cache_age = hours(48);
  put_old("/used", pattern(mib, 1));
  put_old("/unused", pattern(mib, 2));
  read("/used");
  read("/unused");
  unmount();
  advance(hours(30));
  read("/used");
  advance(hours(30));
  await([&] { return files().size() == 1; });
  EXPECT_EQ(streams_to_read("/used"), 0u);
  unmount();
  advance(hours(100));
  fs();  // also what has grown old while nothing was mounted
  await([&] { return files().empty(); });
}

TEST_F(DiskCacheTest, WhatIsNotInUseGoesWhereTheDiskHasTooLittleRoom) {
  put_old("/before", big_);
  put_old("/now", big_);
  read("/before");
  unmount();
  ASSERT_THAT(files(), SizeIs(1));
  const fs::path before = files()[0];
  config_.cache_min_free = 1ull << 60;
  read("/now");
  await([&] { return !fs::exists(before); });
}

TEST_F(DiskCacheTest, NothingIsKeptWhereTheDiskHasTooLittleRoom) {
  config_.cache_min_free = 1ull << 60;
  put_old("/first", big_);
  put_old("/second", big_);
  put_old("/third", big_);
  read("/first");
  client().unlink("/first");  // on the disk after what was kept of it: the room has been looked at then
  await([&] { return files().empty(); });
  settle(io_);
  EXPECT_EQ(read("/second"), big_);
  unmount();
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(streams_to_read("/third"), 1u);  // perhaps there is room now
  unmount();
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(DiskCacheTest, ADamagedBlockIsFetchedAgain) {
  put_old("/big", big_);
  read("/big");
  unmount();
  ASSERT_THAT(files(), SizeIs(1));
  {
    std::fstream file(files()[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-100, std::ios::end);
    file.put('?');
  }
  EXPECT_EQ(streams_to_read("/big"), 1u);
  EXPECT_GE(remote_.sources().back().offset, 4 * mib);
  unmount();
  EXPECT_EQ(streams_to_read("/big"), 0u);
}

// kill -9 at many moments of reading, with files that change in between.
TEST_F(DiskCacheTest, WhateverACrashLeavesIsRightOrNotThere) {
  remote_.set_piece(100 * kib);
  std::size_t kept = 0;
  for (unsigned round = 0; round < 40; ++round) {
    if (round % 8 == 0) {
      put_old("/file", pattern(4 * mib + round, round), 2 * 86'400 + round);
      advance(config_.listing_ttl);
    }
    const std::string content = *tree().content("/file");
    const vfs::Handle handle = client().open("/file");
    Pending<Slices> last = client().read_later(handle, 3 * mib, mib);
    ASSERT_EQ(client().read(handle, 0, request), content.substr(0, request));
    for (unsigned step = 0; step < round * 3; ++step) io_.poll_one();
    crash();
    const std::size_t before = streams();
    ASSERT_EQ(read("/file"), content) << round;
    kept += streams() == before ? 1 : 0;
    if (round % 3 == 0) unmount();
  }
  EXPECT_GT(kept, 0u);
}

// As a full or broken disk does it: a write fails.
TEST_F(DiskCacheTest, ABrokenDiskIsGivenUp) {
  put_old("/1", big_);
  put_old("/2", big_);
  EXPECT_EQ(streams_to_read("/1"), 1u);
  unmount();  // it is on the disk whole: a thread writes it
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const ::rlimit small{mib, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  EXPECT_EQ(streams_to_read("/2"), 1u);
  await([&] { return !fs().status().disk; });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(read("/1"), big_);
  EXPECT_EQ(read("/2"), big_);
  unmount();
  EXPECT_EQ(streams_to_read("/1"), 0u);  // what was there is there again
}

TEST_F(DiskCacheTest, AFolderOfOthersIsRefused) {
  fs::create_directory(config_.cache_directory);
  fs::permissions(config_.cache_directory, fs::perms::all);
  EXPECT_THROW(fs(), Error);
  fs::remove(config_.cache_directory);
  fs::create_symlink("/tmp", config_.cache_directory);
  EXPECT_THROW(fs(), Error);
  fs::remove(config_.cache_directory);
}

TEST_F(DiskCacheTest, OtherFilesInTheFolderAreLeftAlone) {
  put_old("/big", big_);
  read("/big");
  unmount();
  std::ofstream(fs::path(config_.cache_directory) / "notes") << "mine";
  std::ofstream(fs::path(config_.cache_directory) / ".gone-7") << "an earlier mount's";
  config_.cache_age = seconds(1);
  advance(hours(1));
  fs();
  await([&] { return files().size() == 1; });
  EXPECT_EQ(files()[0].filename(), "notes");
}

TEST_F(DiskCacheTest, SmallFilesThatAreFetchedAheadAreKeptToo) {
  config_.fetch_ahead = true;
  const auto name = [](int number) { return "/dir/" + std::to_string(100 + number); };
  for (int i = 0; i < 20; ++i) put_old(name(i), pattern(3000, static_cast<unsigned>(i)));
  client().names("/dir");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read(name(i)), *tree().content(name(i)));
  EXPECT_THAT(remote_.fetched(), testing::Not(IsEmpty()));
  const std::size_t fetched = remote_.fetched().size(), before = streams();
  unmount();
  client().names("/dir");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(read(name(i)), *tree().content(name(i)));
  EXPECT_EQ(remote_.fetched().size(), fetched);
  EXPECT_EQ(streams(), before);
}

TEST_F(DiskCacheTest, SaysHowFullItIsAndHowOftenItHelped) {
  put_old("/big", big_);
  read("/big");
  unmount();
  read("/big");
  const vfs::Status now = fs().status();
  EXPECT_EQ(now.cache, config_.cache_directory);
  ASSERT_TRUE(now.disk);
  EXPECT_EQ(now.disk->entries, 1u);
  EXPECT_GE(now.disk->bytes, big_.size());
  EXPECT_LE(now.disk->bytes, big_.size() + 64 * kib);
  EXPECT_EQ(now.disk->capacity, config_.cache_bytes);
  EXPECT_EQ(now.disk->uses.hits, 6u);
  EXPECT_EQ(now.disk->uses.misses, 0u);
}

}  // namespace
}  // namespace ftpfs::test
