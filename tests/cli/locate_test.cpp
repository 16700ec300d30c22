// SPDX-License-Identifier: MIT
// Which mount a path belongs to, by a table of mounts that are not there.
#include <filesystem>

#include <gtest/gtest.h>

#include <ftpfs/cli/locate.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;

class Locate : public testing::Test {
 protected:
  Locate() { add("/", "ext4"); }

  fuse::MountEntry& add(const std::string& where, const std::string& type = "fuse.ftpfs") {
    mounts_.push_back({"0:1", type, where, "joe@host:", "rw"});
    return mounts_.back();
  }
  std::string here(const std::string& name = "") const { return folder_.path() / name; }
  // "MOUNTPOINT|PATH", or "none".
  std::string found(const std::string& path) const {
    const auto located = locate(path, mounts_);
    return located ? located->mountpoint + "|" + located->below : "none";
  }

  test::TemporaryDirectory folder_;
  std::vector<fuse::MountEntry> mounts_;
};

TEST_F(Locate, PathsInAndBesideAMount) {
  add("/mnt/nas");
  EXPECT_EQ(found("/mnt/nas"), "/mnt/nas|/");
  EXPECT_EQ(found("/mnt/nas/"), "/mnt/nas|/");
  EXPECT_EQ(found("/mnt/nas/a/b"), "/mnt/nas|/a/b");
  EXPECT_EQ(found("/mnt/./nas/a//b/../c"), "/mnt/nas|/a/c");
  EXPECT_EQ(found("/mnt/nas/.."), "none");
  EXPECT_EQ(found("/mnt"), "none");
  EXPECT_EQ(found("/mnt/nas2/file"), "none") << "the same beginning is not enough";
}

TEST_F(Locate, TheNearestMountCounts) {
  add("/mnt/nas");
  add("/mnt/nas/inner", "tmpfs");
  add("/mnt/nas/inner/deep");
  EXPECT_EQ(found("/mnt/nas/inner/x"), "none");
  EXPECT_EQ(found("/mnt/nas/inner/deep/x"), "/mnt/nas/inner/deep|/x");
  EXPECT_EQ(found("/mnt/nas/innermost"), "/mnt/nas|/innermost");
}

TEST_F(Locate, OfTwoOnOneDirectoryTheUpperOne) {
  add("/mnt/nas");
  add("/mnt/nas", "tmpfs");
  EXPECT_EQ(found("/mnt/nas/x"), "none");
  add("/mnt/nas");
  EXPECT_EQ(found("/mnt/nas/x"), "/mnt/nas|/x");
}

TEST_F(Locate, LinksThatLeadToAMountAreFollowed) {
  fs::create_directory(here("mnt"));
  add(here("mnt"));
  fs::create_directory_symlink(here("mnt"), here("absolute"));
  fs::create_directory_symlink("mnt/dir", here("relative"));
  fs::create_directory_symlink("loop", here("loop"));
  EXPECT_EQ(found(here("absolute/file")), here("mnt") + "|/file");
  EXPECT_EQ(found(here("relative/file")), here("mnt") + "|/dir/file");
  EXPECT_EQ(found(here("relative/../file")), here("mnt") + "|/file") << "as the kernel goes";
  EXPECT_EQ(found(here("loop/file")), "none");
}

// Whoever looks would wait for the daemon.
TEST_F(Locate, LinksInsideAreNotLookedAt) {
  fs::create_directory(here("mnt"));
  fs::create_symlink("/etc/passwd", here("mnt/link"));
  add(here("mnt"));
  EXPECT_EQ(found(here("mnt/link")), here("mnt") + "|/link");
}

TEST_F(Locate, RelativePathsStartWhereWeAre) {
  const fs::path before = fs::current_path();
  fs::create_directory(here("mnt"));
  add(here("mnt"));
  fs::current_path(folder_.path());
  EXPECT_EQ(found("mnt/file"), here("mnt") + "|/file");
  EXPECT_EQ(found("./mnt"), here("mnt") + "|/");
  fs::current_path(before);
}

TEST(MountTable, IsReadWithItsSourcesAndOptions) {
  const auto mounts = fuse::parse_mounts(
      "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
      "40 22 0:44 / /mnt/my\\040nas rw,nosuid,nodev shared:7 - fuse.ftpfs joe@host:/a\\134b rw,user_id=1000\n"
      "nonsense\n");
  ASSERT_EQ(mounts.size(), 2u);
  EXPECT_EQ(mounts[1].mountpoint, "/mnt/my nas");
  EXPECT_EQ(mounts[1].source, "joe@host:/a\\b");
  EXPECT_EQ(mounts[1].type, "fuse.ftpfs");
  EXPECT_EQ(mounts[1].device, "0:44");
  EXPECT_EQ(mounts[1].options, "rw,user_id=1000");
}

}  // namespace
}  // namespace ftpfs::cli
