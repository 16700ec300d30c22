// SPDX-License-Identifier: MIT
// Times of a server that does not live in UTC: what is set is what is shown, here and there.
#include <chrono>
#include <cstdlib>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* zone = "America/New_York";

class Times : public MountTest {
 protected:
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    if (!fs::exists("/usr/share/zoneinfo/America/New_York")) GTEST_SKIP() << "no tz database here";
    ServerOptions options;
    options.zone = zone;
    // Listings in local time; on vsftpd MDTM too, in both directions.
    if (is(ServerKind::vsftpd)) options.config = {"use_localtime=YES"};
    if (is(ServerKind::proftpd)) options.config = {"TimesGMT off"};
    start_server(options);
  }

  void expect_both(const std::string& name, const std::string& seconds) {
    EXPECT_EQ(sh("stat -c %Y " + name + " $ROOT/" + name), seconds + "\n" + seconds + "\n");
  }
};

std::string seconds_ago(long seconds) {
  return std::to_string(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) - seconds);
}

TEST_P(Times, TouchAndStatAgreeOnANewFile) {
  const std::string then = seconds_ago(3600);
  sh("echo x > new && touch -d @" + then + " new");
  expect_both("new", then);
}

TEST_P(Times, TouchAndStatAgreeOnAFileThatWasThere) {
  server().put("old", "x");
  const std::string then = seconds_ago(3600);
  sh("touch -d @" + then + " old");
  expect_both("old", then);
  EXPECT_EQ(sh("ls -A $ROOT"), "old\n");
}

TEST_P(Times, BothHalvesOfTheYearAreRight) {
  sh("echo x > summer && echo x > winter");
  sh("touch -d @1782900000 summer && touch -d @1768500000 winter");  // July and January 2026
  expect_both("summer", "1782900000");
  expect_both("winter", "1768500000");
}

TEST_P(Times, ListingsAgreeWithTheServer) {
  for (const long age : {7'200L, 40 * 86'400L, 120 * 86'400L}) {
    const std::string name = "f" + std::to_string(age);
    server().put(name, "x");
    const auto then = std::chrono::system_clock::now() - std::chrono::seconds(age);
    fs::last_write_time(root(name), std::chrono::file_clock::from_sys(then));
  }
  mount("dcache_timeout=0,attr_timeout=0");
  sh("echo x > uploaded");  // vsftpd: tells that MDTM is local
  sh("ls -l");
  sh("for f in f*; do a=$(stat -c %Y $f); b=$(stat -c %Y $ROOT/$f); test $((b - a)) -ge 0 -a $((b - a)) -lt "
     "60 || "
     "{ echo $f: $a instead of $b; exit 1; }; done");
}

TEST_P(Times, SecondRsyncTransfersNothing) {
  if (!has("rsync")) GTEST_SKIP() << "rsync is not installed";
  sh("mkdir $TMP/tree && cd $TMP/tree && echo 1 > now && echo 2 > summer && echo 3 > past && touch -d "
     "'2026-07-01 12:34:56 UTC' summer && touch -d '2003-06-05 04:03:02 UTC' past");
  sh("rsync -a $TMP/tree/ copy/");
  EXPECT_EQ(sh("rsync -a --itemize-changes $TMP/tree/ copy/ | grep '^[<>]' || true"), "");
}

FTPFS_ON_ALL_SERVERS(Times);

}  // namespace
}  // namespace ftpfs::test
