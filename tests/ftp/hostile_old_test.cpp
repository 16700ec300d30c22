// SPDX-License-Identifier: MIT
// Answers that no server should give: of one without MLSD and MLST, or without a path of Unix.
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
  for (const std::string verb : {"EPSV", "CWD", "LIST", "MDTM"}) {
    for (const std::size_t skip : {0u, 1u}) {  // LIST, LIST -a
      SCOPED_TRACE(verb + std::to_string(skip));
      if (is_one_silence_more(verb)) continue;
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
  for (const std::string verb : {"SIZE", "CWD", "LIST"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(in_clear());
    answer(verb);
    std::optional<std::optional<Attributes>> seen;
    outcome(remote_->stat(Path("/d"), {}), &seen);
    expect_soon(verb);
    expect_all_is_well();
    answer(verb);
    outcome(remote_->stat(Path("/absent"), {}), &seen);
    expect_soon(verb);
    expect_all_is_well();
  }
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
    server_.clear_faults();
    clock_.advance(std::chrono::minutes(20));
    settle(io_);
    mount(in_clear());
    EXPECT_EQ(read("/d/deep/a"), "this one");
    EXPECT_EQ(read("/a"), "content");
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, HostileOld, testing::ValuesIn(common_answers()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace ftpfs::test
