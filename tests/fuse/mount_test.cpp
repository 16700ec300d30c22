// SPDX-License-Identifier: MIT
// The real kernel in place of the fake one. The loop runs on the test's thread, the program that uses the
// mount on another. What the file system does is tested elsewhere; this is about mounting, being interrupted
// and going away.
#include <atomic>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <thread>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/fuse/channel.hpp>
#include <ftpfs/fuse/mount_table.hpp>
#include <ftpfs/fuse/question.hpp>

#include "fuse/rig.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

// The loop does not count as idle while one lives: a thread will post to it.
auto keep_running(asio::io_context& io) {
  return asio::require(io.get_executor(), asio::execution::outstanding_work.tracked);
}

class MountTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    if (!UniqueFd(::open("/dev/fuse", O_RDWR | O_CLOEXEC))) GTEST_SKIP() << "needs /dev/fuse";
    fs::create_directory(mountpoint_);
    rig_.remote.tree().put_file("/hello", "hello, world");
    config_.mountpoint = mountpoint_;
    config_.fsname = "user@host:/a,b";
  }
  void TearDown() override {
    channel_.reset();
    run_until(rig_.io, [&] { return ended_; });
    while (fuse::topmost_mount(mountpoint_.string())) {
      ADD_FAILURE() << "left mounted";
      if (::umount2(mountpoint_.c_str(), MNT_DETACH) != 0) break;
    }
    EXPECT_FALSE(rig_.logged("bug:")) << rig_.log.str();
  }

  void mount() {
    auto channel = std::make_unique<fuse::Channel>(rig_.io.get_executor(), rig_.vfs, rig_.logger, config_);
    channel->mount();
    channel_ = std::move(channel);
    ended_ = false;
    asio::co_spawn(rig_.io, channel_->run(), [this](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      ended_ = true;
    });
  }
  int mount_refusal() {
    return failure_of([this] { mount(); });
  }
  template <class Work>
  static int failure_of(Work work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return 0;
  }

  // Runs `program` on a thread of its own while the mount is served.
  template <class Program>
  void use(Program program) {
    const auto waiting = keep_running(rig_.io);
    std::atomic<bool> finished = false;
    std::thread thread([&] {
      program();
      finished = true;
      asio::post(rig_.io, [] {});
    });
    run_until(rig_.io, [&] { return finished.load(); });
    thread.join();
  }

  std::string type_mounted() const {
    const auto mount = fuse::topmost_mount(mountpoint_.string());
    return mount ? mount->type : "";
  }

  Rig rig_;
  const fs::path mountpoint_ = fs::canonical(rig_.folder.path()) / "mnt";
  fuse::MountConfig config_;
  std::unique_ptr<fuse::Channel> channel_;
  bool ended_ = true;
};

