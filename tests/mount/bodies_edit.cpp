// SPDX-License-Identifier: MIT
// Changing files that exist, each in the way of a common tool. What counts is what lies on the server
// afterwards.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mount/fixture.hpp"

namespace ftpfs::test {
namespace {

class Edit : public MountTest {};

TEST_P(Edit, SedInPlace) {
  server().put("words", "one\ntwo\nthree\n");
  sh("sed -i s/two/2/ words");
  EXPECT_EQ(read_file(root("words")), "one\n2\nthree\n");
  EXPECT_EQ(sh("ls -A $ROOT"), "words\n");
}

TEST_P(Edit, ShellAppendsLines) {
  server().put("log", "first\n");
  sh("for i in 1 2 3; do echo line $i >> log; done");
  EXPECT_EQ(read_file(root("log")), "first\nline 1\nline 2\nline 3\n");
  EXPECT_EQ(sh("cat log"), "first\nline 1\nline 2\nline 3\n");
}

TEST_P(Edit, AppendToABigFile) {
  std::string content = noise(3'000'000);
  server().put("big", content);
  sh("printf tail >> big");
  EXPECT_EQ(read_file(root("big")), content += "tail");
}

TEST_P(Edit, DdInTheMiddleOfAFile) {
  std::string content = noise(1'000'000);
  server().put("disk", content);
  sh("printf 0123456789 | dd of=disk bs=10 seek=5000 conv=notrunc status=none");
  content.replace(50'000, 10, "0123456789");
  EXPECT_EQ(read_file(root("disk")), content);
}

TEST_P(Edit, DdBehindTheEndLeavesZeroes) {
  server().put("short", "abc");
  sh("printf xyz | dd of=short bs=1 seek=10000 conv=notrunc status=none");
  EXPECT_EQ(read_file(root("short")), "abc" + std::string(9997, '\0') + "xyz");
}

TEST_P(Edit, TruncateDownAndUp) {
  const std::string content = noise(100'000);
  server().put("file", content);
  sh("truncate -s 12345 file");
  EXPECT_EQ(read_file(root("file")), content.substr(0, 12345));
  sh("truncate -s 20000 file");
  EXPECT_EQ(read_file(root("file")), content.substr(0, 12345) + std::string(7655, '\0'));
  sh("truncate -s 0 file");
  EXPECT_EQ(read_file(root("file")), "");
}

TEST_P(Edit, RedirectionReplacesContent) {
  server().put("file", noise(50'000));
  sh("echo short > file");
  EXPECT_EQ(read_file(root("file")), "short\n");
  EXPECT_EQ(sh("cat file"), "short\n");
}

TEST_P(Edit, SaveByTemporaryFileAndRename) {
  server().put("document", "old\n");
  sh("printf 'new\\n' > .document.tmp && sync .document.tmp && mv .document.tmp document");
  EXPECT_EQ(read_file(root("document")), "new\n");
  EXPECT_EQ(sh("ls -A $ROOT"), "document\n");
}

// backupcopy=no renames the old file away, yes copies it and writes in place, auto decides by what it sees.
TEST_P(Edit, VimSaves) {
  const std::string vim = has("vim") ? "vim" : "vim.tiny";
  if (!has(vim)) GTEST_SKIP() << "vim is not installed";
  const std::vector<std::string> modes{"yes", "no", "auto"};
  for (const std::string& mode : modes) server().put("text." + mode, "hello world\n");
  for (const std::string& mode : modes) {
    sh(vim + " -u NONE -i NONE -N -es -c 'set backupcopy=" + mode + "' -c 's/world/" + mode +
       "/' -c wq text." + mode);
    EXPECT_EQ(read_file(root("text." + mode)), "hello " + mode + "\n");
  }
  EXPECT_EQ(sh("ls -A $ROOT"), "text.auto\ntext.no\ntext.yes\n");
}

TEST_P(Edit, MvOverAnExistingFile) {
  server().put("old", "old content\n");
  sh("echo new content > fresh && mv fresh old");
  EXPECT_EQ(read_file(root("old")), "new content\n");
  EXPECT_EQ(sh("ls; cat old"), "old\nnew content\n");
}

TEST_P(Edit, InstallSetsTheMode) {
  sh("echo '#!/bin/sh' > $TMP/script && install -m 755 $TMP/script tool");
  EXPECT_EQ(sh("stat -c %a tool $ROOT/tool"), "755\n755\n");
}

TEST_P(Edit, ReadBackThroughTheSameDescriptor) {
  const UniqueFd file{::open(mnt("both").c_str(), O_RDWR | O_CREAT | O_EXCL, 0644)};
  ASSERT_TRUE(file);
  ASSERT_EQ(::pwrite(file.get(), "hello", 5, 0), 5);
  ASSERT_EQ(::pwrite(file.get(), "J", 1, 0), 1);
  char back[8];
  ASSERT_EQ(::pread(file.get(), back, sizeof back, 0), 5);
  EXPECT_EQ(std::string(back, 5), "Jello");
  ASSERT_EQ(::ftruncate(file.get(), 2), 0);
  ASSERT_EQ(::fsync(file.get()), 0);
  EXPECT_EQ(read_file(root("both")), "Je");
}

TEST_P(Edit, FsyncPutsTheContentOnTheServer) {
  const std::string content = noise(300'000);
  const UniqueFd file{::open(mnt("synced").c_str(), O_WRONLY | O_CREAT, 0644)};
  ASSERT_EQ(::write(file.get(), content.data(), content.size()), 300'000);
  ASSERT_EQ(::fsync(file.get()), 0);
  EXPECT_EQ(read_file(root("synced")), content);
}

TEST_P(Edit, MappedFileIsReadAndWritten) {
  std::string content = noise(200'000);
  server().put("mapped", content);
  UniqueFd file{::open(mnt("mapped").c_str(), O_RDWR)};
  ASSERT_TRUE(file);
  void* where = ::mmap(nullptr, content.size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(where, MAP_FAILED);
  auto* bytes = static_cast<char*>(where);
  EXPECT_EQ(std::string_view(bytes, content.size()), content);
  content[150'000] = bytes[150'000] = 'X';
  EXPECT_EQ(::msync(where, content.size(), MS_SYNC), 0);
  EXPECT_EQ(::munmap(where, content.size()), 0);
  EXPECT_EQ(::fsync(file.get()), 0);
  file.reset();
  EXPECT_EQ(read_file(root("mapped")), content);
}

FTPFS_ON_ALL_SERVERS(Edit);

}  // namespace
}  // namespace ftpfs::test
