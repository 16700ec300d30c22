// SPDX-License-Identifier: MIT
// The server goes away, falls silent, drops connections. Everything ends with an errno and recovers by
// itself.
#include <sstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Faults : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    if (local_mode()) GTEST_SKIP() << "no server, no fault";
    expect_complaints();
    server().put("file", "content");
    fs::create_directory(root("unlisted"));
    server().put("unlisted/inside", "x");
    server().adopt();
  }
  // Held and waited for.
  static std::size_t locks_on(ino_t inode) {
    std::istringstream locks(read_file("/proc/locks"));
    std::size_t count = 0;
    for (std::string line; std::getline(locks, line);)
      count += line.find(":" + std::to_string(inode) + " ") != std::string::npos;
    return count;
  }
  std::size_t count_in_log(const std::string& what) { return occurrences(what, mounted().log()); }
  int stat_error(const std::string& name) {
    struct ::stat found {};
    return error_of(::stat(mnt(name).c_str(), &found));
  }
};

TEST_P(Faults, ServerRestartsUnderTheMount) {
  // No listing is kept: one that is a moment old would rightly say ENOENT.
  mount("timeout=2,connect_timeout=2,dcache_timeout=0,attr_timeout=0,entry_timeout=0");
  EXPECT_EQ(sh("cat file"), "content");
  server().stop();
  for (const std::string name : {"never-asked-before/at-all", "missing-directory", "file", "unlisted/inside"})
    EXPECT_EQ(stat_error(name), EIO) << name;
  EXPECT_EQ(error_of(::open(mnt("file").c_str(), O_RDONLY | O_CLOEXEC)), EIO);
  EXPECT_EQ(error_of(::open(mnt("new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)), EIO);
  server().start();
  server().put("later", "back again");
  EXPECT_TRUE(eventually([this] { return try_sh("cat later").output == "back again"; }));
  sh("echo written > new");
  EXPECT_EQ(read_file(root("new")), "written\n");
}

// Another client's upload stands still and vsftpd has locked the file: a STOR waits for that lock without a
// word, and empties the file when it gets it, whoever has stored there meanwhile and whether its own client
// is still alive or not.
TEST_P(Faults, AnUploadThatWaitsForALockHarmsNoLaterOne) {
  if (!is(ServerKind::vsftpd)) GTEST_SKIP() << "locks no files";
  server().put("locked", "");
  server().adopt();
  struct ::stat file {};
  ASSERT_EQ(::stat(root("locked").c_str(), &file), 0);
  const auto locks = [&file] { return locks_on(file.st_ino); };
  const std::string user = std::string(test_user) + ":" + std::string(test_password);
  Process other = start_sh("sleep 600 | curl -sST - --user " + user + " '" + server().url() + "locked'");
  ASSERT_TRUE(eventually([&] { return locks() == 1; }));
  mount("timeout=2");
  sh("echo content > locked");
  EXPECT_GT(locks(), 1u);  // a STOR that nobody waits for any more
  EXPECT_EQ(read_file(root("locked")), "content\n");
  other.signal_tree(SIGKILL);
  EXPECT_TRUE(eventually([&] { return locks() == 0; }));
  EXPECT_EQ(read_file(root("locked")), "content\n");
  EXPECT_EQ(sh("cat locked"), "content\n");
}

// What was never listed cannot be answered from a cache: the errno must tell that nobody knows.
TEST_P(Faults, NoEntryMeansThatTheServerSaidSo) {
  mount("timeout=2,connect_timeout=2");
  sh("ls");
  server().stop();
  EXPECT_NE(try_sh("ls unlisted").status, 0);
  EXPECT_EQ(stat_error("unlisted/inside"), EIO);  // refused: who is away for longer is no better known
}

TEST_P(Faults, EveryRequestEndsWithinItsDeadline) {
  mount("timeout=1,connect_timeout=1");
  sh("ls");
  server().freeze();
  const int error = stat_error("unlisted/inside");
  const Outcome listing = try_sh("ls unlisted");
  server().thaw();
  EXPECT_EQ(error, ETIMEDOUT);
  EXPECT_NE(listing.status, 0) << listing.output;
  EXPECT_TRUE(eventually([this] { return try_sh("cat file unlisted/inside").output == "contentx"; }));
}

// Ctrl-C: nobody has to wait for a time-out. (A program that is killed before it has asked proves nothing;
// and vsftpd's privileged process does not survive that its child was frozen: it takes SIGCHLD for the
// child's end and waits, so the session must be given up for the test to go on.)
TEST_P(Faults, AProgramThatWaitsForBytesCanBeInterrupted) {
  server().put("big", noise(30'000'000));
  mount("readahead=1M,timeout=60");
  sh("head -c 1 big");
  server().freeze();
  Process reader = start_sh("exec cat big > /dev/null");
  ASSERT_TRUE(eventually([&] { return waits_for_a_mount(reader); }));
  reader.signal(SIGINT);
  EXPECT_EQ(reader.wait(5s), 128 + SIGINT);
  // The kernel's own readahead has no reader to interrupt: it waits on, so the frozen session must end for
  // the test to go on.
  server().stop();
  server().start();
  sh("cmp big $ROOT/big");
}

// The same for a question that the kernel does not cache: it dies only when we answer its FUSE_INTERRUPT.
TEST_P(Faults, AProgramThatWaitsForANameCanBeInterrupted) {
  mount("timeout=60");
  sh("ls");
  server().freeze();
  Process asking = start_sh("exec stat unlisted/inside");
  ASSERT_TRUE(eventually([&] { return waits_for_a_mount(asking); }));
  asking.signal(SIGINT);
  EXPECT_EQ(asking.wait(5s), 128 + SIGINT);
  server().stop();  // vsftpd may not thaw, see above
  server().start();
  EXPECT_EQ(sh("cat unlisted/inside"), "x");
}

// Timers, progress bars, Go's scheduler: local system calls do not end with EINTR for them either. (mkdir is
// none of the calls that Python repeats by itself.)
TEST_P(Faults, ASignalThatAProgramHandlesDoesNotFailItsRequests) {
  mount();
  sh("python3 -c 'import os, signal\n"
     "signal.signal(signal.SIGALRM, lambda *_: None)\n"
     "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
     "for i in range(100): os.mkdir(str(i))\n"
     "signal.setitimer(signal.ITIMER_REAL, 0)'");
  EXPECT_EQ(sh("ls -d $ROOT/[0-9]* | wc -l"), "100\n");
}

TEST_P(Faults, ServerEndsIdleSessions) {
  if (is(ServerKind::pure_ftpd)) GTEST_SKIP() << "pure-ftpd waits a minute at least";
  if (is(ServerKind::pyftpdlib))
    GTEST_SKIP() << "the idle timer of pyftpdlib 1.5.7 stops at the first command";
  start_server({.max_clients = 100, .idle_seconds = 2});
  mount("dcache_timeout=0,attr_timeout=0");
  EXPECT_EQ(sh("cat file"), "content");
  ASSERT_TRUE(eventually([this] { return !server().has_sessions(); }));
  EXPECT_EQ(sh("ls; cat file"), "file\nunlisted\ncontent");
  ASSERT_TRUE(eventually([this] { return !server().has_sessions(); }));
  sh("echo more >> file");
  EXPECT_EQ(read_file(root("file")), "contentmore\n");
  EXPECT_EQ(mounted().complaints(), std::vector<std::string>{});  // an everyday event
}

// Longer than the server would wait without it, each session goes on; see the body above.
TEST_P(Faults, KeepaliveOutlivesAShortIdleTimeout) {
  if (is(ServerKind::pure_ftpd)) GTEST_SKIP() << "pure-ftpd waits a minute at least, and does not count NOOP";
  if (is(ServerKind::pyftpdlib))
    GTEST_SKIP() << "the idle timer of pyftpdlib 1.5.7 stops at the first command";
  start_server({.max_clients = 100, .idle_seconds = 3});
  mount("keepalive=0.5,log_level=debug");
  EXPECT_EQ(sh("cat file"), "content");
  const std::size_t sessions = count_in_log(" > PASS");
  ASSERT_GE(sessions, 1u);
  ASSERT_TRUE(eventually([&] { return count_in_log(" > NOOP") >= 8 * sessions; })) << mounted().log();
  EXPECT_TRUE(server().has_sessions());
  EXPECT_EQ(sh("cat unlisted/inside"), "x");
  EXPECT_EQ(count_in_log(" > PASS"), sessions);
}

// A session that died while nobody used it is replaced, and nobody hears of it.
TEST_P(Faults, AConnectionThatTheServerClosedIsReplacedWithoutNotice) {
  mount("dcache_timeout=0,attr_timeout=0");
  EXPECT_EQ(sh("cat file"), "content");
  server().stop();
  server().start();
  EXPECT_EQ(sh("ls unlisted; cat file"), "inside\ncontent");
  server().stop();
  server().start();
  sh("echo more >> file; mkdir new");
  EXPECT_EQ(sh("cat $ROOT/file; ls $ROOT"), "contentmore\nfile\nnew\nunlisted\n");
  EXPECT_EQ(mounted().complaints(), std::vector<std::string>{});
}

TEST_P(Faults, ReaderSurvivesAServerRestart) {
  server().put("big", noise(30'000'000));
  mount("readahead=1M,timeout=5,connect_timeout=5");
  const UniqueFd file{::open(mnt("big").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(file);
  std::string bytes(100'000, '\0');
  ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 0), 100'000);
  server().stop();
  server().start();
  ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 20'000'000), 100'000);
  EXPECT_EQ(bytes, read_file(root("big")).substr(20'000'000, 100'000));
}

// The other one says "500 OOPS: ..." where the reply to PASS is expected, and ends: no word about the
// password.
TEST_P(Faults, AProcessOfTheServerDiesDuringTheLogIn) {
  if (!is(ServerKind::vsftpd)) GTEST_SKIP() << "no process of a session tells of another one's death";
  start_server({.config = {"delay_successful_login=2"}});
  mount("log_level=debug,attr_timeout=0,dcache_timeout=0");
  for (const auto part : {RealServer::Part::privileged, RealServer::Part::unprivileged}) {
    server().stop();
    server().start();
    const std::size_t before = count_in_log(" > PASS"), broken = count_in_log(" < 500 OOPS");
    const fs::path output = tmp(part == RealServer::Part::privileged ? "first" : "second");
    Process reader = start_sh("exec cat unlisted/inside", output);
    ASSERT_TRUE(eventually([&] { return count_in_log(" > PASS") > before; }));
    ASSERT_GE(server().kill_in_each_session(part), 1u);
    EXPECT_EQ(reader.wait(), 0);
    EXPECT_EQ(read_file(output), "x");
    EXPECT_GT(count_in_log(" < 500 OOPS"), broken) << mounted().log();
  }
}

// Nothing may be taken for stored that is not; the old content stays.
TEST_P(Faults, AFailedUploadLeavesTheOldContentInPlace) {
  mount("timeout=2,connect_timeout=2");
  EXPECT_EQ(sh("cat file"), "content");
  UniqueFd file{::open(mnt("file").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)};
  ASSERT_TRUE(file);
  ASSERT_EQ(::write(file.get(), "replacement", 11), 11);
  server().stop();
  const int error = error_of(::fsync(file.get()));
  EXPECT_TRUE(error == EIO || error == ETIMEDOUT) << error;
  EXPECT_EQ(read_file(root("file")), "content");
  server().start();
  EXPECT_TRUE(eventually([&] { return ::fsync(file.get()) == 0; }));
  EXPECT_EQ(read_file(root("file")), "replacement");
}

TEST_P(Faults, FewerConnectionsThanWeWouldLike) {
  start_server({.max_clients = 2, .idle_seconds = 300});
  for (unsigned i = 1; i <= 6; ++i) server().put("file" + std::to_string(i), noise(500'000, i));
  mount("max_conns=4");
  sh("for i in 1 2 3 4 5 6; do cmp file$i $ROOT/file$i || touch $TMP/failed & done; wait; ! test -e "
     "$TMP/failed");
  EXPECT_GT(count_in_log("server takes no more than "), 0u) << "its limit was never met";
}

FTPFS_ON_ALL_SERVERS(Faults);

}  // namespace
}  // namespace ftpfs::test
