// SPDX-License-Identifier: MIT
// A server that is away: found out once, tried in the background, and back without anybody's help. Calls
// fail at once, or wait for it.
#include <cerrno>
#include <optional>

#include <gmock/gmock.h>

#include <ftpfs/ftp/late_remote.hpp>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;
using namespace std::chrono_literals;

class CircuitTest : public FaultTest {
 protected:
  ftp::FtpConfig hard() const {
    ftp::FtpConfig patient = config();
    patient.retry_for = std::chrono::milliseconds::max();
    return patient;
  }

  // Silent from now on: whoever is there hears nothing more, whoever comes no greeting.
  void fall_silent() {
    inject({"MLST", Moment::received, Action::stall});
    inject({"GREETING", Moment::received, Action::stall, {}, 0, 0, 1000});
  }
  int find_out() {
    const auto code = run_through_stalls(remote_->stat(Path("/a"), {}), 2, 31s);
    return code.value_or(0);
  }
  // And whoever is struck waits.
  void let_strike(std::size_t faults) {
    run_until(io_, [&] { return server_.faults_fired() == faults; });
    settle(io_);
  }
  bool away() const { return remote_->outage().has_value(); }
  // Time passes between the attempts, none during them.
  void await_return() {
    run_until(io_, [&] {
      if (away() && clock_.now() < remote_->outage()->next_attempt) clock_.advance(250ms);
      return !away();
    });
  }

  // A stat() under way.
  struct Call {
    std::optional<int> code;
    std::stop_source stop;
  };
  std::shared_ptr<Call> begin(awaitable<void> task) {
    auto call = std::make_shared<Call>();
    asio::co_spawn(io_, std::move(task), [call](std::exception_ptr error) { call->code = code_of(error); });
    settle(io_);
    return call;
  }
  std::shared_ptr<Call> begin_stat() {
    auto call = std::make_shared<Call>();
    asio::co_spawn(
        io_, remote_->stat(Path("/a"), call->stop.get_token()),
        [call](std::exception_ptr error, std::optional<Attributes>) { call->code = code_of(error); });
    settle(io_);
    return call;
  }
  static int code_of(const std::exception_ptr& error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Error& failure) {
      return failure.code();
    }
    return 0;
  }
  void finish(const Call& call) {
    run_until(io_, [&] { return call.code.has_value(); });
  }
  // The server's port refuses, and somebody has noticed.
  void go_away() {
    server_.shut_down();
    const auto call = begin_stat();
    run_until(io_, [&] { return away(); });
  }
};

INSTANTIATE_TEST_SUITE_P(Ftp, CircuitTest, both_paces(), pace_name);

// F19, F21, F34.
TEST_P(CircuitTest, SilenceIsWaitedForOnce) {
  fall_silent();
  EXPECT_EQ(find_out(), ETIMEDOUT);
  ASSERT_TRUE(away());
  EXPECT_EQ(remote_->outage()->code, ETIMEDOUT);
  EXPECT_EQ(remote_->outage()->attempts, 1u);
  EXPECT_EQ(remote_->spare(), 0u);
  const std::size_t sessions = server_.sessions();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(failure([&] { stat("/a"); }), ETIMEDOUT);  // and no time passes
  EXPECT_EQ(failure([&] { unlink("/a"); }), ETIMEDOUT);
  EXPECT_EQ(failure([&] { write("/new", "x"); }), ETIMEDOUT);
  EXPECT_EQ(server_.sessions(), sessions);
  EXPECT_EQ(server_.faults_fired(), 2u);
}

TEST_P(CircuitTest, ItIsTriedInTheBackgroundUntilItIsBack) {
  fall_silent();
  find_out();
  const std::size_t sessions = server_.sessions();
  server_.clear_faults();
  await_return();
  EXPECT_EQ(server_.sessions(), sessions + 1);
  EXPECT_TRUE(stat("/a"));
  EXPECT_EQ(server_.sessions(), sessions + 1);
}

TEST_P(CircuitTest, AttemptsInVainAreCountedAndBecomeRare) {
  go_away();
  std::vector<std::size_t> in_each_minute;
  for (int minute = 0; minute < 3; ++minute) {
    const unsigned before = remote_->outage()->attempts;
    for (int step = 0; step < 240; ++step) {
      const unsigned attempts = remote_->outage()->attempts;
      const bool due = clock_.now() + 250ms >= remote_->outage()->next_attempt;
      clock_.advance(250ms);
      settle(io_);
      if (due) run_until(io_, [&] { return remote_->outage()->attempts > attempts; });
      settle(io_);
    }
    in_each_minute.push_back(remote_->outage()->attempts - before);
  }
  EXPECT_GE(in_each_minute[0], 8u);
  for (const std::size_t later : {in_each_minute[1], in_each_minute[2]}) {
    EXPECT_GE(later, 5u);
    EXPECT_LE(later, 13u);
  }
}

