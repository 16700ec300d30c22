// SPDX-License-Identifier: MIT
// keepalive=: the server hears of sessions that nobody uses, and they end in time all the same.
#include "pool_fixture.hpp"

namespace ftpfs::test {
namespace {

using std::chrono::seconds;

class KeepaliveTest : public PoolTest {
 protected:
  KeepaliveTest() { keepalive_ = seconds(15); }
  // Lets `time` pass, in steps in which a NOOP is asked and answered.
  void pass(seconds time) {
    for (seconds passed{0}; passed < time; passed += seconds(1)) {
      clock_.advance(seconds(1));
      settle(io_);
      run_until(io_, [&] { return pool_->counts().in_use == leased_; });
    }
  }

  std::size_t leased_ = 0;  // by the test
};

TEST_F(KeepaliveTest, WithoutItNothingIsSaid) {
  keepalive_ = {};
  make_pool(4);
  acquire();
  pass(seconds(59));
  EXPECT_EQ(count("NOOP"), 0u);
}

TEST_F(KeepaliveTest, AnIdleSessionIsHeardOfAndEndsInTime) {
  make_pool(4);
  acquire();
  pass(seconds(14));
  EXPECT_EQ(count("NOOP"), 0u);
  pass(seconds(1));
  EXPECT_EQ(count("NOOP"), 1u);
  pass(seconds(44));
  EXPECT_EQ(count("NOOP"), 3u);
  EXPECT_EQ(server_.open_sessions(), 1u);
  pass(seconds(1));
  run_until(io_, [&] { return server_.open_sessions() == 0 && pool_->open_sessions() == 0; });
  EXPECT_EQ(server_.commands().back(), "QUIT");
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(KeepaliveTest, EachOneThatIsIdleSpeaksForItself) {
  make_pool(4);
  {
    const Lease one = acquire();
    const Lease two = acquire();
    const Lease three = acquire();
  }
  pass(seconds(15));
  EXPECT_EQ(count("NOOP"), 3u);
  EXPECT_EQ(server_.open_sessions(), 3u);
}

// Whoever has it may be in the middle of a transfer.
TEST_F(KeepaliveTest, ASessionInUseIsLeftAlone) {
  make_pool(4);
  const Lease lease = acquire();
  leased_ = 1;
  pass(seconds(50));
  EXPECT_EQ(count("NOOP"), 0u);
}

TEST_F(KeepaliveTest, WhatIsUsedNeedsNone) {
  make_pool(4);
  for (int i = 0; i < 10; ++i) {
    acquire();
    pass(seconds(10));
  }
  EXPECT_EQ(count("NOOP"), 0u);
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(KeepaliveTest, WhoComesMeanwhileWaitsForItsTurn) {
  make_pool(1);
  acquire();
  server_.inject({"NOOP", Fault::Moment::received, Fault::Action::stall});
  clock_.advance(seconds(15));
  run_until(io_, [&] { return server_.faults_left() == 0; });
  settle(io_);
  const Wait& wait = start(Lane::metadata);
  EXPECT_FALSE(wait.done());
  EXPECT_EQ(server_.sessions(), 1u) << "it is still the only one that may be";
  clock_.advance(config().timeout);
  finish(wait);
  EXPECT_TRUE(wait.lease) << "a session that does not answer is replaced";
}

TEST_F(KeepaliveTest, ASessionThatHasGoneIsForgottenWithoutAWord) {
  make_pool(4);
  acquire();
  server_.dismiss_idle("421 Timeout.");
  pass(seconds(15));
  EXPECT_EQ(pool_->open_sessions(), 0u);
  EXPECT_FALSE(pool_->outage());
  acquire();
  EXPECT_EQ(server_.sessions(), 2u);
}

// It has been heard of, and that is what counts.
TEST_F(KeepaliveTest, AServerThatDoesNotKnowTheCommandKeepsItsSession) {
  make_pool(4);
  acquire();
  server_.inject({"NOOP", Fault::Moment::received, Fault::Action::reply, "502 Command not implemented."});
  pass(seconds(20));
  acquire();
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(KeepaliveTest, AtItsEndThePoolWaitsForNoAnswer) {
  make_pool(4);
  acquire();
  server_.inject({"NOOP", Fault::Moment::received, Fault::Action::stall});
  clock_.advance(seconds(15));
  run_until(io_, [&] { return server_.faults_left() == 0; });
  run(io_, pool_->close());
  run_until(io_, [&] { return pool_->open_sessions() == 0; });
}

}  // namespace
}  // namespace ftpfs::test
