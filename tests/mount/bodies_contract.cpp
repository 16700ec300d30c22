// SPDX-License-Identifier: MIT
// What the manual promises under SEMANTICS, in its words, as far as the other bodies do not show it: what
// close() means, what a read returns, who sees whose changes, whose locks hold.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Contract : public MountTest {
 protected:
  std::size_t downloads() const { return occurrences("> RETR ", first_->log()); }

  // The same server at another place, as another computer would mount it.
  Mount& elsewhere() {
    if (!elsewhere_) elsewhere_.emplace(server(), tmp("elsewhere"), "attr_timeout=0,dcache_timeout=0");
    return *elsewhere_;
  }

  void start(const std::string& options = "") {
    mount(options);
    first_ = &mounted();
  }

 private:
  Mount* first_ = nullptr;
  std::optional<Mount> elsewhere_;
};

TEST_P(Contract, CloseAndFsyncReturnWhenTheServerHasTheWholeFile) {
  const std::string content = noise(3'000'000);
  UniqueFd file{::open(mnt("file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)};
  ASSERT_TRUE(file);
  ASSERT_EQ(::write(file.get(), content.data(), 1'000'000), 1'000'000);
  ASSERT_EQ(::fsync(file.get()), 0);
  EXPECT_TRUE(read_file(root("file")) == content.substr(0, 1'000'000));
  ASSERT_EQ(::pwrite(file.get(), content.data() + 1'000'000, 2'000'000, 1'000'000), 2'000'000);
  ASSERT_EQ(::close(file.release()), 0);
  EXPECT_TRUE(read_file(root("file")) == content);
}

TEST_P(Contract, ATransferThatEndsEarlyIsAnErrorNeverTheEndOfTheFile) {
  if (local_mode()) GTEST_SKIP() << "no server, no fault";
  expect_complaints();
  server().put("big", noise(30'000'000));
  mount("readahead=256K,timeout=2,connect_timeout=2");
  const UniqueFd file{::open(mnt("big").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(file);
  std::string bytes(100'000, '\0');
  ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 0), 100'000);
  server().stop();
  EXPECT_NE(error_of(::pread(file.get(), bytes.data(), bytes.size(), 25'000'000)), 0);
}

TEST_P(Contract, WhatIsClosedOnOneComputerIsOpenedOnTheOther) {
  if (local_mode()) GTEST_SKIP() << "one directory, mounted once";
  mount("attr_timeout=0");
  const auto there = [this](const std::string& name) { return elsewhere().path() / name; };
  for (const std::string text : {"first", "second, longer", "3rd"}) {
    write_file(mnt("file"), text);
    EXPECT_EQ(read_file(there("file")), text);
    write_file(there("file"), text + " and back");
    EXPECT_EQ(read_file(mnt("file")), text + " and back");
  }
}

TEST_P(Contract, PagesAreKeptWhileSizeAndTimeStandAndDroppedWhenTheyChange) {
  if (local_mode()) GTEST_SKIP() << "no server, no download";
  server().put("file", "some content");
  start("attr_timeout=0,dcache_timeout=0");
  EXPECT_EQ(sh("cat file"), "some content");
  const std::size_t once = downloads();
  EXPECT_EQ(sh("cat file; cat file"), "some contentsome content");
  EXPECT_EQ(downloads(), once);
  server().put("file", "other content");
  EXPECT_EQ(sh("cat file"), "other content");
}

TEST_P(Contract, AReadReturnsBytesOfOneVersionOnly) {
  const std::string before = noise(20'000'000);
  const std::string after = noise(20'000'000, 2);
  expect_complaints();
  server().put("file", before);
  mount("readahead=256K,attr_timeout=0");
  const UniqueFd file{::open(mnt("file").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(file);
  std::string bytes(100'000, '\0');
  ASSERT_EQ(::pread(file.get(), bytes.data(), bytes.size(), 0), 100'000);
  EXPECT_TRUE(bytes == before.substr(0, bytes.size()));
  server().put("new", after);
  sh("touch -d '2001-02-03 04:05:06' $ROOT/new && mv $ROOT/new $ROOT/file");
  for (const off_t offset : {15'000'000, 5'000'000, 19'000'000}) {
    const ssize_t size = ::pread(file.get(), bytes.data(), bytes.size(), offset);
    const auto at = static_cast<std::size_t>(offset);
    EXPECT_TRUE(size < 0 || bytes.compare(0, std::string::npos, before, at, bytes.size()) == 0) << offset;
    if (!local_mode()) {
      EXPECT_EQ(error_of(size), EIO) << offset;
    }
  }
  EXPECT_TRUE(read_file(mnt("file")) == after);
}

TEST_P(Contract, ALogThatGrowsOnTheServerIsReadOn) {
  server().put("log", "first\n");
  mount("attr_timeout=0,dcache_timeout=0");
  const UniqueFd file{::open(mnt("log").c_str(), O_RDONLY | O_CLOEXEC)};
  ASSERT_TRUE(file);
  std::string seen;
  const auto read_on = [&] {
    char bytes[100];
    struct ::stat now {};
    EXPECT_EQ(::fstat(file.get(), &now), 0);  // as tail -f does
    for (ssize_t size = 1; size > 0; seen.append(bytes, std::max<ssize_t>(size, 0)))
      size = ::read(file.get(), bytes, sizeof bytes);
    return seen;
  };
  EXPECT_EQ(read_on(), "first\n");
  std::string expected = seen;
  for (const std::string line : {"second", "third", "fourth"}) {
    sh("echo " + line + " >> $ROOT/log");
    expected += line + "\n";
    EXPECT_EQ(read_on(), expected);
  }
}

TEST_P(Contract, RefreshShowsWhatOthersDid) {
  if (local_mode()) GTEST_SKIP() << "no cache";
  fs::create_directory(root("dir"));
  server().put("dir/file", "old");
  mount("dcache_timeout=100000,attr_timeout=0.2");
  EXPECT_EQ(sh("ls dir; cat dir/file; test -e dir/late || echo none"), "file\noldnone\n");
  server().put("dir/late", "new");
  server().put("dir/file", "changed");
  EXPECT_EQ(sh("ls dir"), "file\n");
  for (const fs::path& path : {mnt("dir/late"), mnt("dir"), mnt()}) {
    const Outcome refreshed = run_ftpfs({"refresh", path}, {});
    EXPECT_EQ(refreshed.status, 0) << refreshed.output;
    EXPECT_EQ(sh("ls dir; cat dir/file dir/late"), "file\nlate\nchangednew");
  }
  const Outcome elsewhere = run_ftpfs({"refresh", tmp()}, {});
  EXPECT_EQ(elsewhere.status, 1);
  EXPECT_NE(elsewhere.output.find("no ftpfs is mounted there"), std::string::npos) << elsewhere.output;
}

TEST_P(Contract, LocksHoldAmongTheProgramsOfThisComputer) {
  write_file(mnt("file"), "content");
  const UniqueFd file{::open(mnt("file").c_str(), O_RDWR | O_CLOEXEC)};
  ASSERT_TRUE(file);
  ASSERT_EQ(::flock(file.get(), LOCK_EX), 0);
  EXPECT_NE(try_sh("flock -n file true").status, 0);
  ASSERT_EQ(::flock(file.get(), LOCK_UN), 0);
  sh("flock -n file true");

  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_start = 2;
  range.l_len = 3;
  ASSERT_EQ(::fcntl(file.get(), F_SETLK, &range), 0);
  const UniqueFd other{::open(mnt("file").c_str(), O_RDWR | O_CLOEXEC)};
  struct flock asked = range;
  EXPECT_EQ(error_of(::fcntl(other.get(), F_OFD_SETLK, &asked)), EAGAIN);
  asked.l_start = 5;
  EXPECT_EQ(error_of(::fcntl(other.get(), F_OFD_SETLK, &asked)), 0);
}

// Each name goes to one of those who ask for it at the same time.
TEST_P(Contract, MkdirAndExclusiveCreationHaveOneWinner) {
  sh("for i in 1 2 3 4 5 6; do mkdir dir 2>/dev/null && echo won >> $TMP/directories & done; wait");
  EXPECT_EQ(read_file(tmp("directories")), "won\n");
  sh("for i in 1 2 3 4 5 6; do (set -C; : > file) 2>/dev/null && echo won >> $TMP/files & done; wait");
  EXPECT_EQ(read_file(tmp("files")), "won\n");
}

FTPFS_ON_ALL_SERVERS(Contract);

}  // namespace
}  // namespace ftpfs::test
