// SPDX-License-Identifier: MIT
// statfs: what the server tells, else a lot; never a long wait.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;

class SpaceTest : public VfsTest {
 protected:
  void told(std::optional<Space> space) {
    remote_.set_capabilities({.cheap_stat = true, .tells_space = true});
    remote_.set_space(space);
  }
  struct ::statvfs ask() {
    if (const auto now = fs().statfs_now()) return *now;
    return run(io_, fs().statfs({}));
  }
  static std::uint64_t free_bytes(const struct ::statvfs& stat) { return stat.f_bavail * stat.f_frsize; }
};

TEST_F(SpaceTest, WithoutAnAnswerThereIsALot) {
  const struct ::statvfs stat = ask();
  EXPECT_EQ(free_bytes(stat), 1ull << 40);
  EXPECT_GE(stat.f_blocks, stat.f_bavail);
  EXPECT_EQ(stat.f_namemax, 255u);
  EXPECT_EQ(remote_.calls(Op::space), 0u);
  told(std::nullopt);
  EXPECT_EQ(free_bytes(ask()), 1ull << 40);
}

TEST_F(SpaceTest, IsWhatTheServerTells) {
  told(Space{4096 * 10, 4096 * 100});
  const struct ::statvfs stat = ask();
  EXPECT_EQ(stat.f_bavail, 10u);
  EXPECT_EQ(stat.f_bfree, 10u);
  EXPECT_EQ(stat.f_blocks, 100u);
}

TEST_F(SpaceTest, IsKeptForAWhileAndAskedForInTheBackgroundThen) {
  told(Space{4096, std::nullopt});
  EXPECT_EQ(free_bytes(ask()), 4096u);
  remote_.set_space(Space{8192, std::nullopt});
  EXPECT_EQ(free_bytes(ask()), 4096u);
  EXPECT_EQ(remote_.calls(Op::space), 1u);
  advance(seconds(30));
  EXPECT_EQ(free_bytes(ask()), 4096u) << "the answer of the moment";
  advance(seconds(1));
  EXPECT_EQ(free_bytes(ask()), 8192u);
  EXPECT_EQ(remote_.calls(Op::space), 2u);
}

TEST_F(SpaceTest, NobodyWaitsLongForASilentServer) {
  told(Space{4096, std::nullopt});
  remote_.on(Op::space).hold();
  ASSERT_FALSE(fs().statfs_now());
  std::stop_source stop;
  Pending<struct ::statvfs> waiting(io_, fs().statfs(stop.get_token()), stop);
  EXPECT_FALSE(waiting.done());
  advance(seconds(1));
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(free_bytes(waiting.get()), 1ull << 40);
  remote_.recover();
}

TEST_F(SpaceTest, CanBeSaidByTheUser) {
  told(Space{4096, std::nullopt});
  config_.statfs_size = 1 << 20;
  EXPECT_EQ(free_bytes(ask()), 1u << 20);
  EXPECT_EQ(remote_.calls(Op::space), 0u);
}

}  // namespace
}  // namespace ftpfs::test
