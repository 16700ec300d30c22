// SPDX-License-Identifier: MIT
// Answers that no server should give, to `ftpfs check`: it comes to an end, what it says is no lie, and what
// was there is there.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include <ftpfs/ftp/report.hpp>

#include "hostile_fixture.hpp"

namespace ftpfs::test {
namespace {

class HostileExamine : public Hostile {
 protected:
  std::vector<std::string> leftovers() {
    std::vector<std::string> names;
    for (const auto& [name, node] : tree().find("/")->children)
      if (name.starts_with(".ftpfs-")) names.push_back(name);
    return names;
  }
};

TEST_P(HostileExamine, AtEachStep) {
  for (const std::string verb : {"NOOP", "SYST", "EPSV", "MLSD", "CWD", "STOR", "REST", "RETR", "MLST",
                                 "SIZE", "MKD", "RMD", "MFMT", "SITE", "RNFR", "RNTO", "DELE"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(in_clear());
    answer(verb);
    std::optional<ftp::ServerReport> report;
    outcome(remote_->examine(true, {}), &report);
    expect_soon(verb, 6);
    const bool may_lie = verb == "DELE" || verb == "RMD" || verb == "RNTO";  // "done", and nothing is
    const bool all_is_well = report && report->troubles.empty();
    EXPECT_TRUE(!all_is_well || may_lie || leftovers().empty());
    EXPECT_TRUE(!all_is_well || report->writable == true);
    for (const std::string& name : leftovers()) tree().take("/" + name);
    expect_all_is_well();
  }
}

// How each kind of nonsense is read, the other suites show at each command; here it counts what follows.
std::vector<Answer> kinds_of_answers() {
  const std::set<std::string_view> kinds{"Garbage",    "Nothing",      "Preliminary", "Waiting",
                                         "Completion", "Intermediate", "Farewell",    "Endless",
                                         "Twice",      "NoPort",       "TelnetOption"};
  std::vector<Answer> chosen = answers();
  std::erase_if(chosen, [&](const Answer& one) { return !kinds.contains(one.name); });
  return chosen;
}

INSTANTIATE_TEST_SUITE_P(Answers, HostileExamine, testing::ValuesIn(kinds_of_answers()), answer_name);

}  // namespace
}  // namespace ftpfs::test
