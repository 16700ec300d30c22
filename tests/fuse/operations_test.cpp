// SPDX-License-Identifier: MIT
// Each operation once, from the kernel's packet to the server and back.
#include <cerrno>
#include <ctime>
#include <set>

#include <fcntl.h>
#include <sys/stat.h>

#include "fuse/channel_test.hpp"

namespace ftpfs::test {
namespace {

class Operations : public ChannelTest {
 protected:
  explicit Operations(bool read_only = false) : ChannelTest(read_only) {
    tree().put_file("/hello", "hello, world");
    tree().put_directory("/dir");
    tree().put_symlink("/link", "hello");
  }
  MemoryTree& tree() { return rig_.remote.tree(); }

  struct New {
    std::uint64_t node, handle;
  };
  New create(std::string_view name) {
    const FakeKernel::Answer answer = await(kernel_.create(FUSE_ROOT_ID, name, O_CREAT | O_RDWR, 0100644));
    EXPECT_EQ(answer.error, 0);
    fuse_open_out opened;
    std::memcpy(&opened, answer.body.data() + sizeof(fuse_entry_out), sizeof opened);
    return {answer.as<fuse_entry_out>().nodeid, opened.fh};
  }
  std::set<std::string> names(std::uint64_t directory, bool plus, std::uint32_t page);
};

TEST_F(Operations, LookupFinds) {
  const auto entry = out<fuse_entry_out>(kernel_.lookup(FUSE_ROOT_ID, "hello"));
  EXPECT_GT(entry.nodeid, FUSE_ROOT_ID + 0u);
  EXPECT_EQ(entry.attr.size, 12u);
  EXPECT_TRUE(S_ISREG(entry.attr.mode));
  EXPECT_EQ(entry.entry_valid, 1u);
  EXPECT_EQ(entry.attr_valid, 1u);
}

TEST_F(Operations, LookupOfAMissingNameMayBeRemembered) {
  const auto entry = out<fuse_entry_out>(kernel_.lookup(FUSE_ROOT_ID, "missing"));
  EXPECT_EQ(entry.nodeid, 0u);
  EXPECT_EQ(entry.entry_valid, 1u);
}

TEST_F(Operations, ASecondLookupIsAnsweredFromMemory) {
  const auto first = look_up("hello");
  const std::size_t calls = rig_.remote.calls();
  EXPECT_EQ(look_up("hello"), first);
  EXPECT_EQ(rig_.remote.calls(), calls);
}

TEST_F(Operations, ForgottenNodesAreGone) {
  const auto node = look_up("hello");
  EXPECT_EQ(look_up("hello"), node);
  kernel_.forget(node, 1);
  EXPECT_EQ(error_of(kernel_.getattr(node)), 0);
  kernel_.forget(node, 1);
  EXPECT_EQ(error_of(kernel_.getattr(node)), ESTALE);
}

TEST_F(Operations, GetattrTellsTheRoot) {
  const auto attr = out<fuse_attr_out>(kernel_.getattr(FUSE_ROOT_ID));
  EXPECT_TRUE(S_ISDIR(attr.attr.mode));
}

TEST_F(Operations, SetattrSetsExactlyWhatWasAsked) {
  const auto node = look_up("hello");
  fuse_setattr_in change{};
  change.valid = FATTR_MTIME | FATTR_MODE;
  change.mtime = 1'234'567'890;
  change.mode = 0100600;
  const auto attr = out<fuse_attr_out>(kernel_.setattr(node, change)).attr;
  EXPECT_EQ(attr.mtime, 1'234'567'890u);
  EXPECT_EQ(attr.mode & 07777, 0600u);
  EXPECT_EQ(attr.size, 12u);
  EXPECT_EQ(tree().find(Path("/hello"))->mtime, 1'234'567'890);
  EXPECT_EQ(tree().find(Path("/hello"))->mode, 0600);
}

TEST_F(Operations, UtimeNowIsTheTimeOfDay) {
  const auto node = look_up("hello");
  fuse_setattr_in change{};
  change.valid = FATTR_MTIME | FATTR_MTIME_NOW;
  change.mtime = 1;  // not to be taken
  const auto before = std::time(nullptr);
  EXPECT_EQ(error_of(kernel_.setattr(node, change)), 0);
  EXPECT_GE(tree().find(Path("/hello"))->mtime, before);
}

TEST_F(Operations, TruncateCutsAFile) {
  const auto node = look_up("hello");
  fuse_setattr_in change{};
  change.valid = FATTR_SIZE;
  change.size = 5;
  EXPECT_EQ(out<fuse_attr_out>(kernel_.setattr(node, change)).attr.size, 5u);
}

TEST_F(Operations, ReadlinkTellsTheTarget) {
  const auto answer = await(kernel_.readlink(look_up("link")));
  EXPECT_EQ(answer.error, 0);
  EXPECT_EQ(answer.body, "hello");
}

TEST_F(Operations, ReadTellsTheContentFromAnyOffset) {
  const auto node = look_up("hello");
  const auto handle = open(node, O_RDONLY);
  EXPECT_EQ(await(kernel_.read(node, handle, 0, 4096)).body, "hello, world");
  EXPECT_EQ(await(kernel_.read(node, handle, 7, 3)).body, "wor");
  EXPECT_EQ(await(kernel_.read(node, handle, 12, 4096)).body, "");
  EXPECT_EQ(error_of(kernel_.release(node, handle)), 0);
  EXPECT_EQ(error_of(kernel_.read(node, handle, 0, 1)), EBADF);
}

TEST_F(Operations, AFileOpenedForReadingNeedsNoFlush) {
  const auto opened = out<fuse_open_out>(kernel_.open(look_up("hello"), O_RDONLY));
  EXPECT_TRUE(opened.open_flags & FOPEN_NOFLUSH);
  const auto writable = out<fuse_open_out>(kernel_.open(look_up("hello"), O_RDWR));
  EXPECT_FALSE(writable.open_flags & FOPEN_NOFLUSH);
}

TEST_F(Operations, UnchangedPagesOfTheLastOpenStay) {
  const auto node = look_up("hello");
  const auto first = open(node, O_RDONLY);
  await(kernel_.read(node, first, 0, 4096));
  EXPECT_TRUE(out<fuse_open_out>(kernel_.open(node, O_RDONLY)).open_flags & FOPEN_KEEP_CACHE);
  tree().put_file("/hello", "something else");
  rig_.clock.advance(std::chrono::minutes(1));  // what is known by now may be old
  EXPECT_FALSE(out<fuse_open_out>(kernel_.open(node, O_RDONLY)).open_flags & FOPEN_KEEP_CACHE);
}

TEST_F(Operations, WhatIsWrittenIsOnTheServerAfterFlush) {
  const auto [node, handle] = create("new");
  EXPECT_EQ(out<fuse_write_out>(kernel_.write(node, handle, 0, "abc")).size, 3u);
  EXPECT_EQ(out<fuse_write_out>(kernel_.write(node, handle, 3, "def")).size, 3u);
  EXPECT_EQ(error_of(kernel_.flush(node, handle)), 0);
  EXPECT_EQ(tree().content("/new"), "abcdef");
  EXPECT_EQ(error_of(kernel_.release(node, handle)), 0);
}

TEST_F(Operations, FsyncSendsToo) {
  const auto [node, handle] = create("new");
  EXPECT_EQ(error_of(kernel_.write(node, handle, 0, "abc")), 0);
  EXPECT_EQ(error_of(kernel_.fsync(node, handle)), 0);
  EXPECT_EQ(tree().content("/new"), "abc");
}

TEST_F(Operations, MknodMakesARegularFileAndNothingElse) {
  EXPECT_GT(out<fuse_entry_out>(kernel_.mknod(FUSE_ROOT_ID, "plain", S_IFREG | 0644)).nodeid, 1u);
  EXPECT_EQ(tree().content("/plain"), "");
  for (const mode_t kind : {S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
    EXPECT_EQ(error_of(kernel_.mknod(FUSE_ROOT_ID, "odd", kind | 0644)), EPERM);
  }
  EXPECT_FALSE(tree().exists("/odd"));
}

TEST_F(Operations, AMknodThatCannotBeSentFailsAndLeavesNoReference) {
  rig_.remote.on(Op::commit).fail_next(Error(ENOSPC, "STOR"), 10);
  EXPECT_EQ(error_of(kernel_.mknod(FUSE_ROOT_ID, "plain", S_IFREG | 0644)), ENOSPC);
  rig_.remote.on(Op::commit).fail_no_more();
}

TEST_F(Operations, LinksOfBothKindsAreRefused) {
  EXPECT_EQ(error_of(kernel_.link(look_up("hello"), FUSE_ROOT_ID, "hard")), EPERM);
  EXPECT_EQ(error_of(kernel_.symlink(FUSE_ROOT_ID, "soft", "hello")), EPERM);
}

TEST_F(Operations, DirectoriesAreMadeAndRemoved) {
  EXPECT_TRUE(S_ISDIR(out<fuse_entry_out>(kernel_.mkdir(FUSE_ROOT_ID, "d", 0755)).attr.mode));
  EXPECT_TRUE(tree().exists("/d"));
  EXPECT_EQ(error_of(kernel_.rmdir(FUSE_ROOT_ID, "d")), 0);
  EXPECT_FALSE(tree().exists("/d"));
}

TEST_F(Operations, UnlinkRemoves) {
  EXPECT_EQ(error_of(kernel_.unlink(FUSE_ROOT_ID, "hello")), 0);
  EXPECT_FALSE(tree().exists("/hello"));
}

TEST_F(Operations, RenameMovesAndHeedsNoreplace) {
  const auto directory = look_up("dir");
  tree().put_file("/dir/taken", "old");
  EXPECT_EQ(error_of(kernel_.rename(FUSE_ROOT_ID, "hello", directory, "taken", RENAME_NOREPLACE)), EEXIST);
  EXPECT_EQ(error_of(kernel_.rename(FUSE_ROOT_ID, "hello", directory, "moved", RENAME_NOREPLACE)), 0);
  EXPECT_EQ(tree().content("/dir/moved"), "hello, world");
  EXPECT_EQ(error_of(kernel_.rename(directory, "moved", directory, "taken", RENAME_EXCHANGE)), EINVAL);
  EXPECT_EQ(error_of(kernel_.rename(directory, "moved", directory, "taken")), 0);
  EXPECT_EQ(tree().content("/dir/taken"), "hello, world");
}

// Every name of a directory, read page by page; no name may come twice.
std::set<std::string> Operations::names(std::uint64_t directory, bool plus, std::uint32_t page) {
  const auto handle = out<fuse_open_out>(kernel_.opendir(directory)).fh;
  std::set<std::string> seen;
  for (std::uint64_t cookie = 0;;) {
    const auto request = plus ? kernel_.readdirplus(directory, handle, cookie, page)
                              : kernel_.readdir(directory, handle, cookie, page);
    const auto entries = FakeKernel::entries(await(request), plus);
    if (entries.empty()) break;
    EXPECT_LE(await(request).body.size(), page);
    for (const auto& entry : entries) {
      EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
      const bool dots = entry.name == "." || entry.name == "..";
      EXPECT_EQ(entry.nodeid != 0, plus && !dots) << entry.name;
    }
    cookie = entries.back().next;
  }
  EXPECT_EQ(error_of(kernel_.releasedir(directory, handle)), 0);
  return seen;
}

TEST_F(Operations, ADirectoryReadInSmallPagesIsComplete) {
  std::set<std::string> expected{".", ".."};
  for (int i = 0; i < 50; ++i) {
    const std::string name = std::string(static_cast<std::size_t>(i) * 4 + 1, 'n') + std::to_string(i);
    tree().put_file("/dir/" + name, "");
    expected.insert(name);
  }
  const auto directory = look_up("dir");
  EXPECT_EQ(names(directory, false, 512), expected);
  EXPECT_EQ(names(directory, true, 1024), expected);
  EXPECT_EQ(names(directory, true, 65536), expected);
}

TEST_F(Operations, ReaddirplusTakesOneReferenceForEachEntryItTold) {
  const auto handle = out<fuse_open_out>(kernel_.opendir(FUSE_ROOT_ID)).fh;
  std::uint64_t node = 0;
  for (const auto& entry :
       FakeKernel::entries(await(kernel_.readdirplus(FUSE_ROOT_ID, handle, 0, 4096)), true)) {
    if (entry.name == "hello") node = entry.nodeid;
  }
  ASSERT_NE(node, 0u);
  EXPECT_EQ(error_of(kernel_.getattr(node)), 0);
  kernel_.forget(node, 1);
  EXPECT_EQ(error_of(kernel_.getattr(node)), ESTALE);
  EXPECT_EQ(error_of(kernel_.fsyncdir(FUSE_ROOT_ID, handle)), 0);
}

TEST_F(Operations, AnUnknownDirectoryHandleIsRefused) {
  EXPECT_EQ(error_of(kernel_.readdir(FUSE_ROOT_ID, 4711, 0, 4096)), EBADF);
}

TEST_F(Operations, StatfsIsFiniteAndAnsweredFromMemory) {
  const std::size_t calls = rig_.remote.calls();
  const auto statistics = out<fuse_statfs_out>(kernel_.statfs()).st;
  EXPECT_GT(statistics.bavail, 0u);
  EXPECT_EQ(statistics.namelen, 255u);
  EXPECT_EQ(rig_.remote.calls(), calls);
}

TEST_F(Operations, AccessIsGrantedByModeBits) {
  EXPECT_EQ(error_of(kernel_.access(FUSE_ROOT_ID, R_OK | X_OK)), 0);
}

class ReadOnlyOperations : public Operations {
 protected:
  ReadOnlyOperations() : Operations(true) {}
};

TEST_F(ReadOnlyOperations, NothingChanges) {
  EXPECT_EQ(error_of(kernel_.access(FUSE_ROOT_ID, W_OK)), EROFS);
  EXPECT_EQ(error_of(kernel_.mkdir(FUSE_ROOT_ID, "d", 0755)), EROFS);
  EXPECT_EQ(error_of(kernel_.open(look_up("hello"), O_WRONLY)), EROFS);
  EXPECT_EQ(tree().content("/hello"), "hello, world");
}

class ErrnoOfTheServer : public Operations, public testing::WithParamInterface<int> {};

TEST_P(ErrnoOfTheServer, ReachesTheProgram) {
  rig_.remote.on(Op::make_directory).fail_next(Error(GetParam(), "MKD /x", "553 no"));
  EXPECT_EQ(error_of(kernel_.mkdir(FUSE_ROOT_ID, "x", 0755)), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Errnos, ErrnoOfTheServer,
                         testing::Values(ENOENT, EEXIST, ENOTDIR, EACCES, EPERM, ENOSPC, EDQUOT, EROFS,
                                         ENAMETOOLONG, EOPNOTSUPP, EIO, ETIMEDOUT, ECONNREFUSED,
                                         EHOSTUNREACH));

TEST_F(Operations, TroubleIsLoggedOnceWithTheServersEscapedWords) {
  rig_.remote.on(Op::make_directory).fail_next(Error(ENOSPC, "MKD /x", "552 full\x1b"));
  EXPECT_EQ(error_of(kernel_.mkdir(FUSE_ROOT_ID, "x", 0755)), ENOSPC);
  EXPECT_TRUE(rig_.logged("mkdir of inode 1 failed with ENOSPC: MKD /x (server said: 552 full\\x1B)"))
      << rig_.log.str();
}

TEST_F(Operations, AConnectionLostMidwayAnswersEio) {
  rig_.remote.on(Op::make_directory).fail_next(ConnectionLost(ECONNRESET, "reset"), 5);
  EXPECT_EQ(error_of(kernel_.mkdir(FUSE_ROOT_ID, "x", 0755)), EIO);
  rig_.remote.on(Op::make_directory).fail_no_more();
}

// The kernel writes pages that were changed through mmap() back by any handle that is open for writing.
TEST_F(Operations, AMappedPageGoesWhereItLiesAlsoInAFileOpenedForAppending) {
  const auto node = look_up("hello");
  const auto handle = open(node, O_RDWR | O_APPEND);
  EXPECT_EQ(error_of(kernel_.write(node, handle, 0, "HELLO", FUSE_WRITE_CACHE)), 0);
  EXPECT_EQ(error_of(kernel_.write(node, handle, 0, "!")), 0);
  EXPECT_EQ(error_of(kernel_.flush(node, handle)), 0);
  EXPECT_EQ(tree().content("/hello"), "HELLO, world!");
  EXPECT_EQ(error_of(kernel_.release(node, handle)), 0);
}

}  // namespace
}  // namespace ftpfs::test
