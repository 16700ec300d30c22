// SPDX-License-Identifier: MIT
// Several processes at once, and one connection for all of them.
#include <sys/mount.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Parallel : public MountTest {};

TEST_P(Parallel, TwentyCopiesIn) {
  write_file(tmp("source"), noise(300'000));
  sh("for i in $(seq 20); do cp $TMP/source copy$i & done; wait");
  sh("for i in $(seq 20); do cmp $TMP/source $ROOT/copy$i || exit 1; done");
}

TEST_P(Parallel, TwentyReadersOfDifferentFiles) {
  for (unsigned i = 1; i <= 20; ++i) server().put("file" + std::to_string(i), noise(400'000, i));
  sh("for i in $(seq 20); do cmp file$i $ROOT/file$i || touch $TMP/differs & done; wait; ! test -e "
     "$TMP/differs");
}

TEST_P(Parallel, FourReadersOfOneFile) {
  server().put("shared", noise(6'000'000));
  sh("for i in 1 2 3 4; do cmp shared $ROOT/shared || touch $TMP/differs & done; wait; ! test -e "
     "$TMP/differs");
}

TEST_P(Parallel, OneReadsWhileOneWrites) {
  server().put("in", noise(4'000'000));
  write_file(tmp("source"), noise(4'000'000, 2));
  sh("cmp in $ROOT/in & reader=$!; cp $TMP/source out && wait $reader && cmp $TMP/source $ROOT/out");
}

TEST_P(Parallel, AppendersToTheirOwnFiles) {
  sh("for n in a b c; do (for i in $(seq 5); do echo $n$i >> $n; done) & done; wait");
  EXPECT_EQ(sh("cat $ROOT/a $ROOT/b $ROOT/c | tr '\\n' ' '"),
            "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 c1 c2 c3 c4 c5 ");
}

TEST_P(Parallel, WalkersMeetWriters) {
  sh("mkdir d && for i in $(seq 30); do echo $i > d/f$i; done & writer=$!"
     "; while kill -0 $writer 2>/dev/null; do find . -type f | xargs -r cat > /dev/null; done; wait $writer");
  EXPECT_EQ(sh("cat d/* | sort -n | tr '\\n' ' '"), sh("seq 30 | tr '\\n' ' '"));
  EXPECT_EQ(sh("ls $ROOT/d | wc -l"), "30\n");
}

// What `echo 2 > drop_caches` does, for this mount alone: at each remount the kernel forgets all it may,
// while others hold, look up and change the same inodes.
TEST_P(Parallel, ForgottenUnderLoad) {
  if (local_mode()) GTEST_SKIP() << "a bind mount is remounted otherwise";
  for (int i = 0; i < 12; ++i) {
    const std::string directory = "tree/sub" + std::to_string(i % 4);
    fs::create_directories(root(directory));
    server().put(directory + "/f" + std::to_string(i), noise(20'000));
  }
  server().adopt();
  write_file(tmp("copier"),
             "cp -r tree copy$1 && diff -r $ROOT/tree $ROOT/copy$1 && mv copy$1 moved$1 && rm -r moved$1");
  Process load = start_sh(
      "for i in 1 2; do sh $TMP/copier $i || touch $TMP/failed & done; "
      "for i in 1 2; do (diff -r tree $ROOT/tree || touch $TMP/failed) & done; wait",
      tmp("said"));
  int forgotten = 0;
  while (load.running()) {
    EXPECT_EQ(error_of(::mount("", mnt().c_str(), nullptr, MS_REMOUNT | MS_NOSUID | MS_NODEV, nullptr)), 0);
    ++forgotten;
  }
  EXPECT_EQ(load.wait(), 0);
  EXPECT_GT(forgotten, 20);
  EXPECT_FALSE(fs::exists(tmp("failed"))) << read_file(tmp("said"));
  EXPECT_EQ(sh("ls; diff -r tree $ROOT/tree"), "tree\n");
}

// A reader that has stopped reading holds the only connection; everybody else must get it all the same.
TEST_P(Parallel, OneConnectionServesEverybody) {
  server().put("big", noise(30'000'000));
  server().put("small", "small");
  mount("max_conns=1,readahead=1M");
  Process reader = start_sh(
      "exec 3< big; head -c 100000 <&3 > /dev/null; touch $TMP/started; "
      "while ! test -e $TMP/go; do sleep 0.01; done; cat <&3 | sha256sum",
      tmp("sum"));
  ASSERT_TRUE(eventually([&] { return fs::exists(tmp("started")); }));
  EXPECT_EQ(sh("ls; cat small"), "big\nsmall\nsmall");
  sh("cp small copy && mkdir dir && mv copy dir/ && echo more >> dir/copy && touch dir/x && rm dir/x");
  EXPECT_EQ(sh("cat $ROOT/dir/copy"), "smallmore\n");
  EXPECT_LE(mounted().open_sockets(), 4u);  // one control, one data connection, and the loop's own
  write_file(tmp("go"), "");
  EXPECT_EQ(reader.wait(), 0);
  EXPECT_EQ(read_file(tmp("sum")), sh("tail -c +100001 $ROOT/big | sha256sum"));
}

TEST_P(Parallel, OneConnectionCopiesATree) {
  fs::create_directories(root("tree/sub"));
  for (int i = 0; i < 10; ++i) server().put("tree/sub/f" + std::to_string(i), noise(50'000));
  server().adopt();
  mount("max_conns=1");
  sh("cp -r tree copy && diff -r $ROOT/tree $ROOT/copy && diff -r tree copy && rm -r tree && ls copy/sub | "
     "wc -l");
}

// F40: everybody gets a turn, and nobody waits for himself.
TEST_P(Parallel, TwoHundredProcessesShareFourConnections) {
  for (unsigned i = 0; i < 20; ++i) server().put("file" + std::to_string(i), noise(20'000, i));
  mount("max_conns=4");
  sh("for i in $(seq 0 199); do f=file$((i % 20)); (case $((i % 4)) in 0) cat $f;; 1) ls;; 2) echo $i > "
     "new$i;; "
     "3) cp $f copy$i;; esac) > /dev/null || touch $TMP/failed & done; wait; ! test -e $TMP/failed");
  EXPECT_EQ(sh("ls $ROOT | wc -l"), "120\n");
  sh("for i in $(seq 3 4 199); do cmp $ROOT/file$((i % 20)) $ROOT/copy$i || exit 1; done; cat $ROOT/new198");
}

FTPFS_ON_ALL_SERVERS(Parallel);

}  // namespace
}  // namespace ftpfs::test
