// SPDX-License-Identifier: MIT
// Who gets a session when, and who gives one back.
#include "pool_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_F(PoolTest, OpensNothingBeforeItIsNeeded) {
  make_pool(4);
  settle(io_);
  EXPECT_EQ(server_.sessions(), 0u);
  EXPECT_EQ(pool_->open_sessions(), 0u);
}

TEST_F(PoolTest, OneConnectionServesOneAfterTheOther) {
  make_pool(4);
  acquire();
  acquire();
  acquire(Lane::bulk);
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(PoolTest, OneConnectionForEachThatIsNeededAtOnce) {
  make_pool(4);
  {
    const Lease one = acquire();
    const Lease two = acquire();
    const Lease three = acquire();
    EXPECT_EQ(pool_->open_sessions(), 3u);
  }
  const Lease again = acquire();
  EXPECT_EQ(server_.sessions(), 3u);
}

TEST_F(PoolTest, WhatIsExpectedFindsItsSessionsThere) {
  make_pool(4);
  const Lease one = acquire(Lane::bulk);
  pool_->expect(2);
  run_until(io_, [&] { return pool_->counts().idle == 2; });
  pool_->expect(2);
  settle(io_);
  const Lease two = acquire();
  const Lease three = acquire();
  EXPECT_EQ(server_.sessions(), 3u);
}

TEST_F(PoolTest, WhatIsOnlyExpectedLeavesOneSlotFree) {
  make_pool(3);
  const Lease one = acquire(Lane::bulk);
  pool_->expect(5);
  run_until(io_, [&] { return pool_->counts().idle == 1; });
  settle(io_);
  EXPECT_EQ(server_.sessions(), 2u);
}

TEST_F(PoolTest, NoMoreThanMaxConns) {
  make_pool(2);
  auto one = std::make_unique<Lease>(acquire());
  const Lease two = acquire();
  const Wait& three = start(Lane::metadata);
  EXPECT_FALSE(three.done());
  one.reset();
  finish(three);
  EXPECT_TRUE(three.lease);
  EXPECT_EQ(server_.most_open_sessions(), 2u);
}

TEST_F(PoolTest, TransfersLeaveASlotForMetadata) {
  make_pool(2);
  const Lease transfer = acquire(Lane::bulk);
  const Wait& second_transfer = start(Lane::bulk);
  const Lease metadata = acquire(Lane::metadata);
  EXPECT_FALSE(second_transfer.done());
  EXPECT_EQ(server_.most_open_sessions(), 2u);
}

TEST_F(PoolTest, MetadataGoesBeforeTransfersThatWait) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  const Wait& transfer = start(Lane::bulk);
  const Wait& metadata = start(Lane::metadata);
  lease.reset();
  finish(metadata);
  EXPECT_TRUE(metadata.lease);
  EXPECT_FALSE(transfer.done());
}

TEST_F(PoolTest, TransfersAreNotStarvedByMetadata) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  const Wait& transfer = start(Lane::bulk);
  std::list<Wait*> queue;
  for (int i = 0; i < 100; ++i) queue.push_back(&start(Lane::metadata));
  int before = 0;
  lease.reset();
  while (!transfer.done()) {
    ASSERT_FALSE(queue.empty());
    run_until(io_, [&] { return transfer.done() || queue.front()->done(); });
    if (transfer.done()) break;
    queue.front()->lease.reset();
    queue.pop_front();
    ++before;
  }
  EXPECT_LT(before, 50);
}

TEST_F(PoolTest, FirstComeFirstServed) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  std::list<Wait*> queue;
  for (int i = 0; i < 5; ++i) queue.push_back(&start(Lane::metadata));
  while (!queue.empty()) {
    lease.reset();
    finish(*queue.front());
    settle(io_);
    for (auto other = std::next(queue.begin()); other != queue.end(); ++other) EXPECT_FALSE((*other)->done());
    lease = std::move(queue.front()->lease);
    queue.pop_front();
  }
}

TEST_F(PoolTest, AWaitThatIsGivenUpLosesNothing) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  Wait& given_up = start(Lane::metadata);
  const Wait& next = start(Lane::metadata);
  given_up.stop.request_stop();
  finish(given_up);
  EXPECT_EQ(given_up.failed, EINTR);
  lease.reset();
  finish(next);
  EXPECT_TRUE(next.lease);
}

// Granted and given up in the same moment: the slot must go on to the next.
TEST_F(PoolTest, ASlotGrantedToSomebodyWhoLeavesIsNotLost) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  Wait& leaves = start(Lane::metadata);
  const Wait& next = start(Lane::metadata);
  lease.reset();
  leaves.stop.request_stop();
  finish(leaves);
  leaves.lease.reset();
  finish(next);
  EXPECT_TRUE(next.lease);
}

