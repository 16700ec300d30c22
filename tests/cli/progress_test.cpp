// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <ftpfs/cli/mount_status.hpp>
#include <ftpfs/cli/progress.hpp>

namespace ftpfs::cli {
namespace {

TEST(ProgressBar, ShowsHowMuchIsDone) {
  Pending now{.files = 2, .bytes = 4096, .sent = 1024, .moved = 0, .per_second = 0, .seconds_left = {}};
  EXPECT_EQ(progress_line(now, 6144, 100), "[##########..........]  50 %  2 files, 3.0 KiB left");
  now.per_second = 1024;
  now.seconds_left = 3;
  EXPECT_EQ(progress_line(now, 6144, 100),
            "[##########..........]  50 %  2 files, 3.0 KiB left, 1.0 KiB/s, 3 s");
}

TEST(ProgressBar, BeginsAtNothingAndEndsFull) {
  EXPECT_EQ(progress_line({.files = 1, .bytes = 10}, 10, 31), "[....................]   0 %  1");
  EXPECT_EQ(progress_line({.files = 1, .bytes = 10, .sent = 10}, 10, 28), "[####################] 100 %");
  EXPECT_EQ(progress_line({.files = 1}, 0, 28), "[....................]   0 %") << "empty files only";
}

TEST(ProgressBar, MoreThanAtFirstIsNoLessThanNothing) {
  EXPECT_EQ(progress_line({.files = 9, .bytes = 999}, 10, 28), "[....................]   0 %");
}

TEST(ProgressBar, ReadsWhatTheDaemonTells) {
  const Pending now = parse_pending(progress_json({3, 3000, 1000}, {5000, 500}));
  EXPECT_EQ(now.files, 3u);
  EXPECT_EQ(now.left(), 2000u);
  EXPECT_EQ(now.moved, 5000u);
  EXPECT_EQ(now.seconds_left, 4u);
  EXPECT_FALSE(parse_pending(progress_json({3, 3000, 1000}, {5000, 0})).seconds_left) << "nothing moves";
  EXPECT_EQ(parse_pending("{}").files, 0u) << "of another version";
}

}  // namespace
}  // namespace ftpfs::cli
