// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <list>

#include <gmock/gmock.h>

#include <ftpfs/ftp/pool.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using ftp::Lane;
using ftp::Lease;
using ftp::SessionPool;

class PoolTest : public RemoteFixture {
 protected:
  ~PoolTest() override {
    waits_.clear();
    pool_.reset();
    settle(io_);
  }

  void make_pool(std::size_t max_conns) {
    ftp::FtpConfig settings = config();
    settings.max_conns = max_conns;
    settings.queue_timeout = queue_timeout_;
    settings.greeting_timeout = greeting_timeout_;
    context_ = std::make_shared<ftp::SessionContext>(
        io_.get_executor(), connector_, clock_, make_logger(LogSink::none, spdlog::level::off), settings);
    pool_ = std::make_unique<SessionPool>(context_);
  }

  Lease acquire(Lane lane = Lane::metadata) { return std::move(*run(io_, take(*pool_, lane, {}))); }

  // An acquire() under way.
  struct Wait {
    std::unique_ptr<Lease> lease;
    std::optional<int> failed;
    std::stop_source stop;
    bool done() const { return lease || failed; }
  };
  Wait& start(Lane lane, std::optional<Clock::time_point> since = {}) {
    const auto wait = waits_.emplace_back(std::make_shared<Wait>());
    asio::co_spawn(io_, take(*pool_, lane, wait->stop.get_token(), since),
                   [wait](std::exception_ptr error, std::unique_ptr<Lease> lease) {
                     wait->lease = std::move(lease);
                     try {
                       if (error) std::rethrow_exception(error);
                     } catch (const Error& failure) {
                       wait->failed = failure.code();
                     }
                   });
    settle(io_);
    return *wait;
  }
  void finish(const Wait& wait) {
    run_until(io_, [&] { return wait.done(); });
  }

  std::size_t logins() const { return std::ranges::count(server_.commands(), "PASS secret"); }

  std::chrono::milliseconds queue_timeout_ = config().queue_timeout;
  std::chrono::milliseconds greeting_timeout_ = config().greeting_timeout;
  std::shared_ptr<ftp::SessionContext> context_;
  std::unique_ptr<SessionPool> pool_;
  std::list<std::shared_ptr<Wait>> waits_;  // shared with the acquire() that may outlive the test

 private:
  // co_spawn() wants results that can be default-constructed.
  static awaitable<std::unique_ptr<Lease>> take(SessionPool& pool, Lane lane, std::stop_token stop,
                                                std::optional<Clock::time_point> since = {}) {
    Lease lease = co_await pool.acquire(lane, stop, since);
    co_return std::make_unique<Lease>(std::move(lease));
  }
};

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

TEST_F(PoolTest, ALogInThatIsCutOffIsRepeatedOnceWhereOneHasWorked) {
  const Fault cut{"PASS", Fault::Moment::received, Fault::Action::reset};
  make_pool(4);
  server_.inject(cut);
  const Wait& first = start(Lane::metadata);
  finish(first);
  EXPECT_EQ(first.failed, EIO);
  const Lease one = acquire();
  server_.inject(cut);
  const Lease two = acquire();
  Fault twice = cut;
  twice.times = 2;
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
