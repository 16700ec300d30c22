// SPDX-License-Identifier: MIT
// log_file=: what a mount in the background logs, and where it may not.
#include <sys/stat.h>

#include "cli/mounted.hpp"

namespace ftpfs::test {
namespace {

class LogFileOption : public MountedTest {};

TEST_F(LogFileOption, HoldsWhatTheDaemonLogs) {
  const std::string log = scratch("ftpfs.log").string();
  ASSERT_EQ(start(served_->url(), "log_level=debug,log_file=" + log).status, 0);
  EXPECT_NE(read_file(log).find(" debug: "), std::string::npos) << read_file(log);
  const std::string before = read_file(log);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_TRUE(read_file(log).starts_with(before));
}

TEST_F(LogFileOption, IsRelativeToWhereTheCommandStands) {
  auto arguments = command(served_->url(), "log_level=debug,log_file=here.log");
  std::filesystem::create_directory(scratch("dir"));
  Process process({arguments, scratch("dir"), {{"FTPFS_PASSWORD", "secret"}}, scratch("output")});
  EXPECT_EQ(process.wait(), 0) << read_file(scratch("output"));
  EXPECT_NE(read_file(scratch("dir") / "here.log"), "");
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(LogFileOption, DoesNotFollowALink) {
  write_file(scratch("target"), "precious");
  std::filesystem::create_symlink(scratch("target"), scratch("link.log"));
  const Outcome outcome = start(served_->url(), "log_file=" + scratch("link.log").string());
  EXPECT_EQ(outcome.status, 16);
  EXPECT_NE(outcome.output.find("symbolic link"), std::string::npos) << outcome.output;
  EXPECT_EQ(read_file(scratch("target")), "precious");
  ASSERT_EQ(::mkfifo(scratch("fifo.log").c_str(), 0600), 0);
  EXPECT_EQ(start(served_->url(), "log_file=" + scratch("fifo.log").string()).status, 16);
  EXPECT_FALSE(mounted());
}

// As logrotate does it.
TEST_F(LogFileOption, IsOpenedAnewAtAHangUp) {
  const std::string log = scratch("ftpfs.log").string();
  mount("log_level=debug,log_file=" + log);
  std::filesystem::rename(log, log + ".1");
  process_->signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(log); }));
  const std::string old = read_file(log + ".1");
  process_->signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return read_file(log).find("counters: ") != std::string::npos; }));
  EXPECT_EQ(read_file(log + ".1"), old);
}

TEST_F(LogFileOption, CannotLieInsideTheMount) {
  expect_refusal(start(served_->url(), "log_file=" + (mountpoint() / "log").string()), 1);
}

TEST_F(LogFileOption, MustBeWritable) {
  expect_refusal(start(served_->url(), "log_file=" + (scratch("nowhere") / "log").string()), 16);
}

}  // namespace
}  // namespace ftpfs::test
