// SPDX-License-Identifier: MIT
// kill -9 of the program: what the next start does, and two starts at a time.
#include <fstream>

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Crash : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!IsSkipped()) served_.emplace();
  }

  void mount(const std::string& options = "") {
    auto arguments = command(served_->url(), options);
    arguments.emplace_back("-f");
    process_.emplace(Spawn{arguments, "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
    ASSERT_TRUE(eventually([&] { return mounted() || !process_->running(); }));
    ASSERT_TRUE(mounted()) << log();
  }
  void kill() {
    process_->signal(SIGKILL);
    EXPECT_EQ(process_->wait(), 128 + SIGKILL);
    ::umount2(mountpoint().c_str(), MNT_DETACH);
  }

  std::string log() const { return read_file(scratch("log")); }
  std::string content(const std::string& path) {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  void put(const std::string& path, const std::string& text) {
    served_->with([&](FakeServer& server) { server.tree().file(path, text); });
  }
  void inject(Fault fault) {
    fault.times = 1000;
    served_->with([&](FakeServer& server) { server.inject(fault); });
  }
  void well_again() {
    served_->with([](FakeServer& server) { server.clear_faults(); });
  }
  std::size_t fired() {
    return served_->with([](FakeServer& server) { return server.faults_fired(); });
  }

  std::vector<fs::path> in_spool(std::string_view beginning) const {
    std::vector<fs::path> found;
    std::error_code gone;
    for (const auto& entry : fs::recursive_directory_iterator(scratch("spool"), gone))
      if (entry.path().filename().string().starts_with(beginning)) found.push_back(entry.path());
    return found;
  }
  bool recovered() const {
    return eventually([this] { return in_spool(".record-").empty(); });
  }

  // Written, and refused for now by the server.
  void write_unsent(const std::string& name, const std::string& bytes, int flags) {
    inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "452 Disk full."});
    inject({.verb = "APPE", .action = Fault::Action::reply, .reply = "452 Disk full."});
    const UniqueFd file(::open((mountpoint() / name).c_str(), flags | O_CLOEXEC, 0644));
    ASSERT_TRUE(file) << log();
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ASSERT_NE(::fsync(file.get()), 0);
  }

  std::optional<Served> served_;
  std::optional<Process> process_;
};

TEST_F(Crash, WhatTheServerDidNotTakeIsSentByTheNextStart) {
  put("/old", "old");
  put("/log", "one\n");
  mount();
  write_unsent("old", "new", O_WRONLY | O_TRUNC);
  write_unsent("log", "two\n", O_WRONLY | O_APPEND);
  ASSERT_EQ(in_spool(".record-").size(), 2u);
  kill();
  EXPECT_EQ(content("/old"), "old");
  well_again();
  mount();
  EXPECT_EQ(read_file(mountpoint() / "old"), "new");
  EXPECT_EQ(read_file(mountpoint() / "log"), "one\ntwo\n");
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/old"), "new");
  EXPECT_EQ(content("/log"), "one\ntwo\n");
  EXPECT_NE(log().find("written before the last mount died"), std::string::npos);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(fs::is_empty(scratch("spool")));
}

TEST_F(Crash, RecoveryMayBeKilledTooAndAppendsNothingTwice) {
  put("/log", "one\n");
  mount();
  write_unsent("log", "two\n", O_WRONLY | O_APPEND);
  kill();
  well_again();
  for (int round = 0; round < 2; ++round) {
    const std::size_t before = fired();
    inject({.verb = "APPE", .moment = Fault::Moment::done, .action = Fault::Action::stall});
    mount();
    ASSERT_TRUE(round == 1 || eventually([&] { return fired() > before; }));
    kill();
    well_again();
  }
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/log"), "one\ntwo\n");
  EXPECT_EQ(unmount().status, 0);
}

// The mount is there before the server is, and what the last one has left goes out when it comes.
TEST_F(Crash, ADelayedMountDoesNotWaitForTheServer) {
  put("/old", "old");
  mount();
  write_unsent("old", "new", O_WRONLY | O_TRUNC);
  kill();
  well_again();
  served_->with([](FakeServer& server) { server.shut_down(); });
  mount("delay_connect");
  std::error_code away;
  EXPECT_FALSE(fs::exists(mountpoint() / "old", away));
  EXPECT_TRUE(away);
  EXPECT_EQ(in_spool(".record-").size(), 1u);
  served_->with([](FakeServer& server) { server.start_again(); });
  EXPECT_TRUE(eventually([&] { return content("/old") == "new"; }));
  EXPECT_EQ(read_file(mountpoint() / "old"), "new");
  EXPECT_TRUE(recovered());
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
}

