// SPDX-License-Identifier: MIT
// The network or the server goes away without a word, loses connections, has no room left; and comes back.
// (Restarts, idle time-outs and limits of connections: bodies_faults.cpp.)
#include <thread>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

constexpr auto impatient = "timeout=1,connect_timeout=1.2,attr_timeout=0";

class Outage : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    if (local_mode()) GTEST_SKIP() << "no server, no outage";
    expect_complaints();
  }
  void TearDown() override {
    heal();
    MountTest::TearDown();
  }
  void put_files() {
    server().put("file", "content");
    fs::create_directory(root("unlisted"));
    server().put("unlisted/inside", "x");
    server().adopt();
  }

  void black_hole() { hole_.emplace(); }
  void heal() { hole_.reset(); }
  bool logged(const std::string& words) {
    return eventually([&] { return mounted().log().find(words) != std::string::npos; });
  }
  bool away() { return logged("the server is away"); }
  int stat_error(const std::string& name) {
    struct ::stat found {};
    return error_of(::stat(mnt(name).c_str(), &found));
  }

 private:
  std::optional<BlackHole> hole_;
};

// F19, F34.
TEST_P(Outage, ABlackHoleIsATimeOutOnceAndHeals) {
  put_files();
  mount(std::string(impatient) + ",dcache_timeout=600");
  EXPECT_EQ(sh("ls; cat file"), "file\nunlisted\ncontent");
  black_hole();
  EXPECT_EQ(stat_error("unlisted/inside"), ETIMEDOUT);
  EXPECT_TRUE(away());
  EXPECT_EQ(stat_error("unlisted/inside"), ETIMEDOUT);
  EXPECT_TRUE(logged("the server has been away for")) << "the second one waited, too";
  EXPECT_EQ(stat_error("file"), 0) << "is known";
  EXPECT_EQ(stat_error("missing"), ENOENT) << "is known to be missing";
  heal();
  EXPECT_TRUE(eventually([this] { return try_sh("cat unlisted/inside").output == "x"; }));
  sh("echo written > new");
  EXPECT_EQ(read_file(root("new")), "written\n");
}

