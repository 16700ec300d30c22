// SPDX-License-Identifier: MIT
// Directories and metadata: mkdir, rm, mv, find, du, touch, chmod, df.
#include <sys/stat.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Tree : public MountTest {};

TEST_P(Tree, MkdirWithParents) {
  sh("mkdir -p a/b/c/d && mkdir -p a/b && test -d $ROOT/a/b/c/d");
  EXPECT_EQ(sh("find . | sort"), ".\n./a\n./a/b\n./a/b/c\n./a/b/c/d\n");
}

TEST_P(Tree, RmOfATree) {
  sh("for d in x x/y x/y/z; do mkdir $d; for i in 1 2 3 4 5; do echo $i > $d/f$i; done; done; mkdir x/.dot "
     "x/empty");
  sh("rm -rf x && ! test -e x");
  EXPECT_EQ(sh("ls -A $ROOT"), "");
}

TEST_P(Tree, MvOfFilesAndDirectories) {
  sh("mkdir -p from/sub to && echo 1 > from/sub/file && echo 2 > from/other");
  sh("mv from/sub to/renamed && mv from/other to/ && rmdir from");
  EXPECT_EQ(sh("cd $ROOT && find . | sort"), ".\n./to\n./to/other\n./to/renamed\n./to/renamed/file\n");
  EXPECT_EQ(sh("cat to/renamed/file to/other"), "1\n2\n");
}

TEST_P(Tree, MvOverAnEmptyDirectory) {
  sh("mkdir full empty && echo x > full/file && mv -T full empty");
  EXPECT_EQ(sh("ls; cat $ROOT/empty/file"), "empty\nx\n");
}

TEST_P(Tree, FindSeesWhatTheServerHas) {
  fs::create_directories(root("one/two"));
  server().put("one/two/file.txt", "12345");
  server().put("one/other.log", "");
  server().put(".hidden", "x");
  server().adopt();
  EXPECT_EQ(sh("find . -type f -size -2c | sort"), "./.hidden\n./one/other.log\n");
  EXPECT_EQ(sh("find . -name '*.txt' -printf '%P %s\\n'"), "one/two/file.txt 5\n");
  EXPECT_EQ(sh("find . -type d | sort"), ".\n./one\n./one/two\n");
}

TEST_P(Tree, DuAddsUpSizes) {
  fs::create_directories(root("d/e"));
  server().put("d/a", noise(10'000));
  server().put("d/e/b", noise(20'000));
  server().adopt();
  // The apparent size of a directory itself is nobody's business: only files count here.
  EXPECT_EQ(sh("find d -type f -print0 | du -cb --files0-from=- | tail -n 1"), "30000\ttotal\n");
  sh("du -s d");
}

TEST_P(Tree, TouchAndStatAgree) {
  sh("touch new && touch -d '2019-12-31 23:59:58 UTC' new");
  EXPECT_EQ(sh("stat -c %Y new $ROOT/new"), "1577836798\n1577836798\n");
}

// Years back, where a listing in the style of ls (vsftpd has no other) shows the day only.
TEST_P(Tree, StatTellsAnOldTimeAsExactlyAsTheListing) {
  server().put("old", "x");
  fs::last_write_time(root("old"),
                      std::chrono::file_clock::from_sys(std::chrono::sys_seconds(1'054'785'782s)));
  EXPECT_EQ(sh("stat -c %Y old"), is(ServerKind::vsftpd) ? "1054771200\n" : "1054785782\n");
}

TEST_P(Tree, TouchMakesTheTimeNow) {
  server().put("file", "x");
  fs::last_write_time(root("file"),
                      std::chrono::file_clock::from_sys(std::chrono::sys_seconds(1'054'785'782s)));
  sh("touch file");
  sh("test $(($(date +%s) - $(stat -c %Y $ROOT/file))) -lt 60");
}

TEST_P(Tree, ChmodReachesTheServer) {
  server().put("file", "x");
  sh("chmod 600 file");
  EXPECT_EQ(sh("stat -c %a file $ROOT/file"), "600\n600\n");
  sh("chmod u+x,g+r file && mkdir dir && chmod 700 dir");
  EXPECT_EQ(sh("stat -c %a file $ROOT/file dir $ROOT/dir"), "740\n740\n700\n700\n");
}

TEST_P(Tree, DotFilesAreVisible) {
  fs::create_directory(root(".config"));
  server().put(".config/.deep", "x");
  server().put(".profile", "y");
  server().adopt();
  EXPECT_EQ(sh("ls -A; ls -A .config"), ".config\n.profile\n.deep\n");
  EXPECT_EQ(sh("cat .profile .config/.deep"), "yx");
}

TEST_P(Tree, FilesBelongToTheMountingUser) {
  server().put("file", "x");
  EXPECT_EQ(sh("stat -c '%u %g' file"), local_mode() ? "1 1\n" : "0 0\n");
}

TEST_P(Tree, DfShowsSaneNumbers) {
  const std::string line = sh("df -P . | tail -n 1");
  EXPECT_TRUE(line.ends_with(mnt().parent_path().string() + "\n")) << line;
  sh("df -P . | awk 'NR == 2 { exit !($2 > 0 && $4 > 0 && $4 <= $2) }'");
  sh("stat -f -c '%l' . | grep -qx 255");
}

TEST_P(Tree, ChangesBehindOurBackAreSeenInTime) {
  server().put("file", "before");
  mount("dcache_timeout=1,attr_timeout=1");
  EXPECT_EQ(sh("ls; cat file"), "file\nbefore");
  server().put("file", "after, and longer");
  server().put("second", "");
  EXPECT_TRUE(eventually([this] { return sh("ls; cat file") == "file\nsecond\nafter, and longer"; }));
  fs::remove(root("file"));
  EXPECT_TRUE(eventually([this] { return sh("ls") == "second\n"; }));
}

FTPFS_ON_ALL_SERVERS(Tree);

}  // namespace
}  // namespace ftpfs::test