TEST_F(PoolTest, AWaitEndsAfterTheQueueTimeout) {
  make_pool(1);
  const Lease lease = acquire();
  const Wait& wait = start(Lane::metadata);
  clock_.advance(config().queue_timeout);
  finish(wait);
  EXPECT_EQ(wait.failed, ETIMEDOUT);
}

TEST_F(PoolTest, IdleSessionsQuitAfterAMinute) {
  make_pool(4);
  { const Lease lease = acquire(); }
  clock_.advance(config().idle_timeout - std::chrono::seconds(1));
  settle(io_);
  EXPECT_EQ(server_.open_sessions(), 1u);
  clock_.advance(std::chrono::seconds(1));
  run_until(io_, [&] { return server_.open_sessions() == 0 && pool_->open_sessions() == 0; });
  EXPECT_EQ(server_.commands().back(), "QUIT");
}

TEST_F(PoolTest, ASessionInUseIsNotIdle) {
  make_pool(4);
  const Lease lease = acquire();
  clock_.advance(config().idle_timeout * 2);
  settle(io_);
  EXPECT_EQ(server_.open_sessions(), 1u);
  EXPECT_TRUE(lease->reusable());
}

// F17: vsftpd after 300 s, IIS after 120 s.
TEST_F(PoolTest, ASessionThatTheServerClosedIsReplacedUnseen) {
  for (const std::string farewell : {"421 Timeout.", ""}) {
    make_pool(4);
    { const Lease lease = acquire(); }
    run_until(io_, [&] { return server_.open_sessions() == 1; });
    server_.dismiss_idle(farewell);
    const Lease fresh = acquire();
    EXPECT_EQ(run(io_, fresh->command(proto::Verb::noop, "", {})).code, 200);
  }
}

TEST_F(PoolTest, ADeadSessionIsDroppedNotReturned) {
  make_pool(4);
  {
    const Lease lease = acquire();
    lease->abort();
  }
  EXPECT_EQ(pool_->open_sessions(), 0u);
  acquire();
  EXPECT_EQ(server_.sessions(), 2u);
}

TEST_F(PoolTest, WhoeverWaitsGetsTheSessionOfAHolderThatYields) {
  make_pool(1);
  auto holder = std::make_unique<Lease>(acquire(Lane::bulk));
  int asked = 0;
  ftp::Yielder yielder;
  yielder.from = [] { return Clock::time_point::min(); };
  yielder.yield = [&] {
    ++asked;
    holder.reset();
  };
  holder->offer(std::move(yielder));
  settle(io_);
  EXPECT_EQ(asked, 0);  // nobody waits yet
  const Wait& wait = start(Lane::metadata);
  finish(wait);
  EXPECT_TRUE(wait.lease);
  EXPECT_EQ(asked, 1);
}

TEST_F(PoolTest, AHolderIsNotAskedBeforeItsTime) {
  make_pool(1);
  auto holder = std::make_unique<Lease>(acquire(Lane::bulk));
  const auto from = clock_.now() + std::chrono::seconds(5);
  ftp::Yielder yielder;
  yielder.from = [from] { return from; };
  yielder.yield = [&] { holder.reset(); };
  holder->offer(std::move(yielder));
  const Wait& wait = start(Lane::metadata);
  clock_.advance(std::chrono::seconds(4));
  settle(io_);
  EXPECT_TRUE(holder);
  clock_.advance(std::chrono::seconds(1));
  finish(wait);
  EXPECT_FALSE(holder);
  EXPECT_TRUE(wait.lease);
}

TEST_F(PoolTest, CloseQuitsAndRefusesFromThenOn) {
  make_pool(4);
  { const Lease lease = acquire(); }
  run(io_, pool_->close());
  EXPECT_EQ(server_.commands().back(), "QUIT");
  const Wait& wait = start(Lane::metadata);
  finish(wait);
  EXPECT_EQ(wait.failed, ESHUTDOWN);
}

TEST_F(PoolTest, CloseEndsEveryWait) {
  make_pool(1);
  const Lease lease = acquire();
  const Wait& wait = start(Lane::metadata);
  run(io_, pool_->close());
  finish(wait);
  EXPECT_EQ(wait.failed, ESHUTDOWN);
  EXPECT_FALSE(lease->reusable());
}

TEST_F(PoolTest, MayBeDestroyedWithLeasesAndWaitersAbout) {
  make_pool(1);
  auto lease = std::make_unique<Lease>(acquire());
  const Wait& wait = start(Lane::metadata);
  pool_.reset();
  finish(wait);
  EXPECT_EQ(wait.failed, ESHUTDOWN);
  EXPECT_FALSE((*lease)->reusable());
}

}  // namespace
}  // namespace ftpfs::test
