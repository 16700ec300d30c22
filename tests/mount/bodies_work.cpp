// SPDX-License-Identifier: MIT
// Whole pieces of work as people do them on a disk, in TLS 1.3 on the two servers that demand session reuse.
// What counts: no error, and the same bytes on the server. Small here, of full size with FTPFS_LONG.
#include <cstdlib>
#include <sstream>

#include "mount/tls_fixture.hpp"

namespace ftpfs::test {
namespace {

class Work : public TlsMountTest {
 protected:
  void SetUp() override {
    TlsMountTest::SetUp();
    if (IsSkipped()) return;
    start();
    mount(trust() + ",timeout=60");
  }

  static bool is_long() { return std::getenv("FTPFS_LONG") != nullptr; }
  static std::string count(int small, int full) { return std::to_string(is_long() ? full : small); }

  // `count` text files in `per` directories, made by the shell: $TMP/tree
  void make_tree(const std::string& files) {
    sh("mkdir $TMP/tree; cd $TMP/tree; i=0; while [ $i -lt " + files +
       " ]; do d=dir$((i / 100)); mkdir -p $d; echo \"file $i of a tree\" > $d/file$i; i=$((i + 1)); done");
  }
};

TEST_P(Work, GitCloneCommitGcFsck) {
  if (!has("git")) GTEST_SKIP() << "git is not installed";
  make_tree(count(100, 5000));
  const std::string git = "git -c user.name=A -c user.email=a@example.org -c init.defaultBranch=main ";
  sh("cd $TMP/tree && " + git + "init -q && git add . && " + git + "commit -qm first");
  sh("git clone -q --no-hardlinks $TMP/tree clone");
  sh("cd clone && echo more >> dir0/file1 && git mv dir0/file2 moved && " + git +
     "commit -qam second && git gc -q && git fsck --full --strict 2>&1 && git status --porcelain");
  EXPECT_EQ(sh("cd clone && git status --porcelain"), "");
  sh("git clone -q $ROOT/clone $TMP/back -c safe.directory='*' 2>&1 || git clone -q $MNT/clone $TMP/back");
  sh("git -C $TMP/back fsck --full 2>&1");
  EXPECT_EQ(sh("diff -r -x .git clone $TMP/back"), "");
  EXPECT_EQ(sh("diff -r clone $ROOT/clone"), "");
}

TEST_P(Work, MakeOfACProject) {
  if (!has("gcc") || !has("make")) GTEST_SKIP() << "no compiler";
  sh("mkdir project && cd project && i=1; while [ $i -le " + count(10, 200) +
     " ]; do printf '#include \"all.h\"\\nint f%d(void) { return %d; }\\n' $i $i > f$i.c; "
     "echo \"int f$i(void);\" >> all.h; i=$((i + 1)); done; "
     "printf '#include \"all.h\"\\nint main(void) { return f1() - 1; }\\n' > main.c; "
     "printf 'objects := $(patsubst %%.c,%%.o,$(wildcard *.c))\\nprogram: $(objects)\\n\\tcc -o $@ $^\\n"
     "%%.o: %%.c all.h\\n\\tcc -c $<\\n' > Makefile");
  sh("cd project && make -j2 2>&1");
  sh("cd project && ./program");
  EXPECT_EQ(sh("cd project && make"), "make: 'program' is up to date.\n");
  EXPECT_EQ(sh("diff -r project $ROOT/project"), "");
  sh("cd project && touch -d 'next minute' all.h && make 2>&1 | grep -c 'cc -c' | grep -qx " +
     count(11, 201));
}

TEST_P(Work, ConfigureAndMakeOfARealProject) {
  if (!is_long()) GTEST_SKIP() << "a long test";
  const char* const chosen = std::getenv("FTPFS_TEST_PROJECT");
  const std::string folder = chosen ? chosen : "/var/cache/ftpfs-tests/project";
  if (try_sh("ls " + folder + "/hello_*.orig.tar.gz").status != 0)
    GTEST_SKIP() << "no project: tests/mount/install-project";
  sh("mkdir hello && tar -C hello --strip-components=1 -xf " + folder + "/hello_*.orig.tar.gz");
  sh("cd hello && FORCE_UNSAFE_CONFIGURE=1 ./configure -q 2>&1 && make -s 2>&1");
  EXPECT_EQ(sh("hello/hello"), "Hello, world!\n");
  EXPECT_EQ(sh("cd hello && make -s 2>&1 | grep -c 'CC ' || true"), "0\n");
  EXPECT_EQ(sh("diff -r hello $ROOT/hello"), "");
}

TEST_P(Work, SqliteInEachRollbackJournalMode) {
  if (!has("sqlite3")) GTEST_SKIP() << "sqlite3 is not installed";
  for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST"}) {
    sh("sqlite3 " + mode + ".db 'PRAGMA journal_mode=" + mode +
       "' 'CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)'");
    sh("i=0; while [ $i -lt " + count(5, 100) +
       " ]; do echo \"BEGIN; INSERT INTO t (text) SELECT hex(randomblob(100)) FROM generate_series(1, 100); "
       "COMMIT;\"; i=$((i + 1)); done | sqlite3 -cmd 'PRAGMA journal_mode=" +
       mode + "' " + mode + ".db 2>&1");
    EXPECT_EQ(sh("sqlite3 " + mode + ".db 'PRAGMA integrity_check' 'SELECT count(*) FROM t'"),
              "ok\n" + count(500, 10'000) + "\n");
    EXPECT_EQ(sh("sqlite3 $ROOT/" + mode + ".db 'PRAGMA integrity_check'"), "ok\n");
    sh("cmp " + mode + ".db $ROOT/" + mode + ".db");
  }
}

TEST_P(Work, RsyncInPlaceAppendAndDelete) {
  make_tree(count(100, 10'000));
  const std::string rsync = "rsync -a --no-o --no-g ";
  sh(rsync + "$TMP/tree/ copy");
  EXPECT_EQ(sh("diff -r $TMP/tree $ROOT/copy"), "");
  write_file(tmp("tree/dir0/file0"), noise(300'000));
  sh("rm $TMP/tree/dir0/file9; echo longer >> $TMP/tree/dir0/file8");
  sh(rsync + "--inplace --delete $TMP/tree/ copy");
  EXPECT_EQ(sh("diff -r $TMP/tree $ROOT/copy"), "");
  sh("echo and longer >> $TMP/tree/dir0/file0");
  sh(rsync + "--append $TMP/tree/ copy");
  EXPECT_EQ(sh("diff -r $TMP/tree $ROOT/copy"), "");
  EXPECT_EQ(sh(rsync + "-i $TMP/tree/ copy"), "");
}

TEST_P(Work, TarAndCpAndMvOfATree) {
  make_tree(count(100, 20'000));
  sh("tar -C $TMP/tree -cf $TMP/tree.tar . && mkdir one && tar -C one -xf $TMP/tree.tar");
  EXPECT_EQ(sh("diff -r $TMP/tree $ROOT/one"), "");
  EXPECT_EQ(sh("tar -C one -cf - . | tar -tf - | wc -l"), sh("tar -tf $TMP/tree.tar | wc -l"));
  sh("mkdir two && mv one/dir0 two/ && cp -a two/dir0 one/dir0 && mv two/dir0/* two/ && rmdir two/dir0");
  EXPECT_EQ(sh("diff -r $TMP/tree $ROOT/one; diff -r $TMP/tree/dir0 $ROOT/two"), "");
  sh("rm -r one two");
  EXPECT_EQ(sh("ls -A $ROOT"), "");
}

TEST_P(Work, TwoAppendersLoseNoLine) {
  const std::string lines = count(20, 200);
  sh(": > log; for who in a b; do (i=0; while [ $i -lt " + lines +
     " ]; do echo $who $i >> log; i=$((i + 1)); done) & done; wait");
  EXPECT_EQ(sh("sort $ROOT/log | uniq | wc -l"), std::to_string(2 * std::stoi(lines)) + "\n");
  EXPECT_EQ(sh("wc -l < $ROOT/log"), std::to_string(2 * std::stoi(lines)) + "\n");
}

TEST_P(Work, FioVerifiesItsRandomWrites) {
  if (!has("fio")) GTEST_SKIP() << "fio is not installed";
  const std::string job = "fio --name=job --directory=. --rw=randwrite --bs=4k-64k --size=" + count(2, 64) +
                          "m --numjobs=" + count(2, 4) +
                          " --verify=crc32c --verify_fatal=1 --fallocate=none --ioengine=psync "
                          "--end_fsync=1 --randrepeat=1 --thread ";
  sh(job + "--do_verify=1 2>&1");
  remount();
  sh(job + "--verify_only 2>&1");
}

TEST_P(Work, StressorsFindNoFault) {
  if (!has("stress-ng")) GTEST_SKIP() << "stress-ng is not installed";
  const std::string common = is_long() ? "access chmod copy-file dentry dir dirdeep dup fcntl filename flock "
                                         "fstat getdent hdd io iomix locka lockf lockofd open rename "
                                         "sync-file touch utime"
                                       : "access dup flock fstat getdent lockf rename";
  std::istringstream words(common);
  for (std::string name; words >> name;) {
    const Outcome outcome = try_sh("stress-ng --temp-path . --" + name + " 1 --" + name + "-ops " +
                                   count(20, 200) + " --timeout " + count(5, 30) + " --verify 2>&1");
    EXPECT_EQ(outcome.output.find("fail:"), std::string::npos) << name << "\n" << outcome.output;
  }
}

TEST_P(Work, BackupsAreMadeAndChecked) {
  if (!is_long()) GTEST_SKIP() << "a long test";
  if (!has("borg") || !has("restic")) GTEST_SKIP() << "borg or restic is not installed";
  make_tree("2000");
  const std::string keys =
      "export BORG_BASE_DIR=$TMP/borg BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes "
      "BORG_RELOCATED_REPO_ACCESS_IS_OK=yes RESTIC_PASSWORD=x RESTIC_CACHE_DIR=$TMP/restic; ";
  sh(keys + "borg init -e none repo 2>&1 && borg create repo::one $TMP/tree 2>&1");
  sh(keys + "echo more > $TMP/tree/new && borg create repo::two $TMP/tree 2>&1 && borg check repo 2>&1");
  sh(keys + "borg prune --keep-last 1 repo 2>&1 && borg compact repo 2>&1 && borg check repo 2>&1");
  sh(keys +
     "restic -r ./rest init 2>&1 && restic -r ./rest backup $TMP/tree 2>&1 && "
     "restic -r ./rest check --read-data 2>&1 && restic -r ./rest forget --keep-last 1 --prune 2>&1 && "
     "restic -r ./rest restore latest --target $TMP/restored 2>&1");
  EXPECT_EQ(sh("diff -r $TMP/tree $TMP/restored/$TMP/tree"), "");
}

TEST_P(Work, GocryptfsOnTop) {
  if (!is_long()) GTEST_SKIP() << "a long test";
  if (!has("gocryptfs")) GTEST_SKIP() << "gocryptfs is not installed";
  make_tree("300");
  sh("mkdir cipher $TMP/plain; echo secret > $TMP/pass; gocryptfs -q -init -passfile $TMP/pass cipher 2>&1");
  sh("gocryptfs -q -passfile $TMP/pass cipher $TMP/plain 2>&1");
  EXPECT_EQ(
      sh("cp -r $TMP/tree $TMP/plain/ 2>&1 && diff -r $TMP/tree $TMP/plain/tree 2>&1; umount $TMP/plain"),
      "");
  sh("gocryptfs -q -passfile $TMP/pass $ROOT/cipher $TMP/plain 2>&1");
  EXPECT_EQ(sh("diff -r $TMP/tree $TMP/plain/tree; umount $TMP/plain"), "");
}

TEST_P(Work, AFilmIsPlayedWithSeeks) {
  if (!is_long()) GTEST_SKIP() << "a long test";
  if (!has("ffmpeg")) GTEST_SKIP() << "ffmpeg is not installed";
  // The index is at the end: whoever plays it seeks there first.
  sh("ffmpeg -v error -f lavfi -i testsrc=duration=120:size=640x480:rate=25 -c:v mpeg4 -q:v 2 $TMP/film.mp4");
  sh("cp $TMP/film.mp4 . && cmp film.mp4 $ROOT/film.mp4");
  remount();
  EXPECT_EQ(sh("ffprobe -v error -show_entries format=duration -of csv=p=0 film.mp4"), "120.000000\n");
  for (const std::string at : {"100", "10", "119", "60"}) {
    const std::string frame = "ffmpeg -v error -ss " + at + " -i %s -frames:v 1 -f md5 -";
    const auto of = [&](const std::string& file) {
      std::string command = frame;
      return command.replace(command.find("%s"), 2, file);
    };
    EXPECT_EQ(sh(of("film.mp4")), sh(of("$TMP/film.mp4"))) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, Work,
                         testing::Values(TlsServer{ServerKind::vsftpd, "1.3"},
                                         TlsServer{ServerKind::proftpd, "1.3"}),
                         tls_test_name);

}  // namespace
}  // namespace ftpfs::test
