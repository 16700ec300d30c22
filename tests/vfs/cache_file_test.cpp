// SPDX-License-Identifier: MIT
// Files of the persistent cache, whole and otherwise: whatever has become of one, it gives the bytes that
// were written, or nothing.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/vfs/cache_file.hpp>

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;
using vfs::CachedVersion;
using vfs::CacheFile;

constexpr std::size_t block_size = CacheFile::block_size;
constexpr std::size_t rest = 1000;  // of the second block

class CacheFileTest : public testing::Test {
 protected:
  CacheFileTest() {
    std::string name = (fs::temp_directory_path() / "ftpfs-cache-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    directory_ = name;
    folder_.reset(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    content_.resize(block_size + rest);
    std::uint64_t state = 1;
    for (char& each : content_) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      each = static_cast<char>(state >> 56);
    }
  }
  ~CacheFileTest() override { fs::remove_all(directory_); }

  std::unique_ptr<CacheFile> open(const CachedVersion& version) {
    return CacheFile::open(folder_.get(), "file", version);
  }
  Bytes block(std::size_t index) const {
    return as_bytes(content_).subspan(index * block_size, CacheFile::length(content_.size(), index));
  }
  void write_all() {
    const auto file = CacheFile::create(folder_.get(), "file", version_);
    for (std::size_t index = 0; index * block_size < content_.size(); ++index)
      file->note(index, file->write(index, block(index)));
  }
  void be_small() {
    content_.resize(rest);
    version_.size = rest;
  }
  // How many blocks are there; none of them may be another than was written.
  std::size_t right_blocks() {
    const auto file = open(version_);
    if (!file) return 0;
    std::size_t right = 0;
    for (const auto& [index, sum] : file->sums()) {
      Buffer found(CacheFile::length(content_.size(), index));
      if (!file->read(index, sum, found.bytes())) continue;
      const bool same = index * block_size < content_.size() &&
                        std::memcmp(found.data(), block(index).data(), found.size()) == 0;
      EXPECT_TRUE(same) << "block " << index << " is another one";
      if (same) ++right;
    }
    return right;
  }
  fs::path path() const { return directory_ / "file"; }
  std::string bytes() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void put_bytes(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }

  CachedVersion version_{"/docs/a file", block_size + rest, {1'700'000'000, Precision::second}};
  fs::path directory_;
  UniqueFd folder_;
  std::string content_;
};

TEST_F(CacheFileTest, GivesBackWhatWasWritten) {
  write_all();
  EXPECT_EQ(right_blocks(), 2u);
  EXPECT_EQ(CacheFile::path_of(folder_.get(), "file"), version_.path);
  EXPECT_EQ(fs::status(path()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(CacheFileTest, ABlockIsThereOnceItIsNoted) {
  const auto file = CacheFile::create(folder_.get(), "file", version_);
  const CacheFile::Sum sum = file->write(1, block(1));
  EXPECT_THAT(open(version_)->sums(), IsEmpty());
  file->note(1, sum);
  EXPECT_EQ(right_blocks(), 1u);
  file->forget(1);
  EXPECT_EQ(right_blocks(), 0u);
}

TEST_F(CacheFileTest, AnotherVersionIsRemoved) {
  const auto differing = [&](const std::function<void(CachedVersion&)>& change) {
    write_all();
    CachedVersion other = version_;
    change(other);
    EXPECT_EQ(open(other), nullptr);
    EXPECT_FALSE(fs::exists(path()));
  };
  differing([](CachedVersion& other) { ++other.size; });
  differing([](CachedVersion& other) { ++other.mtime.seconds; });
  differing([](CachedVersion& other) { other.mtime.precision = Precision::minute; });
  differing([](CachedVersion& other) { other.path += "x"; });
}

TEST_F(CacheFileTest, NoChangedByteIsEverShown) {
  be_small();
  write_all();
  const std::string whole = bytes();
  const std::size_t data = whole.size() - content_.size();
  const std::size_t sums = 48 + (version_.path.size() + 7) / 8 * 8;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    put_bytes(damaged);
    const std::size_t right = right_blocks();
    const bool counts = at < 48 + version_.path.size() || (at >= sums && at < sums + 8) || at >= data;
    EXPECT_EQ(right, counts ? 0u : 1u) << at;
  }
}

TEST_F(CacheFileTest, WhatWasCutOffIsNotThere) {
  be_small();
  write_all();
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    put_bytes(std::string_view(whole).substr(0, size));
    EXPECT_EQ(right_blocks(), 0u) << size;
  }
}

TEST_F(CacheFileTest, OneDamagedBlockIsNoneOfTheOthersBusiness) {
  write_all();
  std::string damaged = bytes();
  damaged[damaged.size() - rest - 5] = '?';
  put_bytes(damaged);
  EXPECT_EQ(right_blocks(), 1u);
  put_bytes(damaged.substr(0, damaged.size() - 1));
  EXPECT_EQ(right_blocks(), 0u);
}

// After a power failure: the sum has reached the disk, the block has not, or what was there before shows.
TEST_F(CacheFileTest, ASumWithoutItsBlockIsNothing) {
  write_all();
  const std::string whole = bytes();
  const std::size_t data = whole.size() - content_.size();
  std::string holes = whole.substr(0, data) + std::string(content_.size(), '\0');
  put_bytes(holes);
  EXPECT_EQ(right_blocks(), 0u);
  std::string half = whole;
  std::fill(half.begin() + static_cast<std::ptrdiff_t>(data + block_size / 2),
            half.begin() + static_cast<std::ptrdiff_t>(data + block_size), '\0');
  put_bytes(half);
  EXPECT_EQ(right_blocks(), 1u);
}

// Blocks of zeros are no holes: those have to be written, too.
TEST_F(CacheFileTest, ABlockOfZerosIsABlock) {
  const std::string zeros(block_size, '\0');
  const auto file = CacheFile::create(folder_.get(), "file", version_);
  file->note(0, file->write(0, as_bytes(zeros)));
  const auto again = open(version_);
  Buffer found(block_size);
  EXPECT_TRUE(again->read(0, again->sums().at(0), found.bytes()));
}

TEST_F(CacheFileTest, ABlockBelongsToItsPlaceAndItsFile) {
  const std::string text(block_size, 'x');
  const CachedVersion two{"/two", 2 * block_size, version_.mtime};
  const auto file = CacheFile::create(folder_.get(), "file", two);
  const CacheFile::Sum sum = file->write(0, as_bytes(text));
  EXPECT_NE(file->write(1, as_bytes(text)), sum);
  CachedVersion later = two;
  ++later.mtime.seconds;
  EXPECT_NE(CacheFile::create(folder_.get(), "other", later)->write(0, as_bytes(text)), sum);
}

TEST_F(CacheFileTest, OfALargeFileOnlyWhatIsThereTakesRoom) {
  CachedVersion large{"/large", CacheFile::largest, version_.mtime};
  const CacheFile::Index last = CacheFile::largest / block_size - 1;
  const std::string text(block_size, 'x');
  const auto file = CacheFile::create(folder_.get(), "file", large);
  file->note(last, file->write(last, as_bytes(text)));
  const auto again = open(large);
  ASSERT_NE(again, nullptr);
  EXPECT_THAT(again->sums(), SizeIs(1));
  EXPECT_TRUE(again->sums().contains(last));
  struct ::stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_LT(static_cast<std::size_t>(status.st_blocks) * 512, 2 * block_size);
}

TEST_F(CacheFileTest, NothingIsFollowedOutOfTheFolder) {
  write_all();
  const fs::path victim = directory_ / "victim";
  fs::rename(path(), victim);
  fs::create_symlink(victim, path());
  EXPECT_EQ(open(version_), nullptr);
  EXPECT_EQ(CacheFile::path_of(folder_.get(), "file"), std::nullopt);
  const auto size = fs::file_size(victim);
  CacheFile::create(folder_.get(), "file", version_);
  EXPECT_FALSE(fs::is_symlink(path()));
  EXPECT_EQ(fs::file_size(victim), size);
  fs::remove(path());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(open(version_), nullptr);  // and does not wait for a writer
}

}  // namespace
}  // namespace ftpfs::test