// F2, F26: what is refused is refused quickly, so whoever comes finds the server that is back.
TEST_P(CircuitTest, ARestartedServerIsThereForTheFirstWhoAsks) {
  go_away();
  EXPECT_EQ(remote_->outage()->code, ECONNREFUSED);
  server_.start_again();
  EXPECT_TRUE(stat("/a"));
  EXPECT_FALSE(away());
}

TEST_P(CircuitTest, WhoWaitsForASessionIsToldToo) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  fall_silent();
  const auto first = begin_stat();
  let_strike(1);
  clock_.advance(31s);
  let_strike(2);
  const auto second = begin_stat();
  clock_.advance(30s);  // the first one's minute is over, not the second one's
  finish(*first);
  finish(*second);
  EXPECT_EQ(first->code, ETIMEDOUT);
  EXPECT_EQ(second->code, ETIMEDOUT);
  EXPECT_EQ(server_.faults_fired(), 2u);
}

TEST_P(CircuitTest, ASessionThatComesBackAliveEndsIt) {
  const auto source = run(io_, remote_->open_source(Path("/a"), 0, {}));
  inject({"GREETING", Moment::received, Action::stall});
  EXPECT_EQ(run_through_stalls(remote_->stat(Path("/a"), {}), 1, 61s), ETIMEDOUT);
  ASSERT_TRUE(away());
  std::byte content[100];
  while (run(io_, source->read_some(content)) > 0) {
  }
  EXPECT_FALSE(away());
  EXPECT_TRUE(stat("/a"));
}

TEST_P(CircuitTest, CredentialsThatAreRefusedNowAreAnAnswer) {
  go_away();
  behaviour().password = "changed";
  server_.start_again();
  await_return();
  EXPECT_EQ(failure([&] { stat("/a"); }), EACCES);
  EXPECT_EQ(count("PASS"), 1u);
}

TEST_P(CircuitTest, WhatWasNeverThereIsNotAwaitedUnlessThatIsWanted) {
  server_.shut_down();
  EXPECT_EQ(failure([&] { mount(hard()); }), ECONNREFUSED);
  EXPECT_FALSE(away());
  ftp::FtpConfig late = config();
  late.may_be_away = true;
  remote_ = std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                             make_logger(LogSink::none, spdlog::level::off), late);
  ftp::LateRemote first(io_.get_executor(), make_logger(LogSink::none, spdlog::level::off), *remote_);
  const auto look = [&] { return run(io_, first.stat(Path("/a"), {})); };
  EXPECT_EQ(failure([&] { look(); }), ECONNREFUSED);
  EXPECT_TRUE(away());
  server_.start_again();
  await_return();
  const std::size_t sessions = server_.sessions();
  EXPECT_TRUE(look());
  EXPECT_EQ(server_.sessions(), sessions);
}

// F20: the server is away for five minutes, and nobody hears of it.
TEST_P(CircuitTest, HardCallsWaitUntilItIsBack) {
  mount(hard());
  server_.shut_down();
  const auto looks = begin_stat();
  const auto removes = begin(remote_->remove_file(Path("/d/inner"), {}));
  run_until(io_, [&] { return away(); });
  for (int i = 0; i < 30; ++i) {
    clock_.advance(10s);
    settle(io_);
  }
  EXPECT_FALSE(looks->code || removes->code);
  EXPECT_TRUE(tree().exists("/d/inner"));
  server_.start_again();
  await_return();
  finish(*looks);
  finish(*removes);
  EXPECT_EQ(looks->code, 0);
  EXPECT_EQ(removes->code, 0);
  EXPECT_FALSE(tree().exists("/d/inner"));
}

TEST_P(CircuitTest, HardCallsWaitThroughSilenceToo) {
  mount(hard());
  fall_silent();
  const auto looks = begin_stat();
  let_strike(1);
  clock_.advance(31s);
  let_strike(2);
  clock_.advance(61s);
  run_until(io_, [&] { return away(); });
  const auto comes_later = begin_stat();
  server_.clear_faults();
  await_return();
  finish(*looks);
  finish(*comes_later);
  EXPECT_EQ(looks->code, 0);
  EXPECT_EQ(comes_later->code, 0);
}

