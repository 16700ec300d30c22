// SPDX-License-Identifier: MIT
// Many files made in one directory, as cp and tar do: which questions and waits are spared, and that nobody's
// file is lost for it.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

class ManyFilesTest : public VfsTest {
 protected:
  ManyFilesTest() {
    tree().put_directory("/d");
    remote_.set_spare(3);
  }
  void make(const std::string& path) {
    const vfs::Handle handle = client().create(path);
    client().write(handle, 0, path);
    client().close(handle);
  }
  bool last_was_unheard() const { return remote_.sinks().back().request.unheard; }
};

TEST_F(ManyFilesTest, TheFirstOneWaitsForTheServersYesTheOthersDoNot) {
  make("/d/one");
  EXPECT_FALSE(last_was_unheard());
  make("/d/two");
  EXPECT_TRUE(last_was_unheard());
  make("/other");
  EXPECT_FALSE(last_was_unheard()) << "another directory";
  advance(std::chrono::seconds(11));
  make("/d/three");
  EXPECT_FALSE(last_was_unheard()) << "that was long ago";
}

TEST_F(ManyFilesTest, ARefusalIsToldByCloseAndEndsTheTrust) {
  make("/d/one");
  const vfs::Handle handle = client().create("/d/two");
  EXPECT_TRUE(last_was_unheard());
  client().write(handle, 0, "content");
  remote_.on(Op::commit).fail_next(Error(EACCES, "no"), 2);
  EXPECT_THROW(client().flush(handle), Error);
  client().release(handle);
  remote_.recover();
  EXPECT_EQ(kept_in_spool(), std::vector<std::string>{"content"});
  make("/d/three");
  EXPECT_FALSE(last_was_unheard());
}

// Nothing lies under that name then, so that there is nothing to remove on the server.
TEST_F(ManyFilesTest, WhatWasRefusedLateCanBeRemoved) {
  make("/d/one");
  remote_.refuse_uploads(Error(ENOSPC, "553"), 1);
  const vfs::Handle handle = client().create("/d/two");
  EXPECT_TRUE(last_was_unheard());
  client().write(handle, 0, "content");
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  client().release(handle);
  EXPECT_FALSE(tree().exists("/d/two"));
  client().unlink("/d/two");
  EXPECT_EQ(client().names("/d"), std::vector<std::string>{"one"});
}

TEST_F(ManyFilesTest, WhatWasRefusedLateIsSentAgainLater) {
  make("/d/one");
  remote_.refuse_uploads(Error(ENOSPC, "553"), 1);
  const vfs::Handle handle = client().create("/d/two");
  client().write(handle, 0, "content");
  EXPECT_EQ(client().flush_later(handle).code(), ENOSPC);
  client().release(handle);
  advance(std::chrono::seconds(6));
  EXPECT_EQ(tree().content("/d/two"), "content");
  EXPECT_TRUE(names_in_spool().empty());
}

TEST_F(ManyFilesTest, NamesAreNotAskedForOneByOne) {
  client().names("/d");
  const std::size_t questions = remote_.calls(Op::stat);
  const std::size_t listings = remote_.calls(Op::list);
  for (int file = 0; file < 20; ++file) {
    make("/d/file" + std::to_string(file));
    advance(std::chrono::milliseconds(200));
  }
  EXPECT_EQ(remote_.calls(Op::stat), questions);
  EXPECT_LE(remote_.calls(Op::list), listings + 8) << "one each half second";
  EXPECT_EQ(client().names("/d").size(), 20u);
}

TEST_F(ManyFilesTest, WithoutASessionToSpareNamesAreAskedFor) {
  remote_.set_spare(0);
  client().names("/d");
  const std::size_t listings = remote_.calls(Op::list);
  for (int file = 0; file < 10; ++file) {
    make("/d/file" + std::to_string(file));
    advance(std::chrono::milliseconds(300));
  }
  EXPECT_EQ(remote_.calls(Op::list), listings);
  EXPECT_GT(remote_.calls(Op::stat), 3u);
}

TEST_F(ManyFilesTest, AFileThatSomebodyElseMakesMeanwhileIsSeen) {
  client().names("/d");
  for (int file = 0; file < 5; ++file) {
    make("/d/file" + std::to_string(file));
    advance(std::chrono::milliseconds(300));
  }
  tree().put_file("/d/theirs", "theirs");
  make("/d/mine");
  advance(std::chrono::milliseconds(600));
  make("/d/mine too");  // asks for the listing anew
  advance(std::chrono::milliseconds(600));
  EXPECT_THROW(client().create("/d/theirs"), Error);
  EXPECT_EQ(tree().find(Path("/d/theirs"))->content, "theirs");
}

TEST_F(ManyFilesTest, AListingThatFailsIsNobodysError) {
  client().names("/d");
  remote_.on(Op::list).fail_next(ConnectionLost(EIO, "gone"), 20);
  for (int file = 0; file < 10; ++file) {
    make("/d/file" + std::to_string(file));
    advance(std::chrono::milliseconds(300));
  }
  remote_.recover();
  EXPECT_EQ(client().names("/d").size(), 10u);
}

}  // namespace
}  // namespace ftpfs::test
