// SPDX-License-Identifier: MIT
// Downloads that are cut, stall, or are given up.
#include <cerrno>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

// F5: cut at byte N of a download: never the whole, and the mount goes on.
TEST_P(FaultTest, ACutDownloadIsNeverTakenForTheWhole) {
  const std::string content(8192, 'c');
  tree().file("/big", content);
  for (const Action action : {Action::close, Action::reset}) {
    for (const std::size_t bytes : {0u, 1u, 4095u, 4096u, 8191u}) {
      const Fault fault{"RETR", Moment::data, action, {}, bytes};
      SCOPED_TRACE(text_of(fault) + std::to_string(bytes));
      inject(fault);
      EXPECT_NE(failure([&] { read("/big"); }), 0);
      expect_all_fired();
      EXPECT_TRUE(read("/big", 4096) == content.substr(4096));
    }
  }
}

TEST_P(FaultTest, ADownloadThatLosesItsControlConnectionFailsAtTheEnd) {
  for (const Action action : {Action::close, Action::reset}) {
    inject({"RETR", Moment::done, action});
    EXPECT_NE(failure([&] { read("/a"); }), 0);
    expect_all_fired();
    EXPECT_EQ(read("/a"), "content");
  }
}

// One slot, and a transfer given up whose end is told twice.
TEST_P(FaultTest, ASecondFinalReplyIsNoAnswerToTheNextCommand) {
  behaviour().late_226 = true;
  tree().file("/big", std::string(20'000'000, 'b'));
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  run(io_, remote_->open_source(Path("/big"), 0, {}));
  inject({"DELE", Moment::received, Action::reply, "550 Permission denied"});
  EXPECT_EQ(failure([&] { unlink("/a"); }), EACCES);
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_EQ(server_.open_sessions(), 1u);
}

// The same where it is the network that ends it.
TEST_P(FaultTest, ASecondFinalReplyOfABrokenTransferIsNoAnswerToTheNextCommand) {
  behaviour().late_226 = true;
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  inject({"RETR", Moment::data, Action::reset, {}, 3});
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  EXPECT_EQ(failure([&] { unlink("/d"); }), EISDIR);
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(server_.open_sessions(), 1u);
  expect_all_fired();
}

// Some keep it for the next RETR when the one it was meant for is refused.
TEST_P(FaultTest, AnOffsetIsNotLeftToTheNextDownload) {
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  mount(alone);
  inject({"RETR", Moment::received, Action::reply, "425 Can't open data connection.", 0, 0, 2});
  EXPECT_NE(failure([&] { run(io_, remote_->open_source(Path("/a"), 3, {})); }), 0);
  expect_all_fired();
  EXPECT_EQ(read("/a"), "content");
}

// F23: a data connection without progress. Real time: the limit is in the stream.
TEST_P(FaultTest, ADataConnectionWithoutProgressIsATimeOut) {
  ftp::FtpConfig impatient = config();
  impatient.timeout = std::chrono::milliseconds(200);
  mount(impatient);
  inject({"RETR", Moment::data, Action::stall, {}, 3});
  std::optional<int> code;
  asio::co_spawn(io_, read_file(*remote_, Path("/a"), 0), [&](std::exception_ptr error, std::string) {
    code = failure([&] {
      if (error) std::rethrow_exception(error);
    });
  });
  run_until(io_, [&] { return code.has_value(); });
  EXPECT_EQ(code, ETIMEDOUT);
  expect_all_fired();
}

// 18 and 5.5: one connection is enough, also with a reader that nobody reads from.
TEST_P(FaultTest, AStalledReaderGivesItsOnlySessionAway) {
  behaviour().max_sessions = 1;
  tree().file("/big", std::string(20'000'000, 'b'));
  ftp::FtpConfig alone = config();
  alone.max_conns = 1;
  remote_.reset();
  run_until(io_, [&] { return server_.open_sessions() == 0; });
  mount(alone);
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  std::byte chunk[1000];
  EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
  EXPECT_TRUE(stat("/a"));
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_THROW(run(io_, source->read_some(chunk)), Revoked);
  EXPECT_EQ(read("/a"), "content");
}

// Section 9: a download that is given up costs no session.
TEST_P(FaultTest, ADownloadGivenUpLeavesItsSessionUsable) {
  tree().file("/big", std::string(20'000'000, 'b'));
  for (int i = 0; i < 5; ++i) {
    auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
    std::byte chunk[1000];
    EXPECT_GT(run(io_, source->read_some(chunk)), 0u);
    source.reset();
    EXPECT_TRUE(stat("/a"));
  }
  EXPECT_LE(server_.sessions(), 2u);
}

}  // namespace
}  // namespace ftpfs::test