awaitable<std::string> answered(std::string text) {
  co_return text;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(MountTest, ServesAProgramAndLeavesNothingMounted) {
  mount();
  EXPECT_EQ(type_mounted(), "fuse.ftpfs");
  use([&] {
    EXPECT_EQ(content_of(mountpoint_ / "hello"), "hello, world");
    std::ofstream(mountpoint_ / "new") << "written";
    fs::create_directory(mountpoint_ / "dir");
    fs::rename(mountpoint_ / "new", mountpoint_ / "dir" / "moved");
    EXPECT_EQ(fs::file_size(mountpoint_ / "dir" / "moved"), 7u);
    EXPECT_EQ(std::distance(fs::directory_iterator(mountpoint_), {}), 2);
    EXPECT_GT(fs::space(mountpoint_).available, 0u);
  });
  EXPECT_EQ(rig_.remote.tree().content("/dir/moved"), "written");
  channel_->unmount();
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_EQ(type_mounted(), "");
}

TEST_F(MountTest, ALargeFileArrivesWholeInBothDirections) {
  std::string pattern(5'000'000, '\0');
  for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = static_cast<char>(i * 2654435761u >> 13);
  rig_.remote.tree().put_file("/large", pattern);
  mount();
  use([&] {
    EXPECT_TRUE(content_of(mountpoint_ / "large") == pattern);
    std::ofstream(mountpoint_ / "copy", std::ios::binary) << pattern;
  });
  EXPECT_TRUE(rig_.remote.tree().content("/copy") == pattern);
}

TEST_F(MountTest, TheMountIsNosuidNodevAndNamedWithoutTricks) {
  mount();
  const std::string table = content_of("/proc/self/mountinfo");
  const auto at = table.find(mountpoint_);
  ASSERT_NE(at, std::string::npos);
  const std::string line = table.substr(at, table.find('\n', at) - at);
  EXPECT_NE(line.find("nosuid,nodev"), std::string::npos) << line;
  EXPECT_NE(line.find(" fuse.ftpfs user@host:/a,b "), std::string::npos) << line;
}

TEST_F(MountTest, TheKernelsReadaheadIsRaised) {
  mount();
  use([&] { EXPECT_TRUE(fs::exists(mountpoint_ / "hello")); });  // FUSE_INIT is over
  const auto entry = fuse::topmost_mount(mountpoint_.string());
  ASSERT_TRUE(entry);
  const std::string file = "/sys/class/bdi/" + entry->device + "/read_ahead_kb";
  if (::access(file.c_str(), W_OK) != 0) GTEST_SKIP() << "needs a writable sysfs";
  EXPECT_EQ(content_of(file), std::to_string(config_.kernel_readahead / 1024) + "\n");
}

TEST_F(MountTest, AnAnswerWithoutEndDoesNotFillTheAskersMemory) {
  mount();
  for (const std::size_t size :
       {fuse::Conversation::longest_answer, fuse::Conversation::longest_answer + 1}) {
    const std::string said(size, 'x');
    channel_->answer_with([&said](std::string, std::stop_token) { return answered(said); });
    use([&] {
      fuse::Conversation daemon(mountpoint_.string());
      daemon.ask("status");
      if (size <= fuse::Conversation::longest_answer) {
        EXPECT_TRUE(daemon.wait() == said);
      } else {
        EXPECT_EQ(failure_of([&] { daemon.wait(); }), EMSGSIZE);
      }
    });
  }
}

// Also where the program handles it: interruption_test.cpp has the others.
TEST_F(MountTest, CtrlCEndsAWaitingSystemCall) {
  mount();
  rig_.remote.on(Op::make_directory).hold();
  struct sigaction action {};
  action.sa_handler = [](int) {};  // no SA_RESTART
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGINT, &action, &before), 0);
  int failure = 0;
  std::atomic<bool> finished = false;
  const auto waiting = keep_running(rig_.io);
  std::thread program([&] {
    failure = ::mkdir((mountpoint_ / "d").c_str(), 0755) == 0 ? 0 : errno;
    finished = true;
  });
  run_until(rig_.io, [&] { return rig_.remote.on(Op::make_directory).held() > 0; });
  ::pthread_kill(program.native_handle(), SIGINT);
  run_until(rig_.io, [&] { return finished.load(); });
  program.join();
  ::sigaction(SIGINT, &before, nullptr);
  EXPECT_EQ(failure, EINTR);
  rig_.remote.on(Op::make_directory).release();
}

// Otherwise the second one would wait for a lock of the kernel's, where no signal reaches it.
TEST_F(MountTest, LookupsInOneDirectoryWaitSideBySide) {
  mount();
  rig_.remote.tree().put_file("/other", "x");
  use([&] { EXPECT_TRUE(fs::is_directory(mountpoint_)); });  // before FUSE_INIT is over the kernel does lock
  for (const Op op : {Op::stat, Op::list}) rig_.remote.on(op).hold();
  const auto waiting = keep_running(rig_.io);
  std::thread first([&] { EXPECT_TRUE(fs::exists(mountpoint_ / "hello")); });
  std::thread second([&] { EXPECT_TRUE(fs::exists(mountpoint_ / "other")); });
  try {
    run_until(
        rig_.io, [&] { return channel_->live_requests() == 2; }, std::chrono::seconds(5));
  } catch (const std::runtime_error& hang) {  // the threads must be joined all the same
    ADD_FAILURE() << hang.what();
  }
  for (const Op op : {Op::stat, Op::list}) rig_.remote.on(op).release();
  run_until(rig_.io, [&] { return channel_->live_requests() == 0; });
  use([&] {
    first.join();
    second.join();
  });
}

