// SPDX-License-Identifier: MIT
#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/mountpoint.hpp>

namespace ftpfs::fuse {
namespace {

namespace fs = std::filesystem;

class Mountpoint : public testing::Test {
 protected:
  Mountpoint() {
    std::string name = (fs::temp_directory_path() / "ftpfs-mountpoint-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~Mountpoint() override { fs::remove_all(folder_); }

  std::string prepare(const fs::path& path) {
    MountConfig config;
    config.mountpoint = path;
    return prepare_mountpoint(config, make_logger(LogSink::none, spdlog::level::off));
  }
  int refusal(const fs::path& path) {
    try {
      prepare(path);
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
      return error.code();
    }
    return 0;
  }

  fs::path folder_;
};

TEST_F(Mountpoint, AMissingOneIsRefused) {
  EXPECT_EQ(refusal(folder_ / "missing"), ENOENT);
}

TEST_F(Mountpoint, AFileIsRefused) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(refusal(folder_ / "file"), ENOTDIR);
}

TEST_F(Mountpoint, OneThatIsNotEmptyIsRefused) {
  std::ofstream(folder_ / "file") << "x";
  EXPECT_EQ(refusal(folder_), ENOTEMPTY);
}

TEST_F(Mountpoint, AnEmptyDirectoryIsTakenByItsCanonicalName) {
  if (!fs::exists("/dev/fuse")) GTEST_SKIP() << "no /dev/fuse";
  fs::create_directory(folder_ / "real");
  fs::create_symlink("real", folder_ / "link");
  EXPECT_EQ(prepare(folder_ / "link"), fs::canonical(folder_ / "real"));
}

TEST_F(Mountpoint, WithoutTheDeviceTheModuleIsNamed) {
  if (fs::exists("/dev/fuse")) GTEST_SKIP() << "there is a /dev/fuse";
  EXPECT_EQ(refusal(folder_), ENODEV);
}

TEST(MountOptions, AreSafeByDefault) {
  MountConfig config;
  config.fsname = "user@host:/path";
  EXPECT_EQ(mount_options(config), "fsname=user@host:/path,subtype=ftpfs,max_read=1048576,nosuid,nodev");
}

TEST(MountOptions, FollowTheConfiguration) {
  MountConfig config;
  config.fsname = "h";
  config.max_request = 65536;
  config.read_only = config.allow_other = config.default_permissions = true;
  config.suid = config.dev = config.noexec = true;
  EXPECT_EQ(mount_options(config),
            "fsname=h,subtype=ftpfs,max_read=65536,ro,allow_other,default_permissions,suid,dev,noexec");
}

TEST(MountOptions, AllowRootExcludesAllowOther) {
  MountConfig config;
  config.allow_other = config.allow_root = true;
  const std::string options = mount_options(config);
  EXPECT_NE(options.find(",allow_root"), std::string::npos);
  EXPECT_EQ(options.find("allow_other"), std::string::npos);
}

TEST(MountOptions, ASourceCannotSmuggleInAnOption) {
  MountConfig config;
  config.fsname = R"(host:/a,suid\b)";
  EXPECT_EQ(mount_options(config).substr(0, 25), R"(fsname=host:/a\,suid\\b,s)");
}

TEST(FuseConf, AllowsOthersOnlyByItsOwnLine) {
  EXPECT_TRUE(permits_allow_other("# x\nuser_allow_other\n"));
  EXPECT_TRUE(permits_allow_other("mount_max = 5\n  user_allow_other  "));
  EXPECT_FALSE(permits_allow_other(""));
  EXPECT_FALSE(permits_allow_other("#user_allow_other\n# user_allow_other\n"));
  EXPECT_FALSE(permits_allow_other("user_allow_other_not\nnot user_allow_other\n"));
}

constexpr const char* mountinfo =
    "25 0 254:0 / / rw,relatime - ext4 /dev/root rw\n"
    "40 25 0:35 / /mnt/a\\040b rw,nosuid shared:1 master:2 - fuse.ftpfs host:/ rw,user_id=0\n"
    "41 25 0:36 / /mnt/twice rw - tmpfs none rw\n"
    "42 41 0:37 / /mnt/twice rw - fuse.ftpfs host:/ rw\n"
    "broken line\n";

TEST(MountTable, TellsDeviceAndType) {
  const auto root = topmost_mount(mountinfo, "/");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->device, "254:0");
  EXPECT_EQ(root->type, "ext4");
}

TEST(MountTable, UnderstandsEscapedNamesAndTags) {
  const auto mount = topmost_mount(mountinfo, "/mnt/a b");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->device, "0:35");
  EXPECT_EQ(mount->type, "fuse.ftpfs");
}

// The kernel escapes blanks, tabs and line ends, and nothing else that is white space to the C library.
TEST(MountTable, DividesAtBlanksOnly) {
  const char* const text = "40 25 0:35 / /mnt/a\rb\v-\\040x\f rw - fuse.ftpfs joe\v@h:/ rw,user_id=0\n";
  const auto mount = topmost_mount(text, "/mnt/a\rb\v- x\f");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, "fuse.ftpfs");
  EXPECT_EQ(mount->source, "joe\v@h:/");
  EXPECT_EQ(mount->options, "rw,user_id=0");
}

TEST(MountTable, TheUppermostOfSeveralCounts) {
  EXPECT_EQ(topmost_mount(mountinfo, "/mnt/twice")->device, "0:37");
}

TEST(MountTable, NothingMountedIsNothing) {
  EXPECT_FALSE(topmost_mount(mountinfo, "/mnt"));
  EXPECT_FALSE(topmost_mount("", "/"));
}

TEST(MountTable, ReadsOurOwn) {
  EXPECT_TRUE(topmost_mount("/"));
}

}  // namespace
}  // namespace ftpfs::fuse
