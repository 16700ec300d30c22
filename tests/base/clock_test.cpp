// SPDX-License-Identifier: MIT
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/base/error.hpp>

#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace ftpfs {
namespace {

using std::chrono::seconds;

awaitable<void> sleep(Clock& clock, Clock::duration time, std::stop_token stop, std::string& outcome) {
  const Clock::time_point deadline = clock.now() + time;
  try {
    co_await clock.sleep_until(deadline, stop);
    outcome = "woke";
  } catch (const Cancelled&) {
    outcome = "cancelled";
  }
}

TEST(ManualClock, SleepersWakeWhenTheirTimeHasComeAndNotBefore) {
  test::ManualClock clock;
  asio::io_context io;
  std::string early;
  std::string late;
  asio::co_spawn(io, sleep(clock, seconds(1), {}, early), asio::detached);
  asio::co_spawn(io, sleep(clock, seconds(3), {}, late), asio::detached);
  test::settle(io);
  EXPECT_EQ(early, "");
  clock.advance(seconds(2));
  test::settle(io);
  EXPECT_EQ(early, "woke");
  EXPECT_EQ(late, "");
  clock.advance(seconds(1));
  test::settle(io);
  EXPECT_EQ(late, "woke");
}

TEST(ManualClock, BothItsClocksMoveTogether) {
  test::ManualClock clock;
  const auto now = clock.now();
  const auto wall = clock.wall();
  clock.advance(seconds(90));
  EXPECT_EQ(clock.now() - now, seconds(90));
  EXPECT_EQ(clock.wall() - wall, seconds(90));
}

TEST(ManualClock, StopEndsASleep) {
  test::ManualClock clock;
  asio::io_context io;
  std::stop_source stop;
  std::string outcome;
  asio::co_spawn(io, sleep(clock, seconds(1), stop.get_token(), outcome), asio::detached);
  test::settle(io);
  stop.request_stop();
  test::settle(io);
  EXPECT_EQ(outcome, "cancelled");
}

TEST(SystemClock, ADeadlineThatIsPastReturnsAtOnce) {
  SystemClock clock;
  asio::io_context io;
  std::string outcome;
  test::run(io, sleep(clock, seconds(-1), {}, outcome));
  EXPECT_EQ(outcome, "woke");
}

TEST(SystemClock, StopEndsASleepBeforeOrAfterItBegan) {
  SystemClock clock;
  asio::io_context io;
  std::stop_source stop;
  std::string asleep;
  asio::co_spawn(io, sleep(clock, std::chrono::hours(1), stop.get_token(), asleep), asio::detached);
  test::settle(io);
  stop.request_stop();
  std::string refused;
  test::run(io, sleep(clock, std::chrono::hours(1), stop.get_token(), refused));
  EXPECT_EQ(asleep, "cancelled");
  EXPECT_EQ(refused, "cancelled");
}

}  // namespace
}  // namespace ftpfs