TEST_P(CircuitTest, RetryForIsAsLongAsItSays) {
  ftp::FtpConfig patient = config();
  patient.retry_for = 30s;
  for (const auto& [absence, code] : {std::pair(29s, 0), std::pair(31s, ECONNREFUSED)}) {
    mount(patient);
    server_.shut_down();
    const auto looks = begin_stat();
    run_until(io_, [&] { return away(); });
    for (auto passed = 0s; passed < absence; passed += 1s) {
      EXPECT_EQ(looks->code.has_value(), passed >= 30s);
      clock_.advance(1s);
      settle(io_);
    }
    server_.start_again();
    if (code == 0) await_return();
    finish(*looks);
    EXPECT_EQ(looks->code, code);
  }
}

// Ctrl-C and kill -9 of the caller: interrupted requests fire their stop.
TEST_P(CircuitTest, AStopEndsAHardWait) {
  mount(hard());
  server_.shut_down();
  const auto looks = begin_stat();
  run_until(io_, [&] { return away(); });
  EXPECT_FALSE(looks->code);
  looks->stop.request_stop();
  finish(*looks);
  EXPECT_EQ(looks->code, EINTR);
}

TEST_P(CircuitTest, AChangeThatNobodyWantsAnyMoreIsNotMadeLater) {
  mount(hard());
  tree().directory("/empty");
  server_.shut_down();
  std::vector<std::shared_ptr<Call>> calls;
  std::stop_source stop;
  calls.push_back(begin(remote_->remove_file(Path("/a"), stop.get_token())));
  calls.push_back(begin(remote_->make_directory(Path("/made"), stop.get_token())));
  calls.push_back(begin(remote_->remove_directory(Path("/empty"), stop.get_token())));
  calls.push_back(begin(remote_->rename(Path("/d/inner"), Path("/d/moved"), stop.get_token())));
  run_until(io_, [&] { return away(); });
  stop.request_stop();
  for (const auto& call : calls) {
    finish(*call);
    EXPECT_EQ(call->code, EINTR);
  }
  server_.take_commands();
  server_.start_again();
  await_return();
  settle(io_);
  EXPECT_TRUE(stat("/a"));
  EXPECT_EQ(count("DELE") + count("MKD") + count("RMD") + count("RNFR"), 0u);
  EXPECT_TRUE(tree().exists("/empty") && tree().exists("/d/inner") && !tree().exists("/made"));
}

// Contract 8, with a server that goes away before it has answered.
TEST_P(CircuitTest, AChangeWhoseReplyIsLostIsLookedAfterWhenTheServerIsBack) {
  mount(hard());
  inject({"DELE", Moment::done, Action::stall});
  const auto removes = begin(remote_->remove_file(Path("/a"), {}));
  run_until(io_, [&] { return server_.faults_left() == 0; });
  server_.shut_down();
  run_until(io_, [&] { return away(); });
  server_.start_again();
  await_return();
  finish(*removes);
  EXPECT_EQ(removes->code, 0);
  EXPECT_EQ(count("DELE"), 1u);
  EXPECT_FALSE(tree().exists("/a"));
}

// A server that is there and dies of what it is asked for is none to wait for.
TEST_P(CircuitTest, HardDoesNotMeanToKillSessionsForEver) {
  mount(hard());
  inject({"SIZE", Moment::received, Action::reset, {}, 0, 0, 1000});
  behaviour().mlst = false;
  const auto looks = begin_stat();
  run_until(io_, [&] {
    if (!looks->code) clock_.advance(1s);
    return looks->code.has_value();
  });
  EXPECT_EQ(looks->code, EIO);
  EXPECT_EQ(count("SIZE"), 5u);
}

TEST_P(CircuitTest, TheEndOfTheMountEndsEveryWait) {
  mount(hard());
  server_.shut_down();
  const auto looks = begin_stat();
  const auto removes = begin(remote_->remove_file(Path("/a"), {}));
  run_until(io_, [&] { return away(); });
  run(io_, remote_->close());
  finish(*looks);
  finish(*removes);
  EXPECT_EQ(looks->code, ESHUTDOWN);
  EXPECT_TRUE(removes->code == ESHUTDOWN || removes->code == EINTR) << *removes->code;
}

}  // namespace
}  // namespace ftpfs::test
