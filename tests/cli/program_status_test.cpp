// SPDX-License-Identifier: MIT
// `ftpfs status` and `ftpfs stats` of a mount that runs, that has died, that hangs, whose server hangs.
#include <gmock/gmock.h>

#include "cli/mounted.hpp"
#include "cli/on_terminal.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class StatusCommand : public MountedTest {};

TEST_F(StatusCommand, TellsHowTheMountIs) {
  put("/dir/file", "content");
  mount("writeback=1000");
  EXPECT_EQ(read_file(mountpoint() / "dir" / "file"), "content");
  write("new", "precious");
  const auto status = json({"status", mountpoint()});
  EXPECT_EQ(status["mountpoint"], mountpoint().string());
  EXPECT_EQ(status["server"]["user"], "joe");
  EXPECT_EQ(status["server"]["root"], "/");
  EXPECT_TRUE(status["server"]["tls"].is_null());
  EXPECT_GE(status["sessions"]["idle"].get<int>() + status["sessions"]["in_use"].get<int>(), 1);
  EXPECT_EQ(status["sessions"]["limit"], 4);
  EXPECT_GE(status["received"]["bytes"], 7);
  EXPECT_EQ(status["queue"]["files"], 1);
  EXPECT_EQ(status["queue"]["items"][0]["path"], "/new");
  EXPECT_EQ(status["queue"]["items"][0]["state"], "waiting");
  EXPECT_EQ(status["state"], "mounted");
  const Outcome text = ftpfs({"status", mountpoint()});
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.output, HasSubstr("To be sent  1 file, 8 B\n"));
  EXPECT_THAT(text.output, Not(HasSubstr("\x1b")));
  const Outcome all = ftpfs({"status"});
  EXPECT_THAT(all.output, HasSubstr(mountpoint().string() + "  joe@127.0.0.1"));
  EXPECT_GE(json({"status"}).size(), 1u);
  EXPECT_EQ(unmount().status, 0);
}

TEST_F(StatusCommand, TellsAboutOneFile) {
  put("/my dir/file", "content");
  mount("writeback=1000");
  const fs::path file = mountpoint() / "my dir" / "file";
  const std::string server = served_->url();
  EXPECT_EQ(json({"status", file})["known"], false);
  EXPECT_EQ(json({"status", file})["url"], server + "/my%20dir/file");
  EXPECT_EQ(read_file(file), "content");
  const auto known = json({"status", file});
  EXPECT_EQ(known["known"], true);
  EXPECT_EQ(known["size"], 7);
  EXPECT_EQ(known["kind"], "file");
  const UniqueFd open(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  EXPECT_EQ(::write(open.get(), "more", 4), 4);
  const auto changed = json({"status", file});
  EXPECT_EQ(changed["size"], 11);
  EXPECT_EQ(changed["writers"], 1);
  EXPECT_EQ(changed["unsent"]["size"], 11);
  EXPECT_THAT(ftpfs({"status", file}).output, HasSubstr("Changed     and not sent yet\n"));
}

TEST_F(StatusCommand, CountsWhatHappened) {
  put("/file", "content");
  mount();
  EXPECT_EQ(read_file(mountpoint() / "file"), "content");
  EXPECT_FALSE(fs::exists(mountpoint() / "absent"));
  const auto stats = json({"stats", mountpoint()});
  EXPECT_GE(stats["requests"]["lookup"], 2);
  EXPECT_GE(stats["requests"]["read"], 1);
  EXPECT_GE(stats["ftp"]["commands"], 5);
  EXPECT_GE(stats["ftp"]["connections"], 1);
  EXPECT_THAT(ftpfs({"stats", mountpoint()}).output, HasSubstr("requests.read  "));
  process_->signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return log().find("counters: {") != std::string::npos; })) << log();
}

