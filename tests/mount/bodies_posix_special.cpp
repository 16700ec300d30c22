// SPDX-License-Identifier: MIT
// What FTP cannot do fails at once with the errno that programs fall back on; what it can do in another way,
// works.
#include <array>

#include <dirent.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "mount/posix.hpp"

namespace ftpfs::test {
namespace {

class PosixSpecial : public Posix {
 protected:
  void SetUp() override {
    Posix::SetUp();
    if (IsSkipped()) return;
    write_file(mnt("file"), "0123456789");
  }
  UniqueFd opened(const std::string& name, int flags) {
    return UniqueFd{::open(path(name).c_str(), flags | O_CLOEXEC, 0644)};
  }
  std::string content() { return read_file(root("file")); }
};

TEST_P(PosixSpecial, NoOtherTypesOfFile) {
  if (local_mode()) GTEST_SKIP() << "a local file system can";
  EXPECT_EQ(error_of(::link(path("file").c_str(), path("second").c_str())), EPERM);
  EXPECT_EQ(error_of(::mkfifo(path("fifo").c_str(), 0644)), EPERM);
  EXPECT_EQ(error_of(::mknod(path("char").c_str(), S_IFCHR | 0644, makedev(1, 2))), EPERM);
  EXPECT_EQ(error_of(::mknod(path("block").c_str(), S_IFBLK | 0644, makedev(1, 2))), EPERM);
  const UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path("s").copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(error_of(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address)),
            EPERM);
  EXPECT_EQ(open_error(".", O_TMPFILE | O_RDWR), EOPNOTSUPP);
  EXPECT_EQ(error_of(::setxattr(path("file").c_str(), "user.test", "x", 1, 0)), EOPNOTSUPP);
  EXPECT_EQ(error_of(::listxattr(path("file").c_str(), nullptr, 0)), EOPNOTSUPP);
  EXPECT_EQ(sh("ls -A $ROOT"), "file\n");
}

TEST_P(PosixSpecial, FallocateMakesRoomAndNothingElse) {
  const UniqueFd file = opened("file", O_RDWR);
  EXPECT_EQ(error_of(::fallocate(file.get(), 0, 0, 20)), 0);
  EXPECT_EQ(status("file").st_size, 20);
  EXPECT_EQ(error_of(::fallocate(file.get(), 0, 5, 10)), 0) << "never shrinks";
  EXPECT_EQ(error_of(::fsync(file.get())), 0);
  EXPECT_EQ(content(), "0123456789" + std::string(10, '\0'));
  EXPECT_EQ(::posix_fallocate(file.get(), 0, 30), 0);
  EXPECT_EQ(status("file").st_size, 30);
  if (local_mode()) return;
  EXPECT_EQ(error_of(::fallocate(file.get(), FALLOC_FL_KEEP_SIZE, 0, 100)), EOPNOTSUPP);
  EXPECT_EQ(error_of(::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4)), EOPNOTSUPP);
  expect_complaints();
  EXPECT_EQ(error_of(::fallocate(file.get(), 0, 0, off_t{1} << 50)), EFBIG);
}

TEST_P(PosixSpecial, SharedMappingsReachTheServer) {
  const UniqueFd file = opened("file", O_RDWR);
  void* const pages = ::mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  ASSERT_NE(pages, MAP_FAILED);
  static_cast<char*>(pages)[3] = 'X';
  EXPECT_EQ(error_of(::msync(pages, 10, MS_SYNC)), 0);
  EXPECT_EQ(error_of(::fsync(file.get())), 0);
  EXPECT_EQ(content(), "012X456789");
  static_cast<char*>(pages)[4] = 'Y';
  ::munmap(pages, 10);
  EXPECT_EQ(error_of(::fsync(file.get())), 0);
  EXPECT_EQ(content(), "012XY56789");
}

TEST_P(PosixSpecial, PrivateMappingsDoNot) {
  const UniqueFd file = opened("file", O_RDONLY);
  void* const pages = ::mmap(nullptr, 10, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.get(), 0);
  ASSERT_NE(pages, MAP_FAILED);
  static_cast<char*>(pages)[3] = 'X';
  ::munmap(pages, 10);
  EXPECT_EQ(read_file(mnt("file")), "0123456789");
}

