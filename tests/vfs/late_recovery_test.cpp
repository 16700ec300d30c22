// SPDX-License-Identifier: MIT
// What an earlier mount has left, when the server is away at first.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class LateRecoveryTest : public VfsTest {
 protected:
  // Written by a mount that was killed before the server had it; what is there is `before`.
  void leave_behind(const std::string& content, const std::optional<std::string>& before) {
    if (before) tree().put_file("/file", *before);
    const vfs::Handle handle = before ? client().open("/file", O_WRONLY | O_TRUNC) : client().create("/file");
    remote_.on(Op::commit).fail_next(Error(ENOSPC, "552"), 100);
    client().write(handle, 0, content);
    EXPECT_EQ(errno_of([&] { client().close(handle); }), ENOSPC);
    settle(io_);
    crash();
    if (!before) tree().remove("/file");
  }
  void go_away() { remote_.on(Op::stat).fail_next(ConnectionLost(ETIMEDOUT, "away"), 1000); }
};

TEST_F(LateRecoveryTest, ItIsSentWhenTheServerIsThere) {
  leave_behind("content", std::nullopt);
  go_away();
  fs().recover_later();
  for (int i = 0; i < 10; ++i) advance(5s);
  EXPECT_FALSE(tree().exists("/file"));
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  remote_.recover();
  advance(5s);
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(LateRecoveryTest, NobodySeesTheServersVersionBefore) {
  leave_behind("newer", "old");
  remote_.on(Op::stat).hold();
  fs().recover_later();
  Pending<vfs::DirHandle> listing = client().opendir_later(vfs::root_ino);
  Pending<vfs::Looked> look = client().lookup_later(vfs::root_ino, "file");
  EXPECT_FALSE(listing.done() || look.done());
  EXPECT_TRUE(remote_.listed().empty());
  remote_.on(Op::stat).release();
  settle(io_);
  EXPECT_EQ(look.get().attr.stat.st_size, 5);
  fs().releasedir(listing.get());
  EXPECT_EQ(client().read_file("/file"), "newer");
}

TEST_F(LateRecoveryTest, WhileTheServerIsAwayCallsFailAsTheyWould) {
  leave_behind("newer", "old");
  go_away();
  fs().recover_later();
  EXPECT_EQ(errno_of([&] { client().names("/"); }), ETIMEDOUT);
  EXPECT_EQ(errno_of([&] { client().mkdir("/made"); }), ETIMEDOUT);
  remote_.recover();
  EXPECT_THAT(client().names("/"), ElementsAre("file"));  // and need not wait for the next attempt
  settle(io_);
  EXPECT_EQ(tree().content("/file"), "newer");
}

TEST_F(LateRecoveryTest, WhoIsInterruptedDoesNotStopIt) {
  leave_behind("newer", "old");
  remote_.on(Op::stat).hold();
  fs().recover_later();
  Pending<vfs::Looked> look = client().lookup_later(vfs::root_ino, "file");
  look.interrupt();
  EXPECT_EQ(look.code(), EINTR);
  remote_.on(Op::stat).release();
  settle(io_);
  EXPECT_EQ(tree().content("/file"), "newer");
}

// The line may also die during an ordinary start.
TEST_F(LateRecoveryTest, AStartThatLosesTheServerGoesOnByItself) {
  leave_behind("content", std::nullopt);
  go_away();
  remount();
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  remote_.recover();
  advance(5s);
  EXPECT_EQ(tree().content("/file"), "content");
}

TEST_F(LateRecoveryTest, AtTheEndItIsNamedAndLeftToTheNextMount) {
  leave_behind("content", std::nullopt);
  go_away();
  fs().recover_later();
  const auto unsaved = test::run(io_, fs().shutdown(clock_.now() + 60s));
  EXPECT_THAT(unsaved, ElementsAre("/file"));
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  crash();
  remount();
  EXPECT_EQ(tree().content("/file"), "content");
}

}  // namespace
}  // namespace ftpfs::test
