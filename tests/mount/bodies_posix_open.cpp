// SPDX-License-Identifier: MIT
// open(2), unlink(2).
#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

class PosixOpen : public Posix {
 protected:
  mode_t mode_made(mode_t wanted, mode_t mask) {
    ::umask(mask);
    EXPECT_EQ(make_file("new", wanted), 0);
    ::umask(022);
    const mode_t shown = mode("new");
    EXPECT_EQ(remove("new"), 0);
    return shown;
  }
};

TEST_P(PosixOpen, ModeIsWhatWasAskedForLessTheUmask) {
  EXPECT_EQ(mode_made(0755, 022), 0755u);
  EXPECT_EQ(mode_made(0644, 022), 0644u);
  EXPECT_EQ(mode_made(0151, 022), 0151u);
  EXPECT_EQ(mode_made(0151, 077), 0100u);
  EXPECT_EQ(mode_made(0345, 070), 0305u);
  EXPECT_EQ(mode_made(0345, 0501), 0244u);
  EXPECT_EQ(mode_made(0, 022), 0u);
}

TEST_P(PosixOpen, ModesReachTheServer) {
  EXPECT_EQ(make_file("file", 0600), 0);
  EXPECT_EQ(make_directory("dir", 0700), 0);
  EXPECT_EQ(sh("stat -c %a $ROOT/file $ROOT/dir"), "600\n700\n");
}

TEST_P(PosixOpen, WhoeverCreatesWithoutAnyPermissionMayStillWrite) {
  EXPECT_EQ(change_mode(".", 0777), 0);
  const std::string name = path("new");
  EXPECT_EQ(as(nobody,
               [&] {
                 const UniqueFd file{::open(name.c_str(), O_CREAT | O_RDWR, 0)};
                 return file ? ::ftruncate(file.get(), 0) | ::pwrite(file.get(), "", 0, 0) : -1L;
               }),
            0);
  EXPECT_EQ(mode("new"), 0u);
  EXPECT_EQ(remove("new"), 0);
}

TEST_P(PosixOpen, CreationMovesTheTimesOfTheDirectory) {
  const std::time_t before = status(".").st_ctime;
  let_pass(before);
  EXPECT_EQ(make_file("new"), 0);
  EXPECT_GT(status("new").st_atime, before);
  EXPECT_GT(status("new").st_mtime, before);
  EXPECT_GT(status("new").st_ctime, before);
  EXPECT_GT(status(".").st_mtime, before);
  EXPECT_GT(status(".").st_ctime, before);
}

TEST_P(PosixOpen, OpeningWhatExistsMovesNothing) {
  EXPECT_EQ(make_file("file"), 0);
  const struct ::stat before = status(".");
  const struct ::stat file = status("file");
  let_pass(std::max({before.st_ctime, file.st_ctime}));
  EXPECT_EQ(open_error("file", O_CREAT | O_RDONLY), 0);
  EXPECT_EQ(open_error("file", O_WRONLY), 0);
  EXPECT_EQ(status(".").st_mtime, before.st_mtime);
  EXPECT_EQ(status(".").st_ctime, before.st_ctime);
  EXPECT_EQ(status("file").st_mtime, file.st_mtime);
  EXPECT_EQ(status("file").st_ctime, file.st_ctime);
}

TEST_P(PosixOpen, TruncationMovesTheTimesOfTheFile) {
  sh("echo test > file");
  const struct ::stat before = status("file");
  EXPECT_EQ(before.st_size, 5);
  let_pass(std::max(before.st_ctime, before.st_mtime));
  EXPECT_EQ(open_error("file", O_WRONLY | O_TRUNC), 0);
  EXPECT_GT(status("file").st_mtime, before.st_mtime);
  EXPECT_GT(status("file").st_ctime, before.st_ctime);
  EXPECT_EQ(status("file").st_size, 0);
}

TEST_P(PosixOpen, WhatIsInTheWay) {
  const std::string too_long(256, 'x');
  sh("echo 1 > file && mkdir dir");
  EXPECT_EQ(open_error("none", O_RDONLY), ENOENT);
  EXPECT_EQ(open_error("none/below", O_CREAT | O_WRONLY), ENOENT);
  EXPECT_EQ(open_error("file/below", O_RDONLY), ENOTDIR);
  EXPECT_EQ(open_error("file/below", O_CREAT | O_WRONLY), ENOTDIR);
  EXPECT_EQ(open_error("file", O_CREAT | O_EXCL | O_WRONLY), EEXIST);
  EXPECT_EQ(open_error("dir", O_CREAT | O_EXCL | O_WRONLY), EEXIST);
  EXPECT_EQ(open_error("dir", O_WRONLY), EISDIR);
  EXPECT_EQ(open_error("dir", O_RDWR), EISDIR);
  EXPECT_EQ(open_error("dir", O_RDONLY | O_TRUNC), EISDIR);
  EXPECT_EQ(open_error("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
  EXPECT_EQ(open_error(too_long, O_RDONLY), ENAMETOOLONG);
  EXPECT_EQ(open_error(too_long, O_CREAT | O_WRONLY), ENAMETOOLONG);
  EXPECT_EQ(open_error(too_long.substr(1), O_CREAT | O_WRONLY), 0);
}

TEST_P(PosixOpen, UnlinkTakesFilesOnly) {
  sh("echo 1 > file && mkdir dir");
  EXPECT_EQ(remove("dir"), EISDIR);
  EXPECT_EQ(remove("none"), ENOENT);
  EXPECT_EQ(remove("file/below"), ENOTDIR);
  EXPECT_EQ(remove(std::string(256, 'x')), ENAMETOOLONG);
  const std::time_t before = status(".").st_ctime;
  let_pass(before);
  EXPECT_EQ(remove("file"), 0);
  EXPECT_FALSE(exists("file"));
  EXPECT_GT(status(".").st_mtime, before);
  EXPECT_GT(status(".").st_ctime, before);
}

TEST_P(PosixOpen, AnUnlinkedFileLivesUntilItIsClosed) {
  EXPECT_EQ(make_directory("dir"), 0);
  sh("echo 'Hello, World!' > dir/old");
  {
    const UniqueFd old{::open(path("dir/old").c_str(), O_RDONLY)};
    const UniqueFd young{::open(path("dir/young").c_str(), O_CREAT | O_RDWR, 0644)};
    EXPECT_EQ(::write(young.get(), "Hello,_World!", 13), 13);
    EXPECT_EQ(remove("dir/old"), 0);
    EXPECT_EQ(remove("dir/young"), 0);
    for (const UniqueFd* file : {&old, &young}) {
      struct ::stat found {};
      EXPECT_EQ(::fstat(file->get(), &found), 0);
      EXPECT_EQ(found.st_nlink, 0u);
      char bytes[16] = {};
      EXPECT_GE(::pread(file->get(), bytes, sizeof bytes, 0), 13);
      EXPECT_EQ(std::string(bytes).substr(0, 5), "Hello");
    }
    EXPECT_EQ(sh("ls -A dir"), "");
  }
  EXPECT_TRUE(eventually([&] { return remove_directory("dir") == 0; })) << "nothing hidden is left";
}

FTPFS_ON_ALL_SERVERS(PosixOpen);

}  // namespace
}  // namespace ftpfs::test
