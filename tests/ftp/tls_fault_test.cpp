// SPDX-License-Identifier: MIT
// F27: alerts and broken records in the middle of it: in handshakes, between commands, in transfers.
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

// By version: what is sent unasked is understood differently.
class TlsFaultTest : public TlsFixture, public testing::WithParamInterface<int> {
 protected:
  TlsFaultTest() : TlsFixture(Pace::by_default) {
    behaviour().tls.min_version = behaviour().tls.max_version = GetParam();
    tree().file("/big", big_);
  }

  void expect_all_is_well() {
    EXPECT_EQ(server_.faults_left(), 0u);
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    EXPECT_EQ(read("/a"), "content");
    expect_no_secret_in_clear();
  }

  const std::string big_ = std::string(200'000, 'b');
};

INSTANTIATE_TEST_SUITE_P(Ftp, TlsFaultTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "OneTwo" : "OneThree";
                         });

TEST_P(TlsFaultTest, AHandshakeThatEndsSoIsAnErrorAndTheNextOneWorks) {
  for (const Action action : {Action::alert, Action::garble}) {
    SCOPED_TRACE(static_cast<int>(action));
    server_.inject({.verb = "TLS", .action = action, .times = 2});
    EXPECT_NE(failure([&] { mount(); }), 0);
    server_.clear_faults();
    mount();
    expect_all_is_well();
    server_.dismiss_idle("");
    server_.inject({.verb = "TLS", .action = action, .times = 2});
    EXPECT_NE(failure([&] { stat("/a"); }), 0);
    server_.clear_faults();
    clock_.advance(std::chrono::minutes(1));
    expect_all_is_well();
  }
}

// As if the line had died there.
TEST_P(TlsFaultTest, BetweenCommandsNobodyHearsOfIt) {
  struct Step {
    std::string verb;
    std::function<void()> call;
    std::function<bool()> holds = [] { return true; };
  };
  const std::vector<Step> steps{
      {"MLST", [&] { EXPECT_EQ(stat("/a").value().size, 7u); }},
      {"EPSV", [&] { EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"}); }},
      {"MLSD", [&] { EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"}); }},
      {"REST", [&] { run(io_, remote_->open_source(Path("/a"), 3, {})); }},
      {"MKD", [&] { mkdir("/made"); }, [&] { return tree().exists("/made"); }},
      {"RNTO", [&] { rename("/victim", "/moved"); }, [&] { return tree().exists("/moved"); }},
      {"DELE", [&] { unlink("/moved"); }, [&] { return !tree().exists("/moved"); }},
      {"SITE", [&] { set_mode("/a", 0600); }, [&] { return tree().find("/a")->mode == 0600u; }}};
  for (const Action action : {Action::alert, Action::garble}) {
    for (const Moment moment : {Moment::received, Moment::done}) {
      for (const char* path : {"/made", "/moved"}) tree().take(path);
      tree().file("/victim", "v");
      for (const Step& step : steps) {
        SCOPED_TRACE(text_of({step.verb, moment, action}));
        mount();
        server_.inject({step.verb, moment, action});
        EXPECT_EQ(failure(step.call), 0);
        EXPECT_TRUE(step.holds());
        expect_all_is_well();
      }
    }
  }
}

TEST_P(TlsFaultTest, DataHandshakesThatEndSoOnce) {
  for (const Action action : {Action::alert, Action::garble}) {
    SCOPED_TRACE(static_cast<int>(action));
    mount();
    const auto strike = [&] { server_.inject({.verb = "DATA TLS", .action = action}); };
    strike();
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    expect_all_is_well();
    strike();
    EXPECT_THAT(failure([&] { EXPECT_EQ(read("/a"), "content"); }), testing::AnyOf(0, EIO));
    expect_all_is_well();
    strike();
    const int code = failure([&] { write("/new", "words"); });
    EXPECT_TRUE(code == EIO || (code == 0 && tree().content("/new") == "words")) << code;
    expect_all_is_well();
    EXPECT_EQ(write("/new", "words").size, 5u);
  }
}

// Whatever the server says of it afterwards. (What is missing of a file is seen by its size, which is the
// vfs's to compare.)
TEST_P(TlsFaultTest, InTheMiddleOfATransferItIsNeverTakenForItsEnd) {
  for (int i = 0; i < 30; ++i) tree().file("/many/file" + std::to_string(i), "x");
  mount();
  for (const Action action : {Action::alert, Action::garble}) {
    for (const std::string reply : {"226 Done.", "426 Broken."}) {
      for (const std::size_t bytes : {0u, 100u, 100'000u}) {
        const auto strike = [&](const char* verb, std::size_t times) {
          server_.inject({.verb = verb,
                          .moment = Moment::data,
                          .action = action,
                          .reply = reply,
                          .after_bytes = bytes,
                          .times = times});
        };
        SCOPED_TRACE(text_of({"", Moment::data, action, reply}) + std::to_string(bytes));
        strike("RETR", 1);
        EXPECT_EQ(failure([&] { read("/big"); }), EIO);
        expect_all_is_well();
        strike("MLSD", 1);
        EXPECT_EQ(names("/many").size(), 30u);  // once more
        expect_all_is_well();
        strike("MLSD", 2);
        EXPECT_EQ(failure([&] { names("/many"); }), EIO);
        expect_all_is_well();
        strike("STOR", 1);
        EXPECT_EQ(failure([&] { write("/new", big_); }), EIO);
        expect_all_is_well();
      }
    }
  }
}

}  // namespace
}  // namespace ftpfs::test
