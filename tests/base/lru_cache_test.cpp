// SPDX-License-Identifier: MIT
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/lru_cache.hpp>

#include "support/manual_clock.hpp"

namespace ftpfs {
namespace {

using std::chrono::seconds;
using Cache = LruCache<std::string, int>;

class LruCacheTest : public testing::Test {
 protected:
  test::ManualClock clock_;
  Cache cache_{10, seconds(5), clock_};
};

TEST_F(LruCacheTest, FindsWhatWasPut) {
  cache_.put("a", 1, 3);
  ASSERT_NE(cache_.get("a"), nullptr);
  EXPECT_EQ(*cache_.get("a"), 1);
  EXPECT_EQ(cache_.get("b"), nullptr);
  EXPECT_EQ(cache_.size(), 1u);
  EXPECT_EQ(cache_.weight(), 3u);
  EXPECT_EQ(cache_.capacity(), 10u);
}

TEST_F(LruCacheTest, PutReplacesValueAndWeight) {
  cache_.put("a", 1, 3);
  cache_.put("a", 2, 5);
  EXPECT_EQ(*cache_.get("a"), 2);
  EXPECT_EQ(cache_.size(), 1u);
  EXPECT_EQ(cache_.weight(), 5u);
}

TEST_F(LruCacheTest, TheLeastRecentlyUsedGoesFirst) {
  cache_.put("a", 1, 4);
  cache_.put("b", 2, 4);
  cache_.get("a");
  cache_.put("c", 3, 4);
  EXPECT_NE(cache_.get("a"), nullptr);
  EXPECT_EQ(cache_.get("b"), nullptr);
  EXPECT_NE(cache_.get("c"), nullptr);
}

TEST_F(LruCacheTest, OneHeavyEntryMayPushOutSeveral) {
  for (const char* key : {"a", "b", "c", "d"}) cache_.put(key, 0, 2);
  cache_.put("heavy", 1, 7);
  EXPECT_EQ(cache_.size(), 2u);
  EXPECT_NE(cache_.get("d"), nullptr);
  EXPECT_EQ(cache_.weight(), 9u);
}

// The listing of a directory with a million names: fetching it again for each of them would take for ever.
TEST_F(LruCacheTest, WhatIsHeavierThanTheCacheIsKeptAloneUntilTheNextOneComes) {
  cache_.put("a", 1, 3);
  cache_.put("b", 2, 11);
  EXPECT_NE(cache_.get("b"), nullptr);
  EXPECT_EQ(cache_.get("a"), nullptr);
  EXPECT_EQ(cache_.weight(), 11u);
  cache_.put("a", 2, 3);
  EXPECT_EQ(cache_.get("b"), nullptr);
  EXPECT_NE(cache_.get("a"), nullptr);
  EXPECT_EQ(cache_.weight(), 3u);
}

TEST_F(LruCacheTest, EntriesExpireCountedFromPutNotFromGet) {
  cache_.put("a", 1, 1);
  clock_.advance(seconds(4));
  EXPECT_NE(cache_.get("a"), nullptr);
  clock_.advance(seconds(1));
  EXPECT_EQ(cache_.get("a"), nullptr);
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(cache_.weight(), 0u);
}

TEST_F(LruCacheTest, PutRenewsTheExpiry) {
  cache_.put("a", 1, 1);
  clock_.advance(seconds(4));
  cache_.put("a", 2, 1);
  clock_.advance(seconds(4));
  EXPECT_NE(cache_.get("a"), nullptr);
}

TEST_F(LruCacheTest, NoExpiryMeansNever) {
  Cache cache(10, Clock::duration::max(), clock_);
  cache.put("a", 1, 1);
  clock_.advance(std::chrono::hours(24 * 365 * 50));
  EXPECT_NE(cache.get("a"), nullptr);
}

TEST_F(LruCacheTest, EraseTellsWhetherItWasThere) {
  cache_.put("a", 1, 4);
  EXPECT_TRUE(cache_.erase("a"));
  EXPECT_FALSE(cache_.erase("a"));
  EXPECT_EQ(cache_.weight(), 0u);
}

TEST_F(LruCacheTest, EraseIfSeesKeysAndValues) {
  cache_.put("a", 1, 1);
  cache_.put("b", 2, 2);
  cache_.put("c", 3, 3);
  cache_.erase_if([](const std::string& key, int value) { return key == "a" || value == 3; });
  EXPECT_EQ(cache_.size(), 1u);
  EXPECT_EQ(cache_.weight(), 2u);
  EXPECT_NE(cache_.get("b"), nullptr);
}

TEST_F(LruCacheTest, ClearEmptiesIt) {
  cache_.put("a", 1, 1);
  cache_.clear();
  EXPECT_EQ(cache_.size(), 0u);
  EXPECT_EQ(cache_.weight(), 0u);
  cache_.put("a", 1, 10);
  EXPECT_NE(cache_.get("a"), nullptr);
}

}  // namespace
}  // namespace ftpfs