TEST_F(Crash, WithWritebackWhatCloseAcknowledgedSurvives) {
  put("/old", "before");
  mount("writeback=1000");
  for (const std::string name : {"old", "new", "temporary"}) {
    const UniqueFd file(
        ::open((mountpoint() / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    ASSERT_EQ(::write(file.get(), name.data(), name.size()), static_cast<ssize_t>(name.size()));
    ASSERT_EQ(::fsync(file.get()), 0);
  }
  fs::rename(mountpoint() / "temporary", mountpoint() / "final");
  kill();
  EXPECT_EQ(content("/new"), "(none)");
  EXPECT_EQ(content("/old"), "before");
  mount();
  EXPECT_EQ(read_file(mountpoint() / "final"), "temporary");
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/old"), "old");
  EXPECT_EQ(content("/new"), "new");
  EXPECT_EQ(content("/final"), "temporary");
  EXPECT_EQ(content("/temporary"), "(none)");
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Crash, OfAConflictBothAreKept) {
  put("/file", "old");
  mount();
  write_unsent("file", "ours", O_WRONLY | O_TRUNC);
  kill();
  well_again();
  put("/file", "theirs, longer");
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/file"), "theirs, longer");
  std::vector<std::string> beside;
  for (const auto& entry : fs::directory_iterator(mountpoint()))
    if (entry.path().filename().string().starts_with("file.ftpfs-conflict-"))
      beside.push_back(entry.path().filename());
  ASSERT_EQ(beside.size(), 1u);
  EXPECT_EQ(content("/" + beside[0]), "ours");
  EXPECT_NE(log().find(beside[0]), std::string::npos);
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Crash, ADamagedRecordStopsNothing) {
  put("/a", "old");
  put("/b", "old");
  mount();
  write_unsent("a", "content", O_WRONLY | O_TRUNC);
  write_unsent("b", "content", O_WRONLY | O_TRUNC);
  kill();
  well_again();
  const fs::path record = in_spool(".record-").at(0);
  fs::resize_file(record, fs::file_size(record) - 1);
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/a") == "content", content("/b") == "old");
  EXPECT_EQ(in_spool("unknown-").size(), 1u);
  EXPECT_NE(log().find("is damaged"), std::string::npos);
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Crash, TwoMountsOfOneSourceHaveAFolderEach) {
  mount();
  auto second = command(served_->url());
  fs::create_directory(scratch("mnt2"));
  second.back() = scratch("mnt2");
  ASSERT_EQ(run(second, {{"FTPFS_PASSWORD", "secret"}}).status, 0);
  for (const fs::path& where : {mountpoint(), scratch("mnt2")}) {
    const UniqueFd file(::open((where / "file").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), "content", 7), 7);
    EXPECT_EQ(::fsync(file.get()), 0);
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch("spool")), fs::directory_iterator()), 2);
  EXPECT_EQ(run({"/bin/umount", scratch("mnt2")}).status, 0);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
  EXPECT_TRUE(eventually([&] { return fs::is_empty(scratch("spool")); }));
}

// What is open and dirty when the mount is taken away from under it, in each of the ways there are.
class Taken : public Crash {
 protected:
  UniqueFd dirty() const {
    UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), "precious", 8), 8);
    return file;
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
  struct ::stat status {};
  ASSERT_EQ(::stat(mountpoint().c_str(), &status), 0);
  const fs::path control = scratch("control");
  fs::create_directory(control);
  if (::mount("none", control.c_str(), "fusectl", 0, nullptr) != 0) GTEST_SKIP() << "no fusectl here";
  std::ofstream(control / std::to_string(::minor(status.st_dev)) / "abort") << "1";
  EXPECT_EQ(process_->wait(), 0) << log();
  ::umount2(control.c_str(), MNT_DETACH);
  ::umount2(mountpoint().c_str(), MNT_DETACH);
  EXPECT_EQ(content("/a"), "precious");
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
  EXPECT_EQ(process_->wait(), 1) << log();
  EXPECT_NE(log().find("The next mount will send it"), std::string::npos) << log();
  ::umount2(mountpoint().c_str(), MNT_DETACH);
  well_again();
  served_->with([](FakeServer& server) { server.tree().take("/a"); });
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_EQ(unmount().status, 0);
}

}  // namespace
}  // namespace ftpfs::test
