// SPDX-License-Identifier: MIT
// Answers that no server should give: of one without MLSD and MLST, or without a path of Unix.
#include <ctime>

#include <gmock/gmock.h>

#include "hostile_fixture.hpp"

namespace ftpfs::test {
namespace {

class HostileOld : public Hostile {
 protected:
  HostileOld() { behaviour().mlst = behaviour().mlsd = false; }

  // The `skip`-th such command is answered so.
  void answer_later(const std::string& verb, std::size_t skip) {
    server_.clear_faults();
    server_.inject({verb, Fault::Moment::received, Fault::Action::reply, GetParam().text, 0, skip});
  }
};

TEST_P(HostileOld, WhileListing) {
  tree().file("/d/inner", "inside", std::time(nullptr) - 100);  // so new that its zone is asked for by MDTM
  for (const std::string verb : {"EPSV", "CWD", "LIST", "MDTM"}) {
    for (const std::size_t skip : {0u, 1u}) {  // LIST, LIST -a
      SCOPED_TRACE(verb + std::to_string(skip));
      const bool comes_once = verb == "CWD" || verb == "MDTM";
      if (is_one_silence_more(verb) || (comes_once && skip > 0)) continue;
      mount(in_clear());
      answer_later(verb, skip);
      std::optional<std::vector<Entry>> entries;
      outcome(remote_->list(Path("/d"), {}), &entries);
      expect_soon(verb);
      const bool stayed = verb == "CWD" && says_done();
      EXPECT_TRUE(!entries || stayed || entries->size() == 1u);
      expect_all_is_well();
    }
  }
}

TEST_P(HostileOld, WhileLooking) {
  const auto look_at = [&](const char* path, const std::string& verb) {
    answer(verb);
    std::optional<std::optional<Attributes>> seen;
    outcome(remote_->stat(Path(path), {}), &seen);
    expect_soon(verb);
    expect_all_is_well();
  };
  for (const std::string verb : {"SIZE", "CWD"}) {
    SCOPED_TRACE(verb);
    mount(in_clear());
    look_at("/d", verb);
    look_at("/absent", verb);
  }
  if (is_one_silence_more("LIST")) return;
  behaviour().terse = true;  // only the directory's listing tells what a refusal means
  mount(in_clear());
  look_at("/absent", "LIST");
}

// A wrong answer on the way must not make it another directory's file.
TEST_P(HostileOld, WhileWalking) {
  behaviour().paths = Behaviour::Paths::of_vms;
  tree().file("/d/a", "not this one");
  tree().file("/d/deep/a", "this one");
  for (const std::size_t skip : {0u, 1u}) {
    SCOPED_TRACE(skip);
    mount(in_clear());
    answer_later("CWD", skip);
    std::optional<std::string> content;
    outcome(read_file(*remote_, Path("/d/deep/a"), 0), &content);
    expect_soon("CWD");
    EXPECT_TRUE(says_done() || content.value_or("this one") == "this one");
    expect_answered();
    clock_.advance(std::chrono::minutes(20));
    settle(io_);
    mount(in_clear());
    EXPECT_EQ(read("/d/deep/a"), "this one");
    EXPECT_EQ(read("/a"), "content");
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, HostileOld, testing::ValuesIn(common_answers()), answer_name);
INSTANTIATE_TEST_SUITE_P(OneByOne, HostileOld, testing::ValuesIn(one_by_one()), answer_name);

}  // namespace
}  // namespace ftpfs::test
