// SPDX-License-Identifier: MIT
// F3 at each command of a log-in, the first and any other.
#include "every_command_fixture.hpp"

namespace ftpfs::test {
namespace {

class EveryLogIn : public EveryCommand {};

INSTANTIATE_TEST_SUITE_P(Ftp, EveryLogIn,
                         testing::Values(Scene{.name = "InClear"}, Scene{.name = "InTls", .tls = true},
                                         Scene{.name = "OneByOne", .pace = Pace::one_by_one}),
                         scene_name);

TEST_P(EveryLogIn, ThatIsNotTheFirst) {
  const auto log_in = [&] {
    server_.dismiss_idle("");
    EXPECT_EQ(stat("/a").value().size, 7u);
  };
  std::vector<Step> steps;
  for (const char* verb : {"USER", "PASS", "OPTS", "TYPE"}) steps.push_back({verb, log_in});
  steps.push_back({.verb = "ACCT", .call = log_in, .server = [](Behaviour& b) { b.account = "dept"; }});
  steps.push_back({.verb = "CLNT", .call = log_in, .server = [](Behaviour& b) { b.clnt = true; }});
  if (GetParam().tls) {
    for (const char* verb : {"AUTH", "PBSZ", "PROT"}) steps.push_back({verb, log_in});
  }
  expect_unnoticed(steps, all_moments_);
  expect_unnoticed({{"GREETING", log_in}}, {Moment::received, Moment::replied});
  if (GetParam().tls) expect_unnoticed({{"TLS", log_in}}, {Moment::received});
  EXPECT_EQ(times("FEAT") + times("PWD"), 0u) << "what the first has learned is not asked again";
}

TEST_P(EveryLogIn, ThatIsTheFirst) {
  struct Case {
    std::string verb;
    std::function<void(Behaviour&)> server = [](Behaviour&) {};
  };
  std::vector<Case> cases{{"GREETING"}, {"USER"},
                          {"PASS"},     {"ACCT", [](Behaviour& b) { b.account = "dept"; }},
                          {"FEAT"},     {"CLNT", [](Behaviour& b) { b.clnt = true; }},
                          {"OPTS"},     {"TYPE"},
                          {"PWD"},      {"CWD"}};
  if (GetParam().tls) {
    for (const char* verb : {"AUTH", "TLS", "PBSZ", "PROT"}) cases.push_back({verb});
  }
  if (in_rows()) cases.push_back({"REST", vsftpd});
  for (const Case& one : cases) {
    behaviour() = Behaviour();
    behaviour().tls.certificate = identity_.pem();
    one.server(behaviour());
    for (const Moment moment : all_moments_) {
      const bool is_no_command = one.verb == "GREETING" || one.verb == "TLS";
      if (is_no_command && moment != Moment::received) continue;
      for (const Action action : {Action::close, Action::reset}) {
        SCOPED_TRACE(text_of({one.verb, moment, action}));
        server_.inject({one.verb, moment, action});
        EXPECT_EQ(failure([&] { mount(settings()); }), 0);
        EXPECT_EQ(server_.faults_left(), 0u);
        EXPECT_TRUE(stat("/a"));
      }
    }
  }
}

// FEAT before the log-in says whether there is TLS: a line that dies does not mean that there is none.
TEST_P(EveryLogIn, ThatLooksForTls) {
  for (const std::string verb : {"FEAT", "AUTH", "TLS"}) {
    for (const Moment moment : all_moments_) {
      if (verb == "TLS" && moment != Moment::received) continue;
      for (const Action action : {Action::close, Action::reset}) {
        SCOPED_TRACE(text_of({verb, moment, action}));
        server_.inject({verb, moment, action});
        ftp::FtpConfig looking = config(ftp::TlsMode::automatic);
        EXPECT_EQ(failure([&] { mount(looking); }), 0);
        EXPECT_EQ(server_.faults_left(), 0u);
        EXPECT_TRUE(stat("/a"));
      }
    }
  }
  expect_no_secret_in_clear();
}

}  // namespace
}  // namespace ftpfs::test
