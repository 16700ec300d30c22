// SPDX-License-Identifier: MIT
// The session itself: negotiation, interrupts, endings.
#include "fuse/channel_test.hpp"

#include <cerrno>
#include <vector>

#include <fcntl.h>

namespace ftpfs::test {
namespace {

TEST_F(ChannelTest, NegotiatesBigRequestsAndNoWritebackCache) {
  const auto reply = kernel_.answer(init_).as<fuse_init_out>();
  EXPECT_EQ(reply.major, 7u);
  EXPECT_EQ(reply.max_write, 1u << 20);
  EXPECT_EQ(reply.max_pages, (1u << 20) / static_cast<unsigned>(::sysconf(_SC_PAGESIZE)));
  constexpr std::uint32_t wanted =
      FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_PARALLEL_DIROPS | FUSE_DO_READDIRPLUS;
  EXPECT_EQ(reply.flags & wanted, wanted);
  constexpr std::uint32_t unwanted = FUSE_WRITEBACK_CACHE | FUSE_AUTO_INVAL_DATA | FUSE_HANDLE_KILLPRIV |
                                     FUSE_SPLICE_WRITE | FUSE_SPLICE_READ | FUSE_POSIX_LOCKS |
                                     FUSE_FLOCK_LOCKS | FUSE_READDIRPLUS_AUTO;
  EXPECT_EQ(reply.flags & unwanted, 0u);
}

TEST_F(ChannelTest, AnInterruptEndsTheWaitWithEintr) {
  rig_.remote.tree().put_file("/slow", "x");
  rig_.remote.on(Op::stat).hold();
  rig_.remote.on(Op::list).hold();
  const auto request = kernel_.lookup(FUSE_ROOT_ID, "slow");
  run_until(rig_.io, [&] { return rig_.remote.on(Op::stat).held() + rig_.remote.on(Op::list).held() > 0; });
  EXPECT_EQ(channel_->live_requests(), 1u);
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(request), EINTR);
  EXPECT_EQ(channel_->live_requests(), 0u);
}

TEST_F(ChannelTest, AnInterruptThatOvertookItsRequestCountsToo) {
  rig_.remote.on(Op::make_directory).hold();
  kernel_.interrupt(kernel_.next_unique() + 2);
  const auto request = kernel_.mkdir(FUSE_ROOT_ID, "d", 0755);
  EXPECT_EQ(error_of(request), EINTR);
}

TEST_F(ChannelTest, AnInterruptOfAnotherRequestDisturbsNobody) {
  rig_.remote.on(Op::make_directory).hold();
  const auto kept = kernel_.mkdir(FUSE_ROOT_ID, "kept", 0755);
  const auto dropped = kernel_.mkdir(FUSE_ROOT_ID, "dropped", 0755);
  run_until(rig_.io, [&] { return rig_.remote.on(Op::make_directory).held() == 2; });
  kernel_.interrupt(dropped);
  EXPECT_EQ(error_of(dropped), EINTR);
  EXPECT_FALSE(kernel_.answered(kept));
  rig_.remote.on(Op::make_directory).release();
  EXPECT_EQ(error_of(kept), 0);
}

TEST_F(ChannelTest, AnInterruptAfterTheAnswerIsTooLate) {
  const auto request = kernel_.mkdir(FUSE_ROOT_ID, "d", 0755);
  EXPECT_EQ(error_of(request), 0);
  kernel_.interrupt(request);
  EXPECT_EQ(error_of(kernel_.statfs()), 0);
}

TEST_F(ChannelTest, AnInterruptedCloseLetsTheUploadGoOn) {
  rig_.remote.on(Op::commit).hold();
  const auto created = await(kernel_.create(FUSE_ROOT_ID, "f", O_CREAT | O_WRONLY, 0100644));
  ASSERT_EQ(created.error, 0);
  const auto entry = created.as<fuse_entry_out>();
  fuse_open_out opened;
  std::memcpy(&opened, created.body.data() + sizeof entry, sizeof opened);
  EXPECT_EQ(error_of(kernel_.write(entry.nodeid, opened.fh, 0, "content")), 0);
  const auto flush = kernel_.flush(entry.nodeid, opened.fh);
  wait_until_held(Op::commit);
  kernel_.interrupt(flush);
  EXPECT_EQ(error_of(flush), EINTR);
  rig_.remote.on(Op::commit).release();
  EXPECT_EQ(error_of(kernel_.release(entry.nodeid, opened.fh)), 0);
  run_until(rig_.io, [&] { return rig_.remote.tree().content("/f") == "content"; });
}

TEST_F(ChannelTest, WhenTheMountGoesWaitingRequestsEndAndRunReturns) {
  rig_.remote.on(Op::make_directory).hold();
  kernel_.mkdir(FUSE_ROOT_ID, "a", 0755);
  kernel_.mkdir(FUSE_ROOT_ID, "b", 0755);
  run_until(rig_.io, [&] { return rig_.remote.on(Op::make_directory).held() == 2; });
  kernel_.close();
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_EQ(channel_->live_requests(), 0u);
}

TEST_F(ChannelTest, UnmountEndsTheSessionWithWorkPending) {
  rig_.remote.on(Op::make_directory).hold();
  kernel_.mkdir(FUSE_ROOT_ID, "a", 0755);
  wait_until_held(Op::make_directory);
  channel_->unmount();
  channel_->unmount();
  EXPECT_TRUE(kernel_.hung_up());
  run_until(rig_.io, [&] { return ended_; });
  EXPECT_EQ(channel_->live_requests(), 0u);
}

TEST_F(ChannelTest, AChannelDestroyedWithWorkPendingLeavesNothingBehind) {
  rig_.remote.on(Op::make_directory).hold();
  kernel_.mkdir(FUSE_ROOT_ID, "a", 0755);
  wait_until_held(Op::make_directory);
  channel_.reset();
  EXPECT_TRUE(kernel_.hung_up());
  run_until(rig_.io, [&] { return ended_; });
  rig_.remote.on(Op::make_directory).release();
  settle(rig_.io);
}

TEST_F(ChannelTest, AFloodOfRequestsLetsOthersHaveTheirTurn) {
  constexpr std::size_t flood = 100;
  for (std::size_t i = 0; i < flood; ++i) kernel_.statfs();
  std::size_t turns_in_between = 0;
  while (kernel_.unanswered() > 0) {
    bool had_its_turn = false;
    asio::post(rig_.io, [&] { had_its_turn = true; });
    run_until(rig_.io, [&] { return had_its_turn; });
    const std::size_t left = kernel_.unanswered();
    if (left > 0 && left < flood) ++turns_in_between;
    ASSERT_FALSE(ended_);
  }
  EXPECT_GE(turns_in_between, 2u);
}

TEST_F(ChannelTest, RefusesRequestsOfItsOwnProcess) {
  kernel_.pid = ::getpid();
  EXPECT_EQ(error_of(kernel_.statfs()), EDEADLK);
  kernel_.pid = ::getpid() + 1;
  EXPECT_EQ(error_of(kernel_.statfs()), 0);
}

TEST_F(ChannelTest, WhatItHasNothingToSayAboutAnswersEnosys) {
  EXPECT_EQ(error_of(kernel_.getxattr(FUSE_ROOT_ID, "security.capability")), ENOSYS);
}

}  // namespace
}  // namespace ftpfs::test
