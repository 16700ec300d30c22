// SPDX-License-Identifier: MIT
// The mount from outside: signals, unmounting, what could not be saved.
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Life : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (!IsSkipped()) served_.emplace();
  }

  // In the foreground, mounted.
  Process& mount(const std::string& options = "") {
    spawn(options);
    EXPECT_TRUE(eventually([&] { return mounted(); })) << log();
    return *process_;
  }

  Process& spawn(const std::string& options = "") {
    process_.emplace(
        Spawn{foreground(served_->url(), options), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
    return *process_;
  }

  std::string log() const { return read_file(scratch("log")); }
  std::string content(const std::string& path) {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  bool server_has_sessions() {
    return served_->with([](FakeServer& server) { return server.open_sessions() > 0; });
  }

  // Each time, for the rest of the test.
  void inject(Fault fault) {
    fault.times = 1000;
    served_->with([&](FakeServer& server) { server.inject(fault); });
  }
  bool has_stalled() {
    return eventually(
        [&] { return served_->with([](FakeServer& server) { return server.faults_fired() > 0; }); });
  }

  // In the background, at a server that lets nobody in. The daemon, which becomes ours when the command ends.
  pid_t start_that_hangs() {
    inject({.verb = "PASS", .action = Fault::Action::stall});
    EXPECT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    process_.emplace(
        Spawn{command(served_->url(), "timeout=1000"), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
    EXPECT_TRUE(has_stalled());
    const std::vector<pid_t> found = process_->generation(1);
    return found.size() == 1 ? found.front() : throw std::runtime_error("no daemon");
  }
  void expect_nothing_left() {
    EXPECT_FALSE(mounted());
    for (const auto& entry : fs::recursive_directory_iterator(scratch("spool")))
      ADD_FAILURE() << entry.path();
  }

  UniqueFd write_unsaved(const std::string& name) const {
    UniqueFd file(::open((mountpoint() / name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(::write(file.get(), "precious", 8), 8);
    return file;
  }

  std::optional<Served> served_;
  std::optional<Process> process_;
};

TEST_F(Life, UnmountingEndsTheProgram) {
  Process& process = mount();
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
  EXPECT_FALSE(server_has_sessions());
  EXPECT_EQ(complaints_of(log()), "");
}

TEST_F(Life, MoreFilesAreOpenForWritingThanTheSoftLimitAllows) {
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const ::rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  mount();
  ::setrlimit(RLIMIT_NOFILE, &before);
  std::vector<UniqueFd> files;
  for (int i = 0; i < 100; ++i) files.push_back(write_unsaved("file" + std::to_string(i)));
  files.clear();
  EXPECT_EQ(content("/file0"), "precious");
  EXPECT_EQ(content("/file99"), "precious");
  EXPECT_EQ(unmount().status, 0);
}

// F30: write() tells that there is no room, not close(); what it took arrives, and others are not disturbed.
TEST_F(Life, AFullSpoolIsToldByWriteAndLosesNothing) {
  served_->with([](FakeServer& server) { server.tree().file("/hello", "world"); });
  fs::create_directory(scratch("spool"));
  ASSERT_EQ(::mount("ftpfs-test", scratch("spool").c_str(), "tmpfs", 0, "size=2m,mode=700"), 0);
  mount();
  const std::string piece(100'000, 'p');
  std::size_t taken = 0;
  {
    const UniqueFd file(::open((mountpoint() / "new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    ::ssize_t written = 0;
    while (taken < 5'000'000 && (written = ::write(file.get(), piece.data(), piece.size())) > 0)
      taken += static_cast<std::size_t>(written);
    EXPECT_LT(written, 0);
    EXPECT_EQ(errno, ENOSPC);
    EXPECT_GE(taken, 1'000'000u);
    EXPECT_EQ(read_file(mountpoint() / "hello"), "world");
    EXPECT_EQ(::fsync(file.get()), 0) << log();
  }
  EXPECT_EQ(content("/new"), std::string(taken, 'p'));
  write_file(mountpoint() / "later", piece);  // there is room again
  EXPECT_EQ(content("/later"), piece);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
  ::umount2(scratch("spool").c_str(), MNT_DETACH);
}

// What a large one held is given back by another thread, and who needs it waits for that.
TEST_F(Life, TheRoomOfALargeFileIsThereForTheNext) {
  served_->with([](FakeServer&) {});
  fs::create_directory(scratch("spool"));
  ASSERT_EQ(::mount("ftpfs-test", scratch("spool").c_str(), "tmpfs", 0, "size=20m,mode=700"), 0);
  mount();
  const std::string most(18u << 20, 'm');
  for (int i = 0; i < 5; ++i) {
    const std::string name = "/" + std::to_string(i);
    write_file(mountpoint().string() + name, most);
    EXPECT_TRUE(content(name) == most) << log();
  }
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
  ::umount2(scratch("spool").c_str(), MNT_DETACH);
}

// F31: who wants one descriptor too many is told, the others go on.
TEST_F(Life, WithoutDescriptorsCallsFailAndTheProgramLives) {
  auto arguments = foreground(served_->url());
  arguments.insert(arguments.begin(), {"/bin/sh", "-c", "ulimit -n 48; exec \"$0\" \"$@\""});
  process_.emplace(Spawn{arguments, "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
  ASSERT_TRUE(eventually([&] { return mounted(); })) << log();
  std::vector<UniqueFd> files;
  int refused = 0;
  for (int i = 0; i < 64 && refused == 0; ++i) {
    UniqueFd file(::open((mountpoint() / std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!file) refused = errno;
    if (file && ::write(file.get(), "precious", 8) != 8) refused = errno;
    if (file) files.push_back(std::move(file));
  }
  EXPECT_EQ(refused, EMFILE);
  EXPECT_GE(files.size(), 5u);
  for (UniqueFd& file : files) {
    EXPECT_EQ(::fsync(file.get()), 0) << log();
    file.reset();
  }
  EXPECT_EQ(content("/0"), "precious");
  EXPECT_TRUE(eventually([&] {
    const UniqueFd again(::open((mountpoint() / "again").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    return again && ::write(again.get(), "fine", 4) == 4 && ::fsync(again.get()) == 0;
  }));
  EXPECT_EQ(content("/again"), "fine");
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(Life, TerminationSavesUnmountsAndEnds) {
  Process& process = mount();
  const UniqueFd file = write_unsaved("a");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0) << log();
  EXPECT_EQ(content("/a"), "precious");
  EXPECT_FALSE(mounted());
}

TEST_F(Life, WhatCannotBeSavedIsNamedAndKept) {
  inject({.verb = "STOR",
          .moment = Fault::Moment::done,
          .action = Fault::Action::reply,
          .reply = "552 Quota exceeded."});
  Process& process = mount();
  const UniqueFd file = write_unsaved("a");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 1) << log();
  EXPECT_NE(log().find("not saved: /a"), std::string::npos) << log();
  EXPECT_FALSE(mounted());
  EXPECT_TRUE(is_spooled("precious"));
}

TEST_F(Life, ASecondSignalDoesNotWait) {
  inject({.verb = "STOR", .moment = Fault::Moment::done, .action = Fault::Action::stall});
  Process& process = mount("timeout=1000");
  const UniqueFd file = write_unsaved("a");
  process.signal(SIGINT);
  ASSERT_TRUE(has_stalled());
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 1);
  EXPECT_FALSE(mounted());
}

TEST_F(Life, ASignalDuringTheStartEndsIt) {
  inject({.verb = "PASS", .action = Fault::Action::stall});
  Process& process = spawn("timeout=1000,log_level=warn");
  ASSERT_TRUE(has_stalled());
  process.signal(SIGINT);
  EXPECT_EQ(process.wait(), 8);
  EXPECT_EQ(log(), "ftpfs: 127.0.0.1: interrupted\n");
  EXPECT_FALSE(mounted());
}

TEST_F(Life, TheDaemonEndsWithTheCommandThatStartsIt) {
  const pid_t daemon = start_that_hangs();
  process_->signal(SIGKILL);
  EXPECT_EQ(process_->wait(), 128 + SIGKILL);
  int status = -1;
  EXPECT_EQ(::waitpid(daemon, &status, 0), daemon);
  EXPECT_EQ(WEXITSTATUS(status), 8);
  expect_nothing_left();
}

// Ctrl-C: the terminal sends one to all of the command's group, and the end of the command is another one.
TEST_F(Life, ASignalToTheCommandAndItsChildrenIsOne) {
  const pid_t daemon = start_that_hangs();
  ASSERT_EQ(::getpgid(daemon), process_->pid());
  ASSERT_EQ(::kill(daemon, SIGSTOP), 0);  // so that it finds both of them
  EXPECT_EQ(::kill(-process_->pid(), SIGINT), 0);
  EXPECT_EQ(process_->wait(), 128 + SIGINT);
  ASSERT_EQ(::kill(daemon, SIGCONT), 0);
  int status = -1;
  EXPECT_EQ(::waitpid(daemon, &status, 0), daemon);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 8);
  EXPECT_EQ(log(), "");  // whom would it tell?
  expect_nothing_left();
}

TEST_F(Life, TwoSignalsDuringAStartInTheBackgroundAreOne) {
  const pid_t daemon = start_that_hangs();
  ASSERT_EQ(::kill(daemon, SIGSTOP), 0);
  EXPECT_EQ(::kill(daemon, SIGINT), 0);
  EXPECT_EQ(::kill(daemon, SIGTERM), 0);
  ASSERT_EQ(::kill(daemon, SIGCONT), 0);
  EXPECT_EQ(process_->wait(), 8);
  EXPECT_EQ(log(), "ftpfs: 127.0.0.1: interrupted\n");
  expect_nothing_left();
}

TEST_F(Life, HangUpForgetsWhatIsCached) {
  Process& process = mount("dcache_timeout=100000,attr_timeout=0");
  EXPECT_FALSE(fs::exists(mountpoint() / "late"));
  served_->with([](FakeServer& server) { server.tree().file("/late", "now"); });
  EXPECT_FALSE(fs::exists(mountpoint() / "late"));
  process.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return fs::exists(mountpoint() / "late"); }));
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
}

TEST_F(Life, UserSignalTwoTogglesTheDialogue) {
  Process& process = mount("log_level=warn");
  EXPECT_EQ(log(), "");
  process.signal(SIGUSR2);
  ASSERT_TRUE(eventually([&] {
    process.signal(SIGHUP);  // so that the next look asks the server again
    return !fs::exists(mountpoint() / "absent") && log().find(" > ML") != std::string::npos;
  }));
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process.wait(), 0);
}

}  // namespace
}  // namespace ftpfs::test
