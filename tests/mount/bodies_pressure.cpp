// SPDX-License-Identifier: MIT
// More work than connections, whoever keeps them few: everybody gets a turn, nobody waits for himself,
// nothing is left behind.
#include <tuple>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

struct Limit {
  const char* name;
  int ours;    // max_conns; 0: as by default
  int theirs;  // sessions that the server lets one address have; 0: any number
};

void PrintTo(const Limit& limit, std::ostream* out) {
  *out << limit.name;
}

class Pressure : public MountFixture, public testing::WithParamInterface<std::tuple<ServerKind, Limit>> {
 protected:
  static constexpr int jobs = 200;
  static constexpr int large_directory = 2000;

  ServerKind kind() const override { return std::get<0>(GetParam()); }
  static const Limit& limit() { return std::get<1>(GetParam()); }

  void SetUp() override {
    MountFixture::SetUp();
    if (IsSkipped()) return;
    if (local_mode()) GTEST_SKIP() << "no server, no connections";
    start_server({.max_per_address = limit().theirs});
    fs::create_directory(root("files"));
    for (unsigned i = 0; i < 20; ++i) server().put("files/f" + std::to_string(i), noise(20'000, i));
    fs::create_directory(root("many"));
    for (int i = 0; i < large_directory; ++i) write_file(root("many/entry" + std::to_string(i)), "x");
    server().adopt();
    write_file(tmp("long"), noise(12'000'000));
    write_file(tmp("job"),
               "f=files/f$(($1 % 20))\n"
               "case $(($1 % 5)) in\n"
               "  0) test $(stat -c %s $f) = 20000 ;;\n"
               "  1) test $(ls files | wc -l) = 20 ;;\n"
               "  2) cmp $f $ROOT/$f ;;\n"
               "  3) echo $1 > new$1 ;;\n"
               "  4) cp $f copy$1 ;;\n"
               "esac && echo $1 >> $TMP/done\n");
    if (limit().theirs > 0) expect_complaints();  // that the server takes so few, once
    mount(limit().ours > 0 ? "max_conns=" + std::to_string(limit().ours) : std::string());
  }

  // An upload that is under way until $TMP/go is there.
  Process start_upload(const std::string& name) {
    return start_sh("exec 3> " + name +
                        "; head -c 8000000 $TMP/long >&3; while ! test -e $TMP/go; do sleep 0.02; done; "
                        "tail -c +8000001 $TMP/long >&3; exec 3>&-",
                    tmp("said"));
  }
  bool has_begun(const std::string& upload) {
    return eventually([&] { return fs::exists(root(upload)) && fs::file_size(root(upload)) > 0; });
  }
  std::size_t refusals() {
    const std::string log = mounted().log();
    return occurrences(" < 421", log) + occurrences(" < 530", log);
  }
  std::string said() const { return read_file(tmp("said")); }
};

// F17, F18, F40.
TEST_P(Pressure, TwoHundredProcessesBesideLongUploadsAndListings) {
  Process first = start_upload("first");
  Process second = start_upload("second");
  ASSERT_TRUE(has_begun("first") && has_begun("second"));
  std::size_t most = 0;
  Process listing =
      start_sh("for i in 1 2 3; do test $(ls -l many | grep -c entry) = " + std::to_string(large_directory) +
                   " || exit 1; done",
               tmp("said"));
  Process whole = start_sh("cp $TMP/long whole", tmp("said"));
  Process crowd =
      start_sh("for i in $(seq " + std::to_string(jobs) + "); do sh $TMP/job $i & done; wait", tmp("said"));
  const bool ended = eventually(
      [&] {
        most = std::max(most, server().sessions());
        return !crowd.running() && !listing.running() && !whole.running();
      },
      3 * patience);
  ASSERT_TRUE(ended) << mounted().log();
  EXPECT_TRUE(first.running() && second.running()) << "nobody had to wait for their end";
  EXPECT_EQ(listing.wait(), 0) << said();
  EXPECT_EQ(whole.wait(), 0) << said();
  EXPECT_EQ(sh("sort -n $TMP/done"), sh("seq " + std::to_string(jobs))) << said();
  write_file(tmp("go"), "");
  EXPECT_EQ(first.wait(), 0) << said();
  EXPECT_EQ(second.wait(), 0) << said();
  sh("for f in first second whole; do cmp $TMP/long $ROOT/$f || exit 1; done");
  sh("for i in $(seq " + std::to_string(jobs) +
     "); do f=$ROOT/files/f$((i % 20)); case $((i % 5)) in "
     "3) test $(cat $ROOT/new$i) = $i;; 4) cmp $f $ROOT/copy$i;; esac || exit 1; done");
  if (limit().ours > 0) {
    EXPECT_LE(most, static_cast<std::size_t>(limit().ours));
    EXPECT_EQ(refusals(), 0u);
  } else {
    EXPECT_GT(refusals(), 0u) << "the server's limit was never met";
    // Where several were on their way at once it takes as many refusals to know.
    const std::string learned = "server takes no more than ";
    const std::vector<std::string> complaints = mounted().complaints();
    for (const std::string& complaint : complaints)
      EXPECT_NE(complaint.find(learned), std::string::npos) << complaint;
    ASSERT_FALSE(complaints.empty());
    EXPECT_TRUE(complaints.back().ends_with(learned + std::to_string(limit().theirs) + " connections"))
        << complaints.back();
  }
  EXPECT_TRUE(at_rest());
  EXPECT_EQ(mounted().unmount(), 0);
  expect_unmounted();
  EXPECT_TRUE(eventually([this] { return !server().has_sessions(); }));
}

INSTANTIATE_TEST_SUITE_P(
    Servers, Pressure,
    testing::Combine(testing::Values(ServerKind::vsftpd, ServerKind::proftpd, ServerKind::pure_ftpd,
                                     ServerKind::pyftpdlib),
                     testing::Values(Limit{"max_conns_1", 1, 0}, Limit{"one_at_the_server", 0, 1},
                                     Limit{"two_at_the_server", 0, 2}, Limit{"three_at_the_server", 0, 3})),
    [](const testing::TestParamInfo<std::tuple<ServerKind, Limit>>& chosen) {
      std::string server(name_of(std::get<0>(chosen.param)));
      std::erase(server, '-');
      return server + "_" + std::get<1>(chosen.param).name;
    });

// A transfer leaves one session alone, also one that cannot be taken away: the program waits in close().
class LongClose : public MountTest {};

TEST_P(LongClose, KeepsNobodyFromLooking) {
  if (local_mode()) GTEST_SKIP() << "no server, no connections";
  expect_complaints();
  start_server({.max_per_address = 2});
  fs::create_directory(root("files"));
  for (int i = 0; i < 20; ++i) server().put("files/f" + std::to_string(i), "x");
  write_file(tmp("long"), noise(4'000'000));
  mount("bwlimit=512K:off,attr_timeout=0,dcache_timeout=0");
  Process upload = start_sh("exec cp $TMP/long long", tmp("said"));
  ASSERT_TRUE(eventually([&] { return fs::exists(root("long")) && fs::file_size(root("long")) > 0; }));
  // Who has been served while the upload was under way tells so.
  const std::string uploader = "/proc/" + std::to_string(upload.pid()) + "/status";
  sh("for i in 1 2 3 4; do (for f in files/*; do stat $f && ls files && mkdir $i && rmdir $i || exit; "
     "grep -q zombie " +
     uploader + " || echo $i >> $TMP/served; done > /dev/null) & done; wait");
  EXPECT_EQ(sh("sort -u $TMP/served"), "1\n2\n3\n4\n") << "they had to wait for its end";
  EXPECT_GT(occurrences("server takes no more than ", mounted().log()), 0u) << "its limit was never met";
  EXPECT_EQ(upload.wait(), 0) << read_file(tmp("said"));
  sh("cmp $TMP/long $ROOT/long");
}

INSTANTIATE_TEST_SUITE_P(Servers, LongClose, testing::Values(ServerKind::vsftpd), test_name);

}  // namespace
}  // namespace ftpfs::test