TEST_F(StatusCommand, ErrorsAreToldWithTheServersWords) {
  mount("upload=atomic");
  inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "553 Not here,\x1b[2J joe."});
  const UniqueFd file(::open((mountpoint() / "a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(file);
  EXPECT_EQ(::write(file.get(), "precious", 8), 8);
  EXPECT_NE(::fsync(file.get()), 0);
  const auto queue = json({"status", mountpoint()})["queue"];
  ASSERT_EQ(queue["files"], 1);
  EXPECT_EQ(queue["items"][0]["error"]["errno"], "EACCES");
  EXPECT_THAT(ftpfs({"status", mountpoint()}).output, HasSubstr("(server said: 553 Not here,\\x1B[2J joe.)"));
}

// Nothing that is asked of the daemon waits for the server.
TEST_F(StatusCommand, AnswersWhileTheServerDoesNot) {
  put("/file", "content");
  mount("timeout=1000,dcache_timeout=0");
  inject({.verb = "MLSD", .action = Fault::Action::stall});
  const Process lists({{"/bin/ls", mountpoint()}, "/", {}, scratch("ls")});
  ASSERT_TRUE(eventually([&] { return json({"status", mountpoint()})["sessions"]["in_use"] >= 1; }));
  EXPECT_EQ(ftpfs({"status", mountpoint() / "file"}).status, 0);
  EXPECT_EQ(ftpfs({"stats", mountpoint()}).status, 0);
  EXPECT_EQ(ftpfs({"flush", mountpoint()}).status, 0);
  lists.signal(SIGKILL);
}

TEST_F(StatusCommand, ADaemonThatHangsIsNotWaitedFor) {
  mount();
  process_->signal(SIGSTOP);
  const Outcome outcome = ftpfs({"status", mountpoint()});
  EXPECT_EQ(outcome.status, 32);
  EXPECT_EQ(outcome.output, "ftpfs: " + mountpoint().string() + ": the daemon does not answer\n");
}

TEST_F(StatusCommand, SaysWhyItCannotTell) {
  const Outcome nothing = ftpfs({"status", mountpoint()});
  EXPECT_EQ(nothing.status, 1);
  EXPECT_EQ(nothing.output, "ftpfs: " + mountpoint().string() + ": no ftpfs is mounted there\n");
  EXPECT_EQ(ftpfs({"stats", "/"}).status, 1);
  mount();
  kill_daemon();
  const Outcome dead = ftpfs({"status", mountpoint()});
  EXPECT_EQ(dead.status, 32);
  EXPECT_EQ(dead.output, "ftpfs: " + mountpoint().string() + ": its daemon has died\n");
}

// Whoever looks after a machine asks for all, and wants to hear of the one that has died as well.
TEST_F(StatusCommand, OfAllTellsAboutEachOne) {
  mount();
  const fs::path second = scratch("second");
  fs::create_directory(second);
  auto arguments = command(served_->url());
  arguments.back() = second;
  ASSERT_EQ(run(arguments, {{"FTPFS_PASSWORD", "secret"}}).status, 0);
  kill_daemon();
  const Outcome text = ftpfs({"status"});
  EXPECT_EQ(text.status, 32);
  EXPECT_THAT(text.output, HasSubstr("ftpfs: " + mountpoint().string() + ": its daemon has died\n"));
  EXPECT_THAT(text.output, HasSubstr(second.string() + "  joe@127.0.0.1"));
  const std::string all = ftpfs({"status", "--json"}).output;
  EXPECT_THAT(all, HasSubstr("\"error\": \"" + mountpoint().string() + ": its daemon has died\""));
  EXPECT_THAT(all, HasSubstr("\"mountpoint\": \"" + second.string() + "\""));
  EXPECT_EQ(run({"/bin/umount", second}).status, 0);
}

TEST_F(StatusCommand, WatchesUntilTheMountHasGone) {
  mount();
  Process watching(
      {{FTPFS_PROGRAM, "status", "--watch", "--json", mountpoint()}, "/", {}, scratch("watched")});
  const auto lines = [&] {
    const std::string text = read_file(scratch("watched"));
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_TRUE(eventually([&] { return lines() >= 2; }));
  EXPECT_TRUE(eventually([&] { return unmount().status == 0; }));  // it may be asking just now
  EXPECT_EQ(watching.wait(), 0);
  EXPECT_EQ(read_file(scratch("watched")).front(), '{');
}

TEST_F(StatusCommand, ColoursAreForTerminalsAndForWhoWantsThem) {
  mount();
  const OnTerminal wanted =
      on_terminal({"/usr/bin/env", "TERM=xterm", "NO_COLOR=", FTPFS_PROGRAM, "status", mountpoint()});
  EXPECT_THAT(wanted.rest(), HasSubstr("\x1b[1m" + mountpoint().string()));
  EXPECT_EQ(wanted.status(), 0);
  const OnTerminal unwanted =
      on_terminal({"/usr/bin/env", "TERM=xterm", "NO_COLOR=1", FTPFS_PROGRAM, "status", mountpoint()});
  EXPECT_THAT(unwanted.rest(), Not(HasSubstr("\x1b")));
  EXPECT_EQ(unwanted.status(), 0);
}

}  // namespace
}  // namespace ftpfs::test
