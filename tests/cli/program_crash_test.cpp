// SPDX-License-Identifier: MIT
// kill -9 of the program: what the next start does, and two starts at a time.
#include <fcntl.h>
#include <unistd.h>

#include "cli/crashed.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Crash : public CrashedTest {
 protected:
  // Written, and refused for now by the server.
  void write_unsent(const std::string& name, const std::string& bytes, int flags) {
    inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "452 Disk full."});
    inject({.verb = "APPE", .action = Fault::Action::reply, .reply = "452 Disk full."});
    const UniqueFd file(::open((mountpoint() / name).c_str(), flags | O_CLOEXEC, 0644));
    ASSERT_TRUE(file) << log();
    ASSERT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ASSERT_NE(::fsync(file.get()), 0);
  }
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
  expect_clean_end();
  EXPECT_TRUE(fs::is_empty(scratch("spool")));
}

// Each time in the middle of its work: with half of it sent, while that is compared, with all of it sent and
// no answer, while that is compared.
TEST_F(Crash, RecoveryMayBeKilledTooAndAppendsNothingTwice) {
  using enum Fault::Action;
  using enum Fault::Moment;
  put("/log", "one\n");
  mount();
  write_unsent("log", "two\n", O_WRONLY | O_APPEND);
  kill();
  well_again();
  const std::vector<std::pair<Fault, std::string>> steps{
      {{.verb = "APPE", .moment = data, .action = stall, .after_bytes = 2}, "one\ntw"},
      {{.verb = "RETR", .moment = received, .action = stall}, "one\ntw"},
      {{.verb = "APPE", .moment = done, .action = stall}, "one\ntwo\n"},
      {{.verb = "RETR", .moment = data, .action = stall, .after_bytes = 1}, "one\ntwo\n"}};
  for (const auto& [fault, there] : steps) {
    const std::size_t before = fired();
    inject(fault);
    spawn();
    ASSERT_TRUE(eventually([&] { return fired() > before; })) << fault.verb << log();
    EXPECT_TRUE(eventually([&] { return content("/log") == there; })) << content("/log");
    EXPECT_FALSE(in_spool(".record-").empty()) << "recovery was over";
    kill();
    well_again();
  }
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/log"), "one\ntwo\n");
  expect_clean_end();
}

// In the background nothing is mounted before what was left has been compared. What the disk has stays there.
TEST_F(Crash, SignalsEndARecoveryInTheBackgroundOnce) {
  put("/log", "one\n");
  mount();
  write_unsent("log", "two\n", O_WRONLY | O_APPEND);
  kill();
  well_again();
  put("/log", "one\ntw");
  const std::size_t before = fired();
  inject({.verb = "RETR", .moment = Fault::Moment::received, .action = Fault::Action::stall});
  process_.emplace(Spawn{
      command(served_->url(), "timeout=1000"), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("started")});
  ASSERT_TRUE(eventually([&] { return fired() > before; }));
  const std::vector<pid_t> daemon = process_->generation(1);
  ASSERT_EQ(daemon.size(), 1u);
  ASSERT_EQ(::kill(daemon.front(), SIGSTOP), 0);
  EXPECT_EQ(::kill(daemon.front(), SIGINT), 0);
  EXPECT_EQ(::kill(daemon.front(), SIGTERM), 0);
  ASSERT_EQ(::kill(daemon.front(), SIGCONT), 0);
  EXPECT_EQ(process_->wait(), 8);
  EXPECT_EQ(read_file(scratch("started")), "ftpfs: 127.0.0.1: interrupted\n");
  EXPECT_EQ(in_spool(".record-").size(), 1u);
  well_again();
  mount();
  EXPECT_TRUE(recovered());
  EXPECT_EQ(content("/log"), "one\ntwo\n");
  expect_clean_end();
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
  expect_clean_end();
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
  expect_clean_end();
  EXPECT_TRUE(eventually([&] { return fs::is_empty(scratch("spool")); }));
}

}  // namespace
}  // namespace ftpfs::test
