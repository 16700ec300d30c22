// SPDX-License-Identifier: MIT
// A server that lets fewer in than we would like, and credentials that it refuses: how often it is asked
// again.
#include "pool_fixture.hpp"

namespace ftpfs::test {
namespace {

TEST_F(PoolTest, TheServersLimitIsLearnedAndNobodyFails) {
  for (const std::string refusal : {"421 Too many connections (2) from this IP",
                                    "530 Sorry, the maximum number of "
                                    "clients (2) are connected"}) {
    SCOPED_TRACE(refusal);
    behaviour().max_sessions = 2;
    behaviour().limit_reply = refusal;
    make_pool(4);
    auto one = std::make_unique<Lease>(acquire());
    auto two = std::make_unique<Lease>(acquire());
    const Wait& three = start(Lane::metadata);
    const Wait& four = start(Lane::metadata);
    run_until(io_, [&] { return pool_->limit() == 2; });
    settle(io_);
    EXPECT_FALSE(three.done());
    one.reset();
    finish(three);
    EXPECT_TRUE(three.lease);
    two.reset();
    finish(four);
    EXPECT_TRUE(four.lease);
    const std::size_t sessions = server_.sessions();
    const Wait& five = start(Lane::metadata);
    EXPECT_FALSE(five.done());
    EXPECT_EQ(server_.sessions(), sessions);  // it does not run against the limit again
    waits_.clear();
    pool_.reset();
    run_until(io_, [&] { return server_.open_sessions() == 0; });
  }
}

TEST_F(PoolTest, WhoIsTurnedAwayIsNotExpectedOnceMore) {
  behaviour().max_sessions = 1;
  make_pool(4);
  const Lease one = acquire(Lane::bulk);
  pool_->expect(1);
  run_until(io_, [&] { return pool_->limit() == 1; });
  settle(io_);
  const std::size_t sessions = server_.sessions();
  pool_->expect(1);
  settle(io_);
  EXPECT_EQ(server_.sessions(), sessions);
}

TEST_F(PoolTest, ALineThatDiesInALogInThatNobodyWaitsForIsNobodysFailure) {
  for (const char* verb : {"USER", "PASS", "TYPE"}) {
    make_pool(4);
    const Lease one = acquire(Lane::bulk);
    server_.inject(
        {.verb = verb, .moment = Fault::Moment::received, .action = Fault::Action::close, .times = 2});
    pool_->expect(1);
    run_until(io_, [&] { return server_.faults_left() == 0; });
    settle(io_);
    EXPECT_EQ(pool_->counts().in_use, 1u) << verb;
    clock_.advance(std::chrono::seconds(2));  // it was taken for an outage, which the next log-in ends
    run_until(io_, [&] { return !pool_->outage(); });
    const Lease two = acquire();
    EXPECT_EQ(pool_->open_sessions(), 2u) << verb;
  }
}

TEST_F(PoolTest, AFullServerIsAskedAgainLater) {
  behaviour().max_sessions = 1;
  make_pool(4);
  auto other_client = run(io_, connector_.connect({"127.0.0.1", server_.port()}, {}, {}));
  run_until(io_, [&] { return server_.open_sessions() == 1; });
  const Wait& wait = start(Lane::metadata);
  run_until(io_, [&] { return server_.sessions() == 2 && server_.open_sessions() == 1; });
  settle(io_);
  other_client.reset();
  run_until(io_, [&] { return server_.open_sessions() == 0; });
  EXPECT_FALSE(wait.done());
  while (!wait.done()) {
    clock_.advance(std::chrono::seconds(1));
    settle(io_);
    io_.restart();
    io_.run_one_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(wait.lease);
}

TEST_F(PoolTest, PausesGrowAndChanceShortensThem) {
  for (const std::uint64_t chance : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    behaviour().max_sessions = 1;
    make_pool(4);
    context_->random = [chance] { return chance; };
    auto other_client = run(io_, connector_.connect({"127.0.0.1", server_.port()}, {}, {}));
    run_until(io_, [&] { return server_.open_sessions() == 1; });
    start(Lane::metadata);
    for (const int seconds : {2, 4, 8, 8}) {
      const std::chrono::milliseconds whole = std::chrono::seconds(seconds);
      const std::size_t tries = server_.sessions();
      run_until(io_, [&] { return server_.sessions() == tries && server_.open_sessions() == 1; });
      settle(io_);
      const std::chrono::milliseconds pause = chance == 0 ? whole : whole / 2;
      clock_.advance(pause - std::chrono::milliseconds(1));
      settle(io_);
      EXPECT_EQ(server_.sessions(), tries);
      clock_.advance(std::chrono::milliseconds(1));
      run_until(io_, [&] { return server_.sessions() == tries + 1; });
    }
    waits_.clear();
    pool_.reset();
    other_client.reset();
    run_until(io_, [&] { return server_.open_sessions() == 0; });
  }
}

// The slot of one who was turned away goes to the next in the queue, who is not in the server either.
TEST_F(PoolTest, SeveralWhoAreTurnedAwayPauseLikeOne) {
  behaviour().max_sessions = 1;
  make_pool(4);
  context_->random = [] { return std::uint64_t{0}; };
  auto other_client = run(io_, connector_.connect({"127.0.0.1", server_.port()}, {}, {}));
  run_until(io_, [&] { return server_.open_sessions() == 1; });
  constexpr std::size_t callers = 3;
  std::size_t most_tries = server_.sessions() + 2 * callers;  // who is in the queue then tries once more
  const auto come_to_rest = [&] {
    std::size_t tries = 0;
    for (int rounds = 0; rounds < 20 && server_.sessions() != tries; ++rounds) {
      tries = server_.sessions();
      for (int steps = 0; steps < 100; ++steps) {
        io_.restart();
        io_.run_one_for(std::chrono::milliseconds(1));
      }
    }
    EXPECT_LE(server_.sessions(), most_tries);
  };
  for (std::size_t i = 0; i < callers; ++i) start(Lane::metadata);
  run_until(io_, [&] { return server_.sessions() >= most_tries - callers; });
  for (const int seconds : {2, 4, 8, 8}) {
    come_to_rest();
    most_tries = server_.sessions() + callers;
    clock_.advance(std::chrono::seconds(seconds));
    run_until(io_, [&] { return server_.sessions() >= most_tries; });
  }
  come_to_rest();
  other_client.reset();
  run_until(io_, [&] { return server_.open_sessions() == 0; });
  clock_.advance(std::chrono::seconds(8));
  std::size_t served = 0;
  run_until(io_, [&] {
    for (const auto& wait : waits_) {
      if (wait->lease) ++served;
      wait->lease.reset();
    }
    return served == callers;
  });
}

TEST_F(PoolTest, AServerThatTurnsAwayWithoutAWordMayBeFull) {
  behaviour().max_sessions = 1;
  behaviour().limit_reply = "421 Service not available.";
  make_pool(4);
  auto one = std::make_unique<Lease>(acquire());
  const Wait& two = start(Lane::metadata);
  run_until(io_, [&] { return pool_->limit() == 1; });
  EXPECT_FALSE(two.done());
  one.reset();
  finish(two);
  EXPECT_TRUE(two.lease);
}

TEST_F(PoolTest, AloneAServerThatTurnsAwayIsAFailure) {
  behaviour().limit_reply = "421 Service not available.";
  make_pool(4);
  server_.inject({"GREETING", Fault::Moment::received, Fault::Action::reply, "421 Service not available."});
  const Wait& wait = start(Lane::metadata);
  finish(wait);
  EXPECT_EQ(wait.failed, ECONNREFUSED);
}

// It refuses a connection before the sessions it had are known to be dead.
TEST_F(PoolTest, ARestartIsNoLimit) {
  make_pool(4);
  auto one = std::make_unique<Lease>(acquire());
  auto two = std::make_unique<Lease>(acquire());
  server_.shut_down();
  const Wait& third = start(Lane::metadata);
  run_until(io_, [&] { return pool_->limit() == 2; });
  for (const auto lease : {one.get(), two.get()}) (*lease)->abort();
  one.reset();
  two.reset();
  finish(third);
  EXPECT_EQ(third.failed, ECONNREFUSED);
  EXPECT_EQ(pool_->limit(), 4u);
}

TEST_F(PoolTest, WhoWaitsIsServedWhenALearnedLimitIsForgotten) {
  behaviour().max_sessions = 1;
  queue_timeout_ = std::chrono::hours(1);
  make_pool(4);
  const Lease one = acquire();
  const Wait& two = start(Lane::metadata);
  run_until(io_, [&] { return pool_->limit() == 1; });
  settle(io_);
  behaviour().max_sessions = 0;
  clock_.advance(std::chrono::minutes(10));
  finish(two);
  EXPECT_TRUE(two.lease);
}

TEST_F(PoolTest, ALogInThatIsCutOffIsRepeatedOnce) {
  const Fault cut{"PASS", Fault::Moment::received, Fault::Action::reset};
  Fault twice = cut;
  twice.times = 2;
  make_pool(4);
  server_.inject(twice);
  const Wait& first = start(Lane::metadata);
  finish(first);
  EXPECT_EQ(first.failed, EIO);
  server_.inject(cut);
  const Lease one = acquire();  // the first that works
  server_.inject(cut);
  const Lease two = acquire();
  server_.inject(twice);
  const Wait& last = start(Lane::metadata);
  finish(last);
  EXPECT_EQ(last.failed, EIO);
  EXPECT_EQ(server_.faults_left(), 0u);
}

// A firewall that lets no more in (connlimit) is as silent as a server that is away.
TEST_F(PoolTest, SilenceWhileOthersAreServedIsALimit) {
  greeting_timeout_ = std::chrono::seconds(10);
  make_pool(4);
  Lease one = acquire();
  server_.inject({"GREETING", Fault::Moment::received, Fault::Action::stall});
  const Wait& two = start(Lane::metadata);
  run_until(io_, [&] { return server_.faults_left() == 0; });
  settle(io_);
  clock_.advance(std::chrono::seconds(1));
  one.release();
  clock_.advance(std::chrono::seconds(10));
  finish(two);
  EXPECT_TRUE(two.lease);
  EXPECT_FALSE(pool_->outage());
  EXPECT_EQ(pool_->limit(), 1u);
  EXPECT_EQ(logins(), 1u);
}

// It shows that there was no time left, not that nobody is there.
TEST_F(PoolTest, ALogInThatIsCutShortIsNoOutage) {
  make_pool(4);
  acquire();
  pool_->drop_idle();
  server_.inject({"GREETING", Fault::Moment::received, Fault::Action::stall});
  const Wait& late = start(Lane::metadata, clock_.now() - std::chrono::seconds(50));
  run_until(io_, [&] { return server_.faults_left() == 0; });
  settle(io_);
  clock_.advance(std::chrono::seconds(10));
  finish(late);
  EXPECT_EQ(late.failed, ETIMEDOUT);
  EXPECT_FALSE(pool_->outage());
}

// Found by the soak: vsftpd says so when one of its processes is killed, and nobody was let in for minutes.
TEST_F(PoolTest, AServerThatBreaksDownInALogInHasNotRefusedTheCredentials) {
  make_pool(4);
  acquire();
  for (const char* verb : {"GREETING", "USER", "PASS"}) {
    SCOPED_TRACE(verb);
    Fault breakdown{verb, Fault::Moment::received, Fault::Action::reply, "500 OOPS: child died"};
    pool_->drop_idle();
    server_.inject(breakdown);
    acquire();
    EXPECT_EQ(server_.faults_left(), 0u);
    pool_->drop_idle();
    breakdown.times = 2;
    server_.inject(breakdown);
    const Wait& wait = start(Lane::metadata);
    finish(wait);
    EXPECT_EQ(wait.failed, EIO);
    EXPECT_FALSE(pool_->refusal());
    clock_.advance(std::chrono::seconds(2));  // it was taken for an outage, which the next log-in ends
    run_until(io_, [&] { return !pool_->outage(); });
  }
}

// F16: no account lock-outs, no fail2ban.
TEST_F(PoolTest, RefusedCredentialsAreTriedOnceIn30Seconds) {
  make_pool(4);
  behaviour().password = "changed";
  for (int i = 0; i < 5; ++i) {
    const Wait& wait = start(Lane::metadata);
    finish(wait);
    EXPECT_EQ(wait.failed, EACCES);
  }
  EXPECT_EQ(logins(), 1u);
  behaviour().password = "secret";
  clock_.advance(std::chrono::seconds(30));
  acquire();
  EXPECT_EQ(logins(), 2u);
}

// A password that was changed while programs go on using the mount: fail2ban counts to five in ten minutes.
TEST_F(PoolTest, CredentialsThatStayWrongAreTriedEverMoreRarely) {
  make_pool(4);
  const auto logins_in = [&](std::chrono::seconds time) {
    const std::size_t before = logins();
    for (std::chrono::seconds passed{0}; passed < time; passed += std::chrono::seconds(10)) {
      const Wait& wait = start(Lane::metadata);
      finish(wait);
      clock_.advance(std::chrono::seconds(10));
    }
    return logins() - before;
  };
  behaviour().password = "changed";
  EXPECT_EQ(logins_in(std::chrono::minutes(10)), 3u);
  EXPECT_EQ(logins_in(std::chrono::hours(3)), 4u);
  behaviour().password = "secret";
  clock_.advance(std::chrono::hours(1));
  acquire();
  pool_->drop_idle();
  behaviour().password = "changed";
  EXPECT_EQ(logins_in(std::chrono::minutes(10)), 3u);
}

}  // namespace
}  // namespace ftpfs::test