// F19, where bytes are on their way: no short file, no lost one.
TEST_P(Outage, ABlackHoleInTheMiddleOfTransfers) {
  ServerOptions options;
  // It locks what it was receiving until it has missed its client for as long.
  if (is(ServerKind::vsftpd)) options.config = {"data_connection_timeout=2"};
  start_server(options);
  put_files();
  server().put("big", noise(30'000'000));
  const std::string replacement = noise(8'000'000, 2);
  mount(std::string(impatient) + ",readahead=1M");
  const UniqueFd reader{::open(mnt("big").c_str(), O_RDONLY | O_CLOEXEC)};
  const UniqueFd writer{::open(mnt("new").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  ASSERT_TRUE(reader && writer);
  std::string bytes(100'000, '\0');
  ASSERT_EQ(::pread(reader.get(), bytes.data(), bytes.size(), 0), 100'000);
  ASSERT_EQ(::write(writer.get(), replacement.data(), 6'000'000), 6'000'000);
  ASSERT_TRUE(eventually([this] { return fs::exists(root("new")) && fs::file_size(root("new")) > 0; }));
  black_hole();
  ASSERT_EQ(::write(writer.get(), replacement.data() + 6'000'000, 2'000'000), 2'000'000);
  const int unsent = error_of(::fsync(writer.get()));
  EXPECT_TRUE(unsent == ETIMEDOUT || unsent == EIO) << unsent;
  const int unread =
      error_of(static_cast<int>(::pread(reader.get(), bytes.data(), bytes.size(), 20'000'000)));
  EXPECT_TRUE(unread == ETIMEDOUT || unread == EIO) << unread;
  heal();
  EXPECT_TRUE(eventually([&] { return ::fsync(writer.get()) == 0; }));
  EXPECT_TRUE(read_file(root("new")) == replacement);
  ASSERT_EQ(::pread(reader.get(), bytes.data(), bytes.size(), 20'000'000), 100'000);
  EXPECT_TRUE(bytes == read_file(root("big")).substr(20'000'000, bytes.size()));
}

// F20.
TEST_P(Outage, HardCallsWaitThroughABlackHole) {
  put_files();
  write_file(tmp("big"), noise(2'000'000));
  mount(std::string(impatient) + ",hard");
  sh("ls");
  black_hole();
  Process reads = start_sh("exec cat unlisted/inside", tmp("read"));
  Process writes = start_sh("exec cp $TMP/big big", tmp("errors"));
  EXPECT_TRUE(away());
  EXPECT_TRUE(reads.running() && writes.running());
  heal();
  EXPECT_EQ(reads.wait(), 0);
  EXPECT_EQ(writes.wait(), 0) << read_file(tmp("errors"));
  EXPECT_EQ(read_file(tmp("read")), "x");
  sh("cmp $TMP/big $ROOT/big");
}

// F20 in a soft mount: who is silent for less than a time-out is waited for, and nobody hears of it.
TEST_P(Outage, ASilentLinkIsNoErrorForWhoCopies) {
  if (!has("rsync")) GTEST_SKIP() << "rsync is not installed";
  for (unsigned i = 0; i < 40; ++i) server().put("in" + std::to_string(i), noise(50'000, i));
  server().put("big", noise(60'000'000));
  mount("soft,readahead=1M");
  write_file(tmp("big"), noise(60'000'000, 2));
  sh("mkdir out copy");
  std::vector<Process> programs;
  programs.push_back(start_sh("exec cat big > $TMP/read", tmp("said")));
  programs.push_back(start_sh("exec cp $TMP/big copy/", tmp("said")));
  programs.push_back(start_sh("exec rsync -a --no-o --no-g --inplace in* out/", tmp("said")));
  ASSERT_TRUE(eventually([this] { return fs::exists(tmp("read")) && fs::file_size(tmp("read")) > 0; }));
  black_hole();
  const std::uint64_t before = loopback_bytes();
  std::this_thread::sleep_for(3s);
  for (Process& program : programs)
    EXPECT_TRUE(program.running()) << "was through before the link fell silent";
  EXPECT_EQ(loopback_bytes(), before) << "the link was not silent";
  heal();
  for (Process& program : programs) EXPECT_EQ(program.wait(3 * patience), 0) << read_file(tmp("said"));
  EXPECT_EQ(read_file(tmp("said")), "");
  sh("cmp big $TMP/read && cmp $TMP/big $ROOT/copy/big && for f in in*; do cmp $f $ROOT/out/$f || exit 1; "
     "done");
}

// F21.
TEST_P(Outage, HardCallsWaitForASuspendedServer) {
  put_files();
  mount(std::string(impatient) + ",hard");
  sh("ls");
  server().freeze();
  Process reads = start_sh("exec cat unlisted/inside", tmp("read"));
  EXPECT_TRUE(away());
  EXPECT_TRUE(reads.running());
  server().thaw();
  EXPECT_EQ(reads.wait(), 0);
  EXPECT_EQ(read_file(tmp("read")), "x");
}

// The kernel's own way to end connections, in the middle of a download and while they are idle.
TEST_P(Outage, ConnectionsThatAreKilledAreReplaced) {
  if (!has("ss")) GTEST_SKIP() << "ss is not installed";
  server().put("big", noise(30'000'000));
  mount("readahead=1M");
  const auto kill_connections = [] { shell("ss -K dst 127.0.0.1", "/", {}); };
  EXPECT_EQ(sh("head -c 5 big"), sh("head -c 5 $ROOT/big"));
  kill_connections();
  if (!eventually([this] { return !server().has_sessions(); }, 3s))
    GTEST_SKIP() << "this kernel has no ss -K";
  const UniqueFd file{::open(mnt("big").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(file);
  std::string bytes(100'000, '\0');
  const std::string whole = read_file(root("big"));
  for (const std::size_t at : {0u, 10'000'000u, 20'000'000u}) {
    ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)), 100'000);
    EXPECT_TRUE(bytes == whole.substr(at, bytes.size()));
    kill_connections();
  }
  sh("cmp big $ROOT/big; echo fresh > new");
  EXPECT_EQ(read_file(root("new")), "fresh\n");
}

class FullDisk : public Outage {
 protected:
  std::string last_refusal() {
    const std::string log = mounted().log();
    const std::size_t at = log.rfind(" < 4");
    return at == log.npos ? std::string() : log.substr(at, log.find('\n', at) - at);
  }
};

// F13, F33: the server's disk is full. What was there stays, what was written is not lost, and is stored when
// there is room.
TEST_P(FullDisk, LosesNeitherTheOldNorTheNew) {
  const fs::path disk = tmp().parent_path().parent_path() / "root";
  fs::create_directory(disk);
  ASSERT_EQ(::mount("ftpfs-test", disk.c_str(), "tmpfs", 0, "size=4m,mode=755"), 0);
  server().put("old", "old content");
  server().put("filler", std::string(3'500'000, 'f'));
  mount();
  const std::string replacement = noise(1'000'000);
  {
    const UniqueFd file{::open(mnt("old").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)};
    ASSERT_TRUE(file);
    ASSERT_EQ(::write(file.get(), replacement.data(), replacement.size()), 1'000'000);
    for (int i = 0; i < 2; ++i) {
      const int error = error_of(::fsync(file.get()));
      const std::string refusal = last_refusal();
      // proftpd tells the reason if its last write took nothing at all, and no other ever does: "451 Failure
      // writing to local file.", "451 Transfer aborted. Input/output error", "451-Error during write to
      // file", "426 None; transfer aborted."
      EXPECT_EQ(error, refusal.find("No space left") != refusal.npos ? ENOSPC : EIO) << refusal;
      EXPECT_EQ(read_file(root("old")), "old content");
    }
    EXPECT_TRUE(
        eventually([&] { return shell("ls -A " + disk.string(), "/", {}).output == "filler\nold\n"; }));
    fs::remove(root("filler"));
    EXPECT_TRUE(eventually([&] { return ::fsync(file.get()) == 0; }));
  }
  EXPECT_TRUE(read_file(root("old")) == replacement);
}

// Silence is the same from everybody.
INSTANTIATE_TEST_SUITE_P(Servers, Outage, testing::Values(ServerKind::vsftpd, ServerKind::pyftpdlib),
                         test_name);
FTPFS_ON_ALL_SERVERS(FullDisk);

}  // namespace
}  // namespace ftpfs::test