TEST_F(MountTest, RunEndsWhenSomebodyElseUnmounts) {
  mount();
  use([&] { EXPECT_TRUE(fs::exists(mountpoint_ / "hello")); });
  use([&] { EXPECT_EQ(::umount(mountpoint_.c_str()), 0); });
  run_until(rig_.io, [&] { return ended_; });
}

TEST_F(MountTest, WhatWasMountedThereAfterUsStays) {
  mount();
  use([&] { EXPECT_EQ(::umount(mountpoint_.c_str()), 0); });
  ASSERT_EQ(::mount("none", mountpoint_.c_str(), "tmpfs", 0, "size=4k"), 0);
  channel_->unmount();
  channel_.reset();
  EXPECT_EQ(type_mounted(), "tmpfs");
  ::umount(mountpoint_.c_str());
}

// After `umount -l` the session lives as long as a file is open, and its path may belong to somebody else.
// libfuse before 3.17 unmounts by path when a session ends, whatever is mounted there by then (its PR 1287).
TEST_F(MountTest, WhatIsMountedThereAtOnceStaysEachOfAHundredTimes) {
  for (int round = 0; round < 100; ++round) {
    mount();
    use([&] {
      EXPECT_EQ(::umount(mountpoint_.c_str()), 0);
      EXPECT_EQ(::mount("none", mountpoint_.c_str(), "tmpfs", 0, "size=4k"), 0);
    });
    run_until(rig_.io, [&] { return ended_; });
    if (round % 2 == 0) channel_->unmount();
    channel_.reset();
    ASSERT_EQ(type_mounted(), "tmpfs") << "round " << round;
    EXPECT_EQ(::umount(mountpoint_.c_str()), 0);
  }
}

TEST_F(MountTest, WhatWasMountedThereAfterALazyUnmountStays) {
  mount();
  UniqueFd file;
  use([&] {
    file.reset(::open((mountpoint_ / "hello").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(file);
    EXPECT_EQ(::umount2(mountpoint_.c_str(), MNT_DETACH), 0);
  });
  EXPECT_FALSE(ended_);
  ASSERT_EQ(::mount("none", mountpoint_.c_str(), "tmpfs", 0, "size=4k"), 0);
  channel_->unmount();
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_EQ(type_mounted(), "tmpfs");
  ::umount(mountpoint_.c_str());
}

TEST_F(MountTest, AnAbortedMountIsTakenAwayAllTheSame) {
  mount();
  const std::string device = fuse::topmost_mount(mountpoint_.string())->device;
  const fs::path control = rig_.folder.path() / "control";
  fs::create_directory(control);
  ASSERT_EQ(::mount("none", control.c_str(), "fusectl", 0, nullptr), 0);
  std::ofstream(control / device.substr(device.find(':') + 1) / "abort") << "1";
  ::umount(control.c_str());
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_EQ(type_mounted(), "fuse.ftpfs");
  channel_.reset();
  EXPECT_EQ(type_mounted(), "");
}

TEST_F(MountTest, ALivingFtpfsIsNotMountedOver) {
  mount();
  fuse::Channel second(rig_.io.get_executor(), rig_.vfs, rig_.logger, config_);
  int code = 0;
  use([&] {
    try {
      second.mount();
    } catch (const Error& error) {
      code = error.code();
    }
  });
  EXPECT_EQ(code, EBUSY);
}

TEST_F(MountTest, ADeadFtpfsIsTakenAway) {
  UniqueFd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
  const std::string options = "fd=" + std::to_string(device.get()) + ",rootmode=40000,user_id=0,group_id=0";
  ASSERT_EQ(::mount("dead", mountpoint_.c_str(), "fuse.ftpfs", 0, options.c_str()), 0);
  device.reset();
  mount();
  use([&] { EXPECT_EQ(content_of(mountpoint_ / "hello"), "hello, world"); });
  EXPECT_TRUE(rig_.logged("took away the dead ftpfs mount"));
}

TEST_F(MountTest, ARefusedMountLeavesNothingBehind) {
  std::ofstream(mountpoint_ / "occupied") << "x";
  EXPECT_EQ(mount_refusal(), ENOTEMPTY);
  EXPECT_EQ(type_mounted(), "");
  fs::remove(mountpoint_ / "occupied");
  EXPECT_EQ(mount_refusal(), 0);
}

}  // namespace
}  // namespace ftpfs::test
