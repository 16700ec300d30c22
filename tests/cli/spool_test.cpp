// SPDX-License-Identifier: MIT
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/spool.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

ftp::FtpConfig config(std::string user, std::string host, std::uint16_t port, std::string directory) {
  ftp::FtpConfig made;
  made.user = std::move(user);
  made.host = std::move(host);
  made.port = port;
  made.directory = std::move(directory);
  return made;
}

ExitStatus refusal(const std::string& base, const std::string& mountpoint) {
  try {
    prepare_spool(base, config("a", "h", 21, ""), mountpoint);
    return ExitStatus::success;
  } catch (const Failure& failure) {
    return failure.status();
  }
}

TEST(SpoolFolderName, DiffersForWhateverDiffers) {
  const std::set<std::string> names{
      spool_folder_name(config("a", "h", 21, "d")),  spool_folder_name(config("b", "h", 21, "d")),
      spool_folder_name(config("a", "i", 21, "d")),  spool_folder_name(config("a", "h", 22, "d")),
      spool_folder_name(config("a", "h", 21, "/d")), spool_folder_name(config("a_", "h", 21, "d")),
      spool_folder_name(config("a/", "h", 21, "d"))};
  EXPECT_EQ(names.size(), 7u);
}

TEST(SpoolFolderName, StaysTheSame) {
  EXPECT_EQ(spool_folder_name(config("alice", "ftp.example.org", 21, "/a")),
            spool_folder_name(config("alice", "ftp.example.org", 21, "/a")));
  EXPECT_TRUE(
      spool_folder_name(config("alice", "ftp.example.org", 21, "/a")).starts_with("alice@ftp.example.org-"));
}

TEST(SpoolFolderName, IsOneHarmlessComponent) {
  const std::string name = spool_folder_name(config("../../x\n", std::string(300, 'h'), 21, "/"));
  EXPECT_EQ(name.find_first_of("/\n"), std::string::npos);
  EXPECT_LE(name.size(), 255u);
}

TEST(Spool, IsMadePrivateWithAllItsParents) {
  const TemporaryDirectory directory;
  const fs::path base = directory.path() / "a/b/ftpfs";
  const fs::path folder = prepare_spool(base, config("a", "h", 21, ""), "/mnt");
  EXPECT_EQ(folder.parent_path(), base);
  EXPECT_EQ(fs::status(base).permissions(), fs::perms::owner_all);
  EXPECT_FALSE(fs::exists(folder));  // the vfs makes it
  EXPECT_EQ(prepare_spool(base, config("a", "h", 21, ""), "/mnt"), folder);
}

TEST(Spool, InsideTheMountpointIsRefusedBeforeAnythingIsMade) {
  const TemporaryDirectory directory;
  const std::string mountpoint = directory.path() / "mnt";
  fs::create_directory(mountpoint);
  EXPECT_EQ(refusal(mountpoint + "/spool", mountpoint), ExitStatus::usage);
  EXPECT_EQ(refusal(mountpoint, mountpoint), ExitStatus::usage);
  EXPECT_TRUE(fs::is_empty(mountpoint));
  fs::create_directory_symlink(mountpoint, directory.path() / "link");
  EXPECT_EQ(refusal(directory.path() / "link/spool", mountpoint), ExitStatus::usage);
  EXPECT_EQ(refusal(mountpoint + "-spool", mountpoint), ExitStatus::success);
}

TEST(Spool, WhereOthersMayWriteIsRefused) {
  const TemporaryDirectory directory;
  const fs::path open = directory.path() / "open";
  fs::create_directory(open);
  fs::permissions(open, fs::perms::all);
  EXPECT_EQ(refusal(open, "/mnt"), ExitStatus::local_files);
}

TEST(Spool, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give it away";
  const TemporaryDirectory directory;
  const fs::path theirs = directory.path() / "theirs";
  fs::create_directory(theirs);
  fs::permissions(theirs, fs::perms::owner_all);
  ASSERT_EQ(::chown(theirs.c_str(), 1, 1), 0);
  EXPECT_EQ(refusal(theirs, "/mnt"), ExitStatus::local_files);
}

TEST(Spool, WhatIsNoDirectoryIsRefused) {
  const TemporaryDirectory directory;
  EXPECT_EQ(refusal(directory.write("file", ""), "/mnt"), ExitStatus::local_files);
  EXPECT_EQ(refusal(directory.write("file", "") + "/below", "/mnt"), ExitStatus::local_files);
}

TEST(Spool, OfAUserIsInTheStateDirectory) {
  const test::Variable state("XDG_STATE_HOME", "/s");
  const test::Variable home("HOME", "/h");
  EXPECT_EQ(default_spool_base(), ::geteuid() == 0 ? "/var/lib/ftpfs" : "/s/ftpfs");
}

}  // namespace
}  // namespace ftpfs::cli
