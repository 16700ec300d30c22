// SPDX-License-Identifier: MIT
// `ftpfs check SOURCE`: what it prints, and 0 or 32.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Check : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    served_.emplace();
    served_->with([](FakeServer& server) { server.tree().file("/hello", "world"); });
  }

  Outcome check(std::vector<std::string> arguments, const std::string& password = "secret") const {
    std::vector<std::string> line{FTPFS_PROGRAM, "check", "-o", "timeout=1"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return run(std::move(line), {{"FTPFS_PASSWORD", password}});
  }
  std::size_t entries() {
    return served_->with([](FakeServer& server) { return server.tree().find("/")->children.size(); });
  }

  std::optional<Served> served_;
};

TEST_F(Check, TellsAPersonWhatWasFound) {
  const Outcome outcome = check({served_->url()});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  for (const char* found :
       {"Fake server ready.", "joe, in /", "MLSD, 1 entries in /", "EPSV", "MFMT", "SITE CHMOD"})
    EXPECT_THAT(outcome.output, HasSubstr(found));
  EXPECT_THAT(outcome.output, HasSubstr("-> password and files are sent in clear text"));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Check, TellsAProgramTheSame) {
  const Outcome outcome = check({"--json", served_->url()});
  EXPECT_EQ(outcome.status, 0);
  const nlohmann::json report = nlohmann::json::parse(outcome.output, nullptr, false);
  ASSERT_TRUE(report.is_object()) << outcome.output;
  EXPECT_EQ(report["host"], "127.0.0.1");
  EXPECT_EQ(report["entries"], 1);
  EXPECT_EQ(report["rest"], true);
  EXPECT_EQ(report["pipelining"], true);
  EXPECT_EQ(report["tls"], nullptr);
  EXPECT_EQ(report["set_mtime"], "MFMT");
}

TEST_F(Check, ReadOnlyItWritesNothing) {
  const Outcome outcome = check({"-o", "ro", served_->url()});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.output, HasSubstr("not tried (read-only)"));
  served_->with([](FakeServer& server) {
    EXPECT_THAT(server.commands(), testing::Not(testing::Contains(StartsWith("STOR"))));
  });
}

TEST_F(Check, AServerThatRefusesIs32WithItsWords) {
  const Outcome outcome = check({served_->url()}, "wrong");
  EXPECT_EQ(outcome.status, 32);
  EXPECT_THAT(outcome.output, StartsWith("ftpfs: 127.0.0.1: "));
  EXPECT_THAT(outcome.output, HasSubstr("530 Login incorrect."));
}

TEST_F(Check, NobodyThereIs32) {
  const std::string url = served_->url();
  served_.reset();
  const Outcome outcome = check({"--json", url});
  EXPECT_EQ(outcome.status, 32);
  EXPECT_THAT(outcome.output, HasSubstr("Connection refused"));
}

}  // namespace
}  // namespace ftpfs::test
