// SPDX-License-Identifier: MIT
// F3, whole: the control connection dies at each command of the protocol that we use, by FIN and by RST,
// before the command has an effect, after it, and after its reply; in clear and in TLS. Whoever called hears
// nothing of it, and what has an effect has it once.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

class EveryCommand : public TlsFixture, public testing::WithParamInterface<bool> {
 protected:
  struct Step {
    std::string verb;
    std::function<void()> call;  // throws when the caller hears of it
    std::function<bool()> holds = [] { return true; };
    std::function<void(Behaviour&)> server = [](Behaviour&) {};
    bool once = false;    // a second time would be another effect
    bool active = false;  // the server connects to us
  };

  void prepare(const Step& step) {
    remote_.reset();
    settle(io_);
    behaviour() = Behaviour();
    behaviour().tls.certificate = identity_.pem();
    step.server(behaviour());
    for (const char* path : {"/made", "/moved", "/new"}) tree().take(path);
    tree().file("/a", "content");
    tree().file("/victim", "v");
    tree().directory("/empty");
    ftp::FtpConfig settings = config(GetParam() ? ftp::TlsMode::require : ftp::TlsMode::off);
    settings.active.on = step.active;
    mount(std::move(settings));
  }

  void expect_unnoticed(const std::vector<Step>& steps, const std::vector<Moment>& moments) {
    for (const Step& step : steps) {
      for (const Moment moment : moments) {
        for (const Action action : {Action::close, Action::reset}) {
          SCOPED_TRACE(testing::Message() << step.verb << (action == Action::close ? " FIN " : " RST ")
                                          << static_cast<int>(moment));
          prepare(step);
          server_.inject({step.verb, moment, action});
          // An upload that may come late is for the caller to send again, under another name (LateUploads).
          const bool may_be_late = (step.verb == "STOR" || step.verb == "APPE") && moment == Moment::received;
          if (may_be_late) {
            EXPECT_EQ(failure(step.call), EIO);
          }
          EXPECT_EQ(failure(step.call), 0);
          EXPECT_EQ(server_.faults_left(), 0u);
          EXPECT_TRUE(step.holds());
          const bool sent_again = times(step.verb) > 1;
          EXPECT_TRUE(!step.once || sent_again == (moment == Moment::received));
          EXPECT_EQ(stat("/a").value().kind, Kind::file);
          EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
        }
      }
    }
  }

  std::size_t times(const std::string& verb) const {
    return std::ranges::count_if(server_.commands(),
                                 [&](const std::string& line) { return line.starts_with(verb); });
  }
  bool gone(const char* path) { return !tree().exists(path); }
  bool holds(const char* path, const std::string& content) {
    return tree().exists(path) && tree().content(path) == content;
  }

  const std::vector<Moment> all_moments_{Moment::received, Moment::done, Moment::replied};
};

TEST_P(EveryCommand, OfALaterLogIn) {
  const auto log_in = [&] {
    server_.dismiss_idle("");
    EXPECT_EQ(stat("/a").value().size, 7u);
  };
  std::vector<Step> steps;
  for (const char* verb : {"USER", "PASS", "OPTS", "TYPE"}) steps.push_back({verb, log_in});
  if (GetParam()) {
    for (const char* verb : {"AUTH", "PBSZ", "PROT"}) steps.push_back({verb, log_in});
  }
  expect_unnoticed(steps, all_moments_);
  expect_unnoticed({{"GREETING", log_in}}, {Moment::received, Moment::replied});
}

// The first one may fail: nothing is known of the server yet. Then it can be mounted again.
TEST_P(EveryCommand, OfTheFirstLogIn) {
  const ftp::FtpConfig settings = config(GetParam() ? ftp::TlsMode::require : ftp::TlsMode::off);
  for (const std::string verb :
       {"GREETING", "AUTH", "USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD", "PBSZ", "PROT", "CWD"}) {
    const bool of_tls = verb == "AUTH" || verb == "PBSZ" || verb == "PROT";
    if (of_tls && !GetParam()) continue;
    for (const Moment moment : all_moments_) {
      if (verb == "GREETING" && moment == Moment::done) continue;
      for (const Action action : {Action::close, Action::reset}) {
        SCOPED_TRACE(testing::Message() << verb << ' ' << static_cast<int>(moment));
        server_.inject({verb, moment, action});
        const int code = failure([&] { mount(settings); });
        EXPECT_TRUE(code == 0 || code == EIO) << code;
        EXPECT_EQ(server_.faults_left(), 0u);
        mount(settings);
        EXPECT_TRUE(stat("/a"));
      }
    }
  }
}

