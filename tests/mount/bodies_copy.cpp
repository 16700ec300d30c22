// SPDX-License-Identifier: MIT
// Whole trees in and out: cp, tar, rsync. A file is on the server when the command that wrote it has ended.
#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Copy : public MountTest {
 protected:
  // $TMP/tree: sizes around every limit that matters (empty, page, socket buffer, request), nested and empty
  // folders.
  void SetUp() override {
    MountTest::SetUp();
    if (IsSkipped()) return;
    const fs::path tree = tmp("tree");
    fs::create_directories(tree / "a/b/c");
    fs::create_directories(tree / "empty");
    unsigned seed = 0;
    for (const std::size_t size : {0u, 1u, 4095u, 4096u, 4097u, 65536u, 131073u, 1048576u, 5000011u}) {
      write_file(tree / ("a/" + std::to_string(size)), noise(size, ++seed));
    }
    write_file(tree / "a/b/c/deep", noise(777, 99));
    write_file(tree / ".hidden", "dot\n");
  }
};

TEST_P(Copy, CpPutsATreeOnTheServer) {
  sh("cp -r $TMP/tree .");
  sh("diff -r $TMP/tree $ROOT/tree");
  sh("diff -r $TMP/tree tree");
}

TEST_P(Copy, CpFetchesATreeFromTheServer) {
  fs::copy(tmp("tree"), root("tree"), fs::copy_options::recursive);
  server().adopt();
  sh("cp -r tree $TMP/back && diff -r $TMP/tree $TMP/back");
  sh("cd tree && find . -type f -exec sha256sum {} + | (cd $TMP/tree && sha256sum -c --quiet)");
}

TEST_P(Copy, TarUnpacksIntoTheMountWithTimesAndModes) {
  sh("find $TMP/tree -type f -exec touch -d '2021-03-04 05:06:07 UTC' {} + -exec chmod 640 {} +");
  sh("tar -C $TMP -cf - tree | tar -xf -");
  sh("diff -r $TMP/tree $ROOT/tree");
  const std::string listing = "find tree -type f -printf '%P %s %m %T@\\n' | sort";
  EXPECT_EQ(sh(listing), sh("cd $TMP && " + listing));
  EXPECT_EQ(sh(listing), sh("cd $ROOT && " + listing));
}

TEST_P(Copy, TarPacksFromTheMount) {
  fs::copy(tmp("tree"), root("tree"), fs::copy_options::recursive);
  server().adopt();
  sh("tar -cf $TMP/packed.tar tree && mkdir $TMP/out && tar -C $TMP/out -xf $TMP/packed.tar");
  sh("diff -r $TMP/tree $TMP/out/tree");
}

TEST_P(Copy, SecondRsyncTransfersNothing) {
  if (!has("rsync")) GTEST_SKIP() << "rsync is not installed";
  // These set times of plain files only (vsftpd by MDTM, pyftpdlib by MFMT): directories would show up each
  // time.
  const bool only_files = is(ServerKind::vsftpd) || is(ServerKind::pyftpdlib);
  const std::string rsync = only_files ? "rsync -aO" : "rsync -a";
  sh(rsync + " $TMP/tree/ copy/");
  sh("diff -r $TMP/tree $ROOT/copy");
  EXPECT_EQ(sh(rsync + " --itemize-changes $TMP/tree/ copy/"), "");
  // One file changes, one file travels; one goes, one goes.
  sh("echo more >> $TMP/tree/a/1; rm $TMP/tree/a/4096");
  const std::string changes = sh(rsync + " --delete --itemize-changes $TMP/tree/ copy/ | grep -v '/$'");
  EXPECT_NE(changes.find("*deleting   a/4096"), std::string::npos) << changes;
  EXPECT_NE(changes.find("a/1\n"), std::string::npos) << changes;
  EXPECT_EQ(std::count(changes.begin(), changes.end(), '\n'), 2) << changes;
  sh("diff -r $TMP/tree $ROOT/copy");
}

TEST_P(Copy, RsyncFetchesAndThenFindsNothingNew) {
  if (!has("rsync")) GTEST_SKIP() << "rsync is not installed";
  fs::copy(tmp("tree"), root("tree"), fs::copy_options::recursive);
  server().adopt();
  sh("rsync -a tree/ $TMP/back/ && diff -r $TMP/tree $TMP/back");
  EXPECT_EQ(sh("rsync -a --itemize-changes tree/ $TMP/back/"), "");
}

TEST_P(Copy, CpKeepsTimes) {
  sh("touch -d '2001-02-03 04:05:06 UTC' $TMP/tree/a/4097 && cp -p $TMP/tree/a/4097 old");
  EXPECT_EQ(sh("stat -c %Y old"), "981173106\n");
  EXPECT_EQ(sh("stat -c %Y $ROOT/old"), "981173106\n");
}

TEST_P(Copy, ManySmallFilesKeepTheirContent) {
  sh("mkdir $TMP/many && cd $TMP/many && for i in $(seq 150); do echo \"file $i\" > f$i; done");
  sh("cp -r $TMP/many . && diff -r $TMP/many $ROOT/many");
  EXPECT_EQ(sh("cat many/* | sha256sum"), sh("cat $TMP/many/* | sha256sum"));
}

FTPFS_ON_ALL_SERVERS(Copy);

}  // namespace
}  // namespace ftpfs::test
