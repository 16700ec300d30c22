// SPDX-License-Identifier: MIT
#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <pwd.h>
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

std::string words_of_refusal(const std::string& base) {
  try {
    return "none: " + prepare_spool(base, config("a", "h", 21, ""), "/mnt");
  } catch (const Failure& failure) {
    return failure.what();
  }
}

// `mode` as chmod(1) has it, whatever the umask.
fs::path make_directory(const fs::path& path, unsigned mode) {
  fs::create_directory(path);
  fs::permissions(path, static_cast<fs::perms>(mode));
  return path;
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

// They could put a folder of their own in its place.
TEST(Spool, BelowADirectoryThatOthersMayWriteToIsRefusedBeforeAnythingIsMade) {
  const TemporaryDirectory directory;
  const fs::path open = make_directory(directory.path() / "open", 0757);
  EXPECT_EQ(words_of_refusal(open / "a/b"),
            "spool directory " + (open / "a/b").string() + ": others may write to " + open.string() +
                " and could put another in its place: give another spool_dir=DIR, or chmod go-w that one");
  EXPECT_TRUE(fs::is_empty(open));
  make_directory(open / "a", 0700);
  make_directory(open / "a/b", 0700);
  EXPECT_EQ(refusal(open / "a/b", "/mnt"), ExitStatus::local_files);
  make_directory(open, 01777);  // as /tmp: what is ours there stays ours
  EXPECT_EQ(refusal(open / "a/b", "/mnt"), ExitStatus::success);
}

// A home with a umask of 002 is daemon:daemon 0775, and daemon alone is in its group.
TEST(Spool, BelowADirectoryOfAGroupIsRefusedUnlessTheGroupIsTheUsersOwn) {
  const ::passwd* const user = ::getpwnam("daemon");
  if (::geteuid() != 0 || user == nullptr) GTEST_SKIP() << "only root can be anybody";
  const TemporaryDirectory directory;
  make_directory(directory.path(), 0755);
  const fs::path home = make_directory(directory.path() / "home", 0775);
  const auto as_user_in_home_of = [&](::gid_t group, const fs::path& spool) {
    EXPECT_EQ(::chown(home.c_str(), user->pw_uid, group), 0);
    EXPECT_EQ(::seteuid(user->pw_uid), 0);
    const ExitStatus status = refusal(spool, "/mnt");
    EXPECT_EQ(::seteuid(0), 0);
    return status;
  };
  EXPECT_EQ(as_user_in_home_of(user->pw_gid, home / "spool"), ExitStatus::success);
  EXPECT_EQ(as_user_in_home_of(user->pw_gid, home), ExitStatus::success);
  EXPECT_EQ(as_user_in_home_of(0, home / "spool"), ExitStatus::success);
  for (const ::gid_t others : {::gid_t{2}, ::gid_t{123456}}) {  // bin, and one that nobody knows
    EXPECT_EQ(as_user_in_home_of(others, home / "spool"), ExitStatus::local_files) << others;
    EXPECT_EQ(as_user_in_home_of(others, home), ExitStatus::local_files) << others;
  }
}

TEST(Spool, BelowADirectoryOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give it away";
  const TemporaryDirectory directory;
  const fs::path theirs = make_directory(directory.path() / "theirs", 0755);
  ASSERT_EQ(::chown(theirs.c_str(), 1, 0), 0);
  EXPECT_EQ(words_of_refusal(theirs / "spool"),
            "spool directory " + (theirs / "spool").string() + ": the owner of " + theirs.string() +
                ", who is another user, could put another in its place: give another spool_dir=DIR");
  ASSERT_EQ(::chown(theirs.c_str(), 65534, 0), 0);  // root's, seen from another namespace
  EXPECT_EQ(refusal(theirs / "spool", "/mnt"), ExitStatus::success);
}

// Made where everybody may make one, and before we came.
TEST(Spool, BehindALinkOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give it away";
  const TemporaryDirectory directory;
  const fs::path open = make_directory(directory.path() / "open", 01777);
  make_directory(directory.path() / "ours", 0700);
  fs::create_directory_symlink(directory.path() / "ours", open / "spool");
  EXPECT_EQ(refusal(open / "spool", "/mnt"), ExitStatus::success);
  ASSERT_EQ(::lchown((open / "spool").c_str(), 1, 1), 0);
  EXPECT_EQ(refusal(open / "spool", "/mnt"), ExitStatus::local_files);
  EXPECT_EQ(refusal(open / "spool/below", "/mnt"), ExitStatus::local_files);
  EXPECT_FALSE(fs::exists(directory.path() / "ours/below"));
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