TEST_P(EveryCommand, OfLooking) {
  const auto old = [](Behaviour& server) { server.mlst = false; };
  const auto pasv = [](Behaviour& server) { server.epsv = false; };
  const auto port = [](Behaviour& server) { server.eprt = false; };
  const auto look = [&] { EXPECT_EQ(stat("/a").value().size, 7u); };
  const auto list = [&] { EXPECT_THAT(names("/d"), testing::ElementsAre("inner")); };
  const auto begin = [&] { run(io_, remote_->open_source(Path("/a"), 3, {})); };
  const auto nothing = [] { return true; };
  expect_unnoticed({{"MLST", look},
                    {"SIZE", look, nothing, old},
                    {"MDTM", look, nothing, old},
                    {"CWD", list, nothing, old},
                    {"EPSV", list},
                    {"PASV", list, nothing, pasv},
                    {"EPRT", list, nothing, [](Behaviour&) {}, false, true},
                    {"PORT", list, nothing, port, false, true},
                    {"MLSD", list},
                    {"LIST", list, nothing, old},
                    {"REST", begin}},
                   all_moments_);
  expect_unnoticed({{"RETR", [&] { EXPECT_EQ(read("/a"), "content"); }}}, {Moment::received});
}

// When the data is there and the word that it is all of it is not: no end of file. The vfs, which knows how
// long the file is, does without that word.
TEST_P(EveryCommand, OfReading) {
  for (const Moment moment : {Moment::done, Moment::replied}) {
    for (const Action action : {Action::close, Action::reset}) {
      prepare({});
      server_.inject({"RETR", moment, action});
      std::string content = "content";
      const int code = failure([&] { content = read("/a"); });
      EXPECT_TRUE(code == 0 || code == EIO) << code;
      EXPECT_EQ(content, "content");
      EXPECT_EQ(server_.faults_left(), 0u);
      EXPECT_EQ(read("/a"), "content");
    }
  }
}

TEST_P(EveryCommand, OfChanging) {
  const auto holds_new = [&] { return holds("/new", "fresh"); };
  const auto moved = [&] { return gone("/victim") && holds("/moved", "v"); };
  const auto move = [&] { rename("/victim", "/moved"); };
  const auto mode = [&] { return tree().find("/victim")->mode == 0600u; };
  const auto mtime = [&] { return tree().find("/victim")->mtime == 1'500'000'000; };
  const auto any = [](Behaviour&) {};
  expect_unnoticed(
      {{"STOR", [&] { EXPECT_EQ(write("/new", "fresh").size, 5u); }, holds_new, any, true},
       {"APPE", [&] { append("/a", "+"); }, [&] { return holds("/a", "content+"); }, any, true},
       {"DELE", [&] { unlink("/victim"); }, [&] { return gone("/victim"); }, any, true},
       {"MKD", [&] { mkdir("/made"); }, [&] { return tree().find("/made")->is_directory(); }, any, true},
       {"RMD", [&] { rmdir("/empty"); }, [&] { return gone("/empty"); }, any, true},
       {"RNTO", move, moved, any, true},
       {"RNFR", move, moved},
       {"SITE", [&] { set_mode("/victim", 0600); }, mode},
       {"MFMT", [&] { set_mtime("/victim", 1'500'000'000); }, mtime}},
      all_moments_);
}

// What nobody waits for.
TEST_P(EveryCommand, OfTidyingUp) {
  tree().file("/big", std::string(8'000'000, 'b'));
  const auto give_up = [&] {
    run(io_, remote_->open_source(Path("/big"), 0, {}));
    run_until(io_, [&] { return server_.faults_left() == 0; });
  };
  const auto grow_idle = [&] {
    clock_.advance(std::chrono::seconds(61));
    run_until(io_, [&] { return server_.faults_left() == 0; });
  };
  expect_unnoticed({{"NOOP", give_up}, {"QUIT", grow_idle}}, all_moments_);
}

INSTANTIATE_TEST_SUITE_P(Ftp, EveryCommand, testing::Bool(),
                         [](const auto& tls) { return tls.param ? "InTls" : "InClear"; });

}  // namespace
}  // namespace ftpfs::test
