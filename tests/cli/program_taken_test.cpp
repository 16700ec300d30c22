// SPDX-License-Identifier: MIT
// The mount is taken away from under files that are not sent yet, in each of the ways there are.
#include <fstream>
#include <map>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli/crashed.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Taken : public CrashedTest {
 protected:
  UniqueFd dirty() const {
    UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), "precious", 8), 8);
    return file;
  }
  // What close() has acknowledged and nobody has sent.
  void mount_with_unsent() {
    mount("writeback=1000");
    UniqueFd file(::open((mountpoint() / "closed").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    ASSERT_EQ(::write(file.get(), "acknowledged", 12), 12);
    ASSERT_EQ(::close(file.release()), 0);
    ASSERT_EQ(content("/closed"), "(none)");
    ASSERT_EQ(in_spool(".record-").size(), 1u);
  }
  bool fusermount(const std::string& how) const {
    const Outcome outcome = run({"fusermount3", how, mountpoint()});
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    return outcome.status == 0 && !mounted();
  }
  // By /sys/fs/fuse/connections; false where there is no such thing.
  bool abort_connection() const {
    struct ::stat status {};
    if (::stat(mountpoint().c_str(), &status) != 0) return false;
    const fs::path control = scratch("control");
    fs::create_directory(control);
    if (::mount("none", control.c_str(), "fusectl", 0, nullptr) != 0) return false;
    std::ofstream(control / std::to_string(::minor(status.st_dev)) / "abort") << "1";
    ::umount2(control.c_str(), MNT_DETACH);
    return true;
  }
  // Alive for TCP, and silent: not a word to any command, nor to whoever connects.
  void fall_silent() const {
    for (const char* verb : {"GREETING", "USER", "NOOP", "EPSV", "PASV", "STOR", "APPE", "MLST", "MLSD",
                             "SIZE", "MDTM", "RETR", "RNFR"})
      inject({.verb = verb, .action = Fault::Action::stall});
  }
  void expect_left_to_the_next_mount() {
    EXPECT_EQ(process_->wait(), 1) << log();
    EXPECT_NE(log().find("The next mount will send"), std::string::npos) << log();
    ::umount2(mountpoint().c_str(), MNT_DETACH);
    EXPECT_FALSE(in_spool(".record-").empty());
  }
  void expect_sent_by_the_next_mount(const std::map<std::string, std::string>& files) {
    EXPECT_GT(fired(), 0u);
    well_again();
    mount();
    EXPECT_TRUE(recovered());
    for (const auto& [path, bytes] : files) EXPECT_EQ(content(path), bytes) << path;
    expect_clean_end();
  }
};

TEST_F(Taken, ByALazyUnmountItIsSavedAtTheLastClose) {
  mount();
  UniqueFd file = dirty();
  ASSERT_EQ(::umount2(mountpoint().c_str(), MNT_DETACH), 0);
  EXPECT_TRUE(process_->running());
  file.reset();
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_EQ(content("/a"), "precious");
}

TEST_F(Taken, ByAnAbortItIsSavedAllTheSame) {
  mount();
  const UniqueFd file = dirty();
  if (!abort_connection()) GTEST_SKIP() << "no fusectl here";
  EXPECT_EQ(process_->wait(), 0) << log();
  ::umount2(mountpoint().c_str(), MNT_DETACH);
  EXPECT_EQ(content("/a"), "precious");
}

TEST_F(Taken, ByAnAbortBeforeASilentServerItIsLeftToTheNextMount) {
  mount_with_unsent();
  const UniqueFd file = dirty();
  fall_silent();
  if (!abort_connection()) GTEST_SKIP() << "no fusectl here";
  expect_left_to_the_next_mount();
  expect_sent_by_the_next_mount({{"/closed", "acknowledged"}, {"/a", "precious"}});
}

TEST_F(Taken, ByFusermountWhatCloseAcknowledgedIsSent) {
  mount_with_unsent();
  ASSERT_TRUE(fusermount("-u"));
  EXPECT_EQ(process_->wait(), 0) << log();
  EXPECT_EQ(content("/closed"), "acknowledged");
  EXPECT_TRUE(fs::is_empty(scratch("spool")));
}

TEST_F(Taken, ByFusermountBeforeASilentServerItIsLeftToTheNextMount) {
  mount_with_unsent();
  fall_silent();
  ASSERT_TRUE(fusermount("-u"));
  expect_left_to_the_next_mount();
  EXPECT_EQ(content("/closed"), "(none)");
  expect_sent_by_the_next_mount({{"/closed", "acknowledged"}});
}

// -z: nobody finds it any more, and who has a file open goes on.
TEST_F(Taken, ByALazyFusermountWhatIsOpenGoesOnAndAllIsSent) {
  mount_with_unsent();
  UniqueFd file = dirty();
  ASSERT_TRUE(fusermount("-uz"));
  EXPECT_TRUE(process_->running());
  EXPECT_EQ(::write(file.get(), " and more", 9), 9);
  ASSERT_EQ(::close(file.release()), 0);
  EXPECT_EQ(process_->wait(), 0) << log();
  EXPECT_EQ(content("/closed"), "acknowledged");
  EXPECT_EQ(content("/a"), "precious and more");
  EXPECT_TRUE(fs::is_empty(scratch("spool")));
}

TEST_F(Taken, ByALazyFusermountBeforeASilentServerItIsLeftToTheNextMount) {
  mount_with_unsent();
  UniqueFd file = dirty();
  fall_silent();
  ASSERT_TRUE(fusermount("-uz"));
  EXPECT_TRUE(process_->running());
  ASSERT_EQ(::close(file.release()), 0) << "writeback: this disk has it";
  expect_left_to_the_next_mount();
  expect_sent_by_the_next_mount({{"/closed", "acknowledged"}, {"/a", "precious"}});
}

TEST_F(Taken, WithoutAServerItIsLeftToTheNextMount) {
  mount();
  const UniqueFd file = dirty();
  inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "452 Disk full."});
  inject({.verb = "STOR",
          .moment = Fault::Moment::done,
          .action = Fault::Action::reply,
          .reply = "452 Disk full."});
  process_->signal(SIGTERM);
  expect_left_to_the_next_mount();
  served_->with([](FakeServer& server) { server.tree().take("/a"); });
  expect_sent_by_the_next_mount({{"/a", "precious"}});
}

}  // namespace
}  // namespace ftpfs::test
