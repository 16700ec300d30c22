// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/cli/exit_status.hpp>

namespace ftpfs::cli {
namespace {

TEST(FailureLine, NamesHostTextAndTheServersWords) {
  EXPECT_EQ(failure_line("ftp.example.org", Error(EACCES, "log-in refused", "530 Login incorrect.")),
            "ftpfs: ftp.example.org: log-in refused (server said: 530 Login incorrect.)");
}

TEST(FailureLine, LeavesOutWhatThereIsNot) {
  EXPECT_EQ(failure_line("", Error(EINVAL, "bad option")), "ftpfs: bad option");
}

TEST(FailureLine, IsOneHarmlessLineWhateverTheServerSays) {
  EXPECT_EQ(failure_line("h", Error(EIO, "a\nb", "530 \x1b[2J\x9b gone\r\nftpfs: h: all is well")),
            "ftpfs: h: a\\x0Ab (server said: 530 \\x1B[2J\\x9B gone\\x0D\\x0Aftpfs: h: all is well)");
}

TEST(MountErrors, AreSortedAsMountSortsThem) {
  EXPECT_EQ(status_of_mount_error(EPERM), ExitStatus::usage);
  EXPECT_EQ(status_of_mount_error(EACCES), ExitStatus::usage);
  EXPECT_EQ(status_of_mount_error(ENODEV), ExitStatus::system);
  EXPECT_EQ(status_of_mount_error(ENOMEM), ExitStatus::system);
  EXPECT_EQ(status_of_mount_error(ENOENT), ExitStatus::mount_failed);
  EXPECT_EQ(status_of_mount_error(EBUSY), ExitStatus::mount_failed);
  EXPECT_EQ(status_of_mount_error(ENOTEMPTY), ExitStatus::mount_failed);
}

}  // namespace
}  // namespace ftpfs::cli
