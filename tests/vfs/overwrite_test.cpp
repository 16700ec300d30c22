// SPDX-License-Identifier: MIT
// Changing part of a file that exists: the rest is fetched when it is needed, not before, and stays as it
// was.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::SizeIs;

class OverwriteTest : public VfsTest {
 protected:
  OverwriteTest() { tree().put_file("/file", base_); }

  std::string replaced(std::size_t offset, std::string_view bytes) const {
    std::string result = base_;
    return result.replace(offset, bytes.size(), bytes);
  }

  const std::string base_ = pattern(mib);
};

TEST_F(OverwriteTest, TheMiddleChangesAndTheRestStays) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 500'000, "CHANGED");
  EXPECT_EQ(client().read(handle, 499'990, 30), replaced(500'000, "CHANGED").substr(499'990, 30));
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == replaced(500'000, "CHANGED"));
  EXPECT_EQ(remote_.calls(Op::commit), 1u);
}

TEST_F(OverwriteTest, BothEndsChange) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "START");
  client().write(handle, base_.size() - 3, "ENDED");
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == "START" + base_.substr(5, base_.size() - 8) + "ENDED");
}

TEST_F(OverwriteTest, EveryByteReplacedMeansNothingFetched) {
  const std::string content = pattern(mib, 2);
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, content);
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == content);
  EXPECT_EQ(remote_.bytes_read(), 0u);
}

TEST_F(OverwriteTest, ASmallReadOfAChangedBigFileFetchesLittle) {
  const std::string big = pattern(32 * mib);
  tree().put_file("/big", big);
  const vfs::Handle handle = client().open("/big", O_RDWR);
  client().write(handle, 16 * mib, "CHANGED");
  EXPECT_EQ(client().read(handle, 16 * mib - 4, 20),
            big.substr(16 * mib - 4, 4) + "CHANGED" + big.substr(16 * mib + 7, 9));
  EXPECT_EQ(client().read(handle, 5 * mib, 4096), big.substr(5 * mib, 4096));
  settle(io_);
  EXPECT_LE(remote_.bytes_read(), 4 * mib);
  client().unlink("/big");  // so that nothing has to go up
  client().release(handle);
}

TEST_F(OverwriteTest, ReadsThroughAnotherHandleSeeTheChange) {
  const vfs::Handle reader = client().open("/file");
  EXPECT_EQ(client().read(reader, 0, 4096), base_.substr(0, 4096));
  const vfs::Handle writer = client().open("/file", O_WRONLY);
  client().write(writer, 100, "CHANGED");
  EXPECT_EQ(client().read(reader, 0, 4096), replaced(100, "CHANGED").substr(0, 4096));
  client().close(writer);
  EXPECT_EQ(client().read(reader, 0, 4096), replaced(100, "CHANGED").substr(0, 4096));
  client().release(reader);
}

TEST_F(OverwriteTest, ALostConnectionWhileTheRestIsFetchedIsMended) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 500'000, "CHANGED");
  remote_.fail_sources_after(100'000, ConnectionLost(EIO, "reset"));
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == replaced(500'000, "CHANGED"));
}

TEST_F(OverwriteTest, WhenTheRestCannotBeFetchedTheServersFileStaysWhole) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 500'000, "CHANGED");
  remote_.on(Op::open_source).fail_next(Error(EACCES, "550"), 100);
  EXPECT_NE(client().flush_later(handle).code(), 0);
  EXPECT_TRUE(tree().content("/file") == base_);
  remote_.on(Op::open_source).fail_no_more();
  client().close(handle);
  EXPECT_TRUE(tree().content("/file") == replaced(500'000, "CHANGED"));
}

TEST_F(OverwriteTest, AShortBaseIsAnErrorNotAHole) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 500'000, "CHANGED");
  const std::string shorter = base_.substr(0, 1'000);
  tree().find(Path("/file"))->content = shorter;
  EXPECT_THAT(client().flush_later(handle).code(), testing::AnyOf(EIO, ESTALE));
  EXPECT_EQ(tree().content("/file"), shorter);
  client().unlink("/file");
  client().release(handle);
}

// truncate(2) and ftruncate(2): `with_handle` tells which.
class TruncateTest : public OverwriteTest, public testing::WithParamInterface<bool> {
 protected:
  void truncate(std::uint64_t size) {
    if (!GetParam()) return client().truncate("/file", size);
    const vfs::Handle handle = client().open("/file", O_RDWR);
    client().truncate(handle, client().ino("/file"), size);
    EXPECT_EQ(static_cast<std::uint64_t>(client().stat("/file").st_size), size);
    client().close(handle);
  }
};

TEST_P(TruncateTest, DownKeepsTheBeginning) {
  truncate(1000);
  EXPECT_EQ(tree().content("/file"), base_.substr(0, 1000));
  EXPECT_EQ(client().stat("/file").st_size, 1000);
}

TEST_P(TruncateTest, ToZeroFetchesNothing) {
  truncate(0);
  EXPECT_EQ(tree().content("/file"), "");
  EXPECT_EQ(remote_.bytes_read(), 0u);
  EXPECT_EQ(client().stat("/file").st_size, 0);
}

TEST_P(TruncateTest, UpAddsZeros) {
  truncate(base_.size() + 1000);
  EXPECT_TRUE(tree().content("/file") == base_ + std::string(1000, '\0'));
}

TEST_P(TruncateTest, ToTheSameSizeChangesNothing) {
  truncate(base_.size());
  EXPECT_TRUE(tree().content("/file") == base_);
}

std::string by_what(const testing::TestParamInfo<bool>& with_handle) {
  return with_handle.param ? "ByHandle" : "ByName";
}
INSTANTIATE_TEST_SUITE_P(File, TruncateTest, testing::Bool(), by_what);

TEST_F(OverwriteTest, DownAndUpAgainLeavesZerosNotTheOldBytes) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().truncate(handle, client().ino("/file"), 1000);
  client().truncate(handle, client().ino("/file"), 5000);
  const std::string expected = base_.substr(0, 1000) + std::string(4000, '\0');
  EXPECT_EQ(client().read(handle, 0, 10'000), expected);
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), expected);
}

TEST_F(OverwriteTest, TruncatingAFileBeingWrittenByNameCounts) {
  const vfs::Handle handle = client().open("/file", O_RDWR);
  client().write(handle, 0, "START");
  client().truncate("/file", 3);
  client().close(handle);
  EXPECT_EQ(tree().content("/file"), "STA");
}

TEST_F(OverwriteTest, ATruncationThatFailsSaysSo) {
  remote_.on(Op::open_sink).fail_next(Error(EACCES, "553"), 100);
  remote_.on(Op::rename).fail_next(Error(EACCES, "553"), 100);
  EXPECT_EQ(errno_of([&] { client().truncate("/file", 0); }), EACCES);
  EXPECT_TRUE(tree().content("/file") == base_);
}

}  // namespace
}  // namespace ftpfs::test