TEST_P(PosixSpecial, DirectInputAndOutput) {
  constexpr std::size_t block = 4096;
  const auto memory = std::make_unique<std::byte[]>(2 * block);
  void* start = memory.get();
  std::size_t room = 2 * block;
  ASSERT_NE(std::align(block, block, start, room), nullptr);
  std::fill_n(static_cast<char*>(start), block, 'd');
  {
    const UniqueFd file = opened("direct", O_RDWR | O_CREAT | O_DIRECT);
    ASSERT_TRUE(file);
    EXPECT_EQ(::pwrite(file.get(), start, block, 0), static_cast<ssize_t>(block));
    EXPECT_EQ(::pwrite(file.get(), start, block, 3 * block), static_cast<ssize_t>(block));
    std::fill_n(static_cast<char*>(start), block, 'e');
    EXPECT_EQ(::pread(file.get(), start, block, block), static_cast<ssize_t>(block));
    EXPECT_EQ(static_cast<char*>(start)[0], '\0') << "a hole";
  }
  const std::string hole(2 * block, '\0');
  EXPECT_EQ(read_file(root("direct")), std::string(block, 'd') + hole + std::string(block, 'd'));
}

TEST_P(PosixSpecial, CopiesBetweenDescriptors) {
  const UniqueFd from = opened("file", O_RDONLY);
  {
    const UniqueFd to = opened("sent", O_WRONLY | O_CREAT);
    EXPECT_EQ(::sendfile(to.get(), from.get(), nullptr, 10), 10);
  }
  EXPECT_EQ(read_file(root("sent")), "0123456789");
  {
    const UniqueFd to = opened("ranged", O_WRONLY | O_CREAT);
    off_t offset = 2;
    EXPECT_EQ(::copy_file_range(from.get(), &offset, to.get(), nullptr, 5, 0), 5);
  }
  EXPECT_EQ(read_file(root("ranged")), "23456");
  EXPECT_EQ(sh("cp --reflink=auto --sparse=always file copied && cat $ROOT/copied"), "0123456789");
}

TEST_P(PosixSpecial, DuplicatedAndInheritedDescriptors) {
  sh("exec 3>>file; (echo child >&3); echo parent >&3; exec 3>&-; cat $ROOT/file > $TMP/seen");
  EXPECT_EQ(content(), "0123456789child\nparent\n");
  EXPECT_EQ(read_file(tmp("seen")), content());
}

TEST_P(PosixSpecial, TwoAppendersLoseNothing) {
  sh("for i in 1 2 3 4 5; do echo a$i >> file & echo b$i >> file & wait; done");
  EXPECT_EQ(sh("tail -c +11 $ROOT/file | sort | tr '\\n' ' '"), "a1 a2 a3 a4 a5 b1 b2 b3 b4 b5 ");
}

TEST_P(PosixSpecial, ReadingADirectoryIsStableWhileItChanges) {
  sh("mkdir dir && for i in $(seq 200); do : > dir/f$i; done");
  DIR* const listing = ::opendir(path("dir").c_str());
  ASSERT_NE(listing, nullptr);
  std::map<std::string, int> seen;
  long middle = -1;
  std::string at_middle;
  for (const dirent* entry = ::readdir(listing); entry != nullptr; entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    ++seen[name];
    if (seen.size() == 50) middle = ::telldir(listing);
    if (seen.size() == 51) at_middle = name;
    if (seen.size() == 60) sh("rm dir/f7 dir/f150; : > dir/new");
  }
  for (int i = 1; i <= 200; ++i) {
    if (i != 7 && i != 150) {
      EXPECT_EQ(seen["f" + std::to_string(i)], 1) << i;
    }
  }
  EXPECT_EQ(seen["."], 1);
  EXPECT_EQ(seen[".."], 1);
  ::seekdir(listing, middle);
  const dirent* const again = ::readdir(listing);
  ASSERT_NE(again, nullptr);
  if (at_middle != "f7" && at_middle != "f150") {
    EXPECT_EQ(again->d_name, at_middle);
  }
  ::rewinddir(listing);
  bool shows_new = false;
  for (const dirent* entry = ::readdir(listing); entry != nullptr; entry = ::readdir(listing))
    shows_new = shows_new || std::string(entry->d_name) == "new";
  ::closedir(listing);
  EXPECT_TRUE(shows_new);
}

TEST_P(PosixSpecial, InodeNumbersAreNeverUsedAgain) {
  const ino_t first = status("file").st_ino;
  EXPECT_EQ(remove("file"), 0);
  EXPECT_EQ(make_file("file"), 0);
  EXPECT_GT(status("file").st_ino, first);
}

FTPFS_ON_ALL_SERVERS(PosixSpecial);

}  // namespace
}  // namespace ftpfs::test
