// SPDX-License-Identifier: MIT
// How many sessions there may be where the user has not said it.
#include <vector>

#include "pool_fixture.hpp"

namespace ftpfs::test {
namespace {

class PoolFarAway : public PoolTest {
 protected:
  static constexpr std::chrono::microseconds everything_is_far{0};

  void take(std::size_t sessions) {
    for (std::size_t i = 0; i < sessions; ++i) leases_.push_back(acquire());
  }
  ~PoolFarAway() override { leases_.clear(); }

  std::vector<Lease> leases_;
};

TEST_F(PoolFarAway, ThereAreTwiceAsMany) {
  far_from_ = everything_is_far;
  make_pool({});
  take(8);
  EXPECT_EQ(pool_->limit(), 8u);
  const Wait& ninth = start(Lane::metadata);
  EXPECT_FALSE(ninth.done());
  leases_.pop_back();
  finish(ninth);
  EXPECT_EQ(server_.sessions(), 8u);
}

TEST_F(PoolFarAway, NearbyThereAreFour) {
  make_pool({});
  take(4);
  EXPECT_EQ(pool_->limit(), 4u);
  EXPECT_FALSE(start(Lane::metadata).done());
  EXPECT_GE(context_->profile.round_trip, std::optional(std::chrono::microseconds(0)));
}

TEST_F(PoolFarAway, TheUsersNumberHolds) {
  far_from_ = everything_is_far;
  for (const std::size_t number : {1, 2, 10}) {
    make_pool(number);
    take(1);
    EXPECT_EQ(pool_->limit(), number);
    leases_.clear();
    pool_.reset();
  }
}

TEST_F(PoolFarAway, WhatTheServerAllowsHolds) {
  far_from_ = everything_is_far;
  behaviour().max_sessions = 5;
  make_pool({});
  take(5);
  const Wait& sixth = start(Lane::metadata);
  run_until(io_, [&] { return pool_->limit() == 5; });
  EXPECT_FALSE(sixth.done());
  leases_.pop_back();
  finish(sixth);
}

// The server counts them, and the user may want to come by another way.
TEST_F(PoolFarAway, ThoseBeyondTheUsualNumberLeaveSoon) {
  far_from_ = everything_is_far;
  make_pool({});
  take(8);
  leases_.erase(leases_.begin() + 1, leases_.end());
  clock_.advance(std::chrono::seconds(9));
  settle(io_);
  EXPECT_EQ(pool_->open_sessions(), 8u);
  clock_.advance(std::chrono::seconds(1));
  run_until(io_, [&] { return server_.open_sessions() == 4; });
  clock_.advance(std::chrono::seconds(49));
  settle(io_);
  EXPECT_EQ(pool_->open_sessions(), 4u);
  clock_.advance(std::chrono::seconds(1));
  run_until(io_, [&] { return server_.open_sessions() == 1; });
}

}  // namespace
}  // namespace ftpfs::test
