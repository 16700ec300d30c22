// SPDX-License-Identifier: MIT
// What is large: one file, one directory. Small questions about it must stay small on the wire.
#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t MiB = 1u << 20;

class Large : public MountTest {};

TEST_P(Large, ThreeGigabytesAreReadAtBothEnds) {
  constexpr off_t size = 3'221'225'472 + 12'345;  // behind every limit of 31 and 32 bits
  server().put("huge", "HEAD");
  {
    const UniqueFd file{::open(root("huge").c_str(), O_WRONLY)};
    ASSERT_EQ(::pwrite(file.get(), "TAIL", 4, size - 4), 4);
  }
  EXPECT_EQ(sh("stat -c %s huge"), std::to_string(size) + "\n");
  const std::uint64_t before = loopback_bytes();
  EXPECT_EQ(sh("head -c 4 huge; tail -c 4 huge"), "HEADTAIL");
  // Two reads of a few bytes: the windows of read-ahead and what was under way when they closed, not the
  // file.
  EXPECT_LT(loopback_bytes() - before, 64 * MiB);
}

TEST_P(Large, MiddleOfABigFileIsReadWithoutTheRest) {
  const std::string content = noise(40 * MiB);
  server().put("big", content);
  const std::uint64_t before = loopback_bytes();
  EXPECT_EQ(sh("tail -c +20000001 big | head -c 1000 | sha256sum"),
            sh("tail -c +20000001 $ROOT/big | head -c 1000 | sha256sum"));
  EXPECT_LT(loopback_bytes() - before, 20 * MiB);
}

TEST_P(Large, SequentialReadIsExactAndTransfersTheFileOnce) {
  constexpr std::uint64_t size = 24 * MiB + 17;
  server().put("stream", noise(size));
  const std::uint64_t before = loopback_bytes();
  sh("cmp stream $ROOT/stream");
  EXPECT_LT(loopback_bytes() - before, size + size / 4);
}

TEST_P(Large, SequentialWriteIsExactAndTransfersTheFileOnce) {
  constexpr std::uint64_t size = 24 * MiB + 17;
  write_file(tmp("source"), noise(size));
  mounted();
  const std::uint64_t before = loopback_bytes();
  sh("cp $TMP/source copy && cmp $TMP/source $ROOT/copy");
  EXPECT_LT(loopback_bytes() - before, size + size / 4);
}

TEST_P(Large, RandomReadsAreExact) {
  const std::string content = noise(16 * MiB);
  server().put("random", content);
  const UniqueFd file{::open(mnt("random").c_str(), O_RDONLY)};
  ASSERT_TRUE(file);
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::uint64_t offset = i * 7'919'113 % (content.size() - 5000);
    std::string bytes(5000, '\0');
    ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)), 5000);
    ASSERT_EQ(bytes, content.substr(offset, 5000)) << "at " << offset;
  }
}

// With FTPFS_LONG of a hundred thousand.
TEST_P(Large, DirectoryOfTenThousandFiles) {
  const std::string count = std::getenv("FTPFS_LONG") ? "100000" : "10000";
  fs::create_directory(root("many"));
  sh("cd $ROOT/many && seq -f 'file-%06g' " + count + " | xargs touch");
  server().adopt();
  EXPECT_EQ(sh("ls many | wc -l"), count + "\n");
  EXPECT_EQ(sh("ls -l many | tail -n +2 | awk '{ print $NF }'"), sh("seq -f 'file-%06g' " + count));
  EXPECT_EQ(sh("find many -type f | wc -l"), count + "\n");
  EXPECT_EQ(sh("stat -c %s many/file-007777"), "0\n");
}

// 10,000 DELE are the server's time, not ours: a few hundred show that unlinking does not disturb the
// listing.
TEST_P(Large, RmOfManyFilesLeavesNone) {
  fs::create_directory(root("many"));
  sh("cd $ROOT/many && seq -f 'file-%05g' 600 | xargs touch");
  server().adopt();
  sh("rm -r many && ! test -e $ROOT/many && ! test -e many");
}

FTPFS_ON_ALL_SERVERS(Large);

}  // namespace
}  // namespace ftpfs::test
