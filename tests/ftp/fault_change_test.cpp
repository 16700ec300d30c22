// SPDX-License-Identifier: MIT
// Commands with an effect whose replies are lost, or that fail half way.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

struct Change {
  std::string verb;  // the command that has the effect
  std::function<void()> change;
  std::function<bool()> done;
};

// F4: the command was carried out, its reply got lost: success, and done once.
TEST_P(FaultTest, AChangeWhoseReplyIsLostIsLookedAfterAndNotRepeated) {
  const std::vector<Change> cases{
      {"DELE", [&] { unlink("/victim"); }, [&] { return !tree().exists("/victim"); }},
      {"MKD", [&] { mkdir("/made"); }, [&] { return tree().exists("/made"); }},
      {"RMD", [&] { rmdir("/empty"); }, [&] { return !tree().exists("/empty"); }},
      {"RNTO", [&] { rename("/victim", "/moved"); },
       [&] { return tree().exists("/moved") && !tree().exists("/victim"); }},
      {"RNTO", [&] { rename("/victim", "/a"); }, [&] { return tree().content("/a") == "v"; }},
      {"STOR", [&] { EXPECT_EQ(write("/new", "fresh").size, 5u); },
       [&] { return tree().content("/new") == "fresh"; }},
      {"APPE", [&] { EXPECT_EQ(append("/a", "+").size, 8u); },
       [&] { return tree().content("/a") == "content+"; }},
      {"SITE", [&] { set_mode("/victim", 0600); }, [&] { return tree().find("/victim")->mode == 0600; }},
      {"MFMT", [&] { set_mtime("/victim", 1'500'000'000); },
       [&] { return tree().find("/victim")->mtime == 1'500'000'000; }}};
  for (const bool terse : {false, true}) {
    for (const bool with_mlst : {true, false}) {
      for (const Change& one : cases) {
        for (const Action action : {Action::close, Action::reset}) {
          behaviour().terse = terse;
          behaviour().mlst = with_mlst;
          for (const char* path : {"/made", "/moved", "/new"}) tree().take(path);
          tree().file("/a", "content");
          tree().file("/victim", "v");
          tree().directory("/empty");
          mount();
          const Fault fault{one.verb, Moment::done, action};
          SCOPED_TRACE(text_of(fault) + (terse ? " terse" : "") + (with_mlst ? "" : " without MLST"));
          inject(fault);
          EXPECT_EQ(failure(one.change), 0);
          EXPECT_TRUE(one.done());
          const bool may_repeat = one.verb == "SITE" || one.verb == "MFMT";  // the same again is no harm
          EXPECT_TRUE(may_repeat || count(one.verb) == 1u);
          expect_all_fired();
        }
      }
    }
  }
}

// The other half of F4: it was not carried out. Then it is sent again. (Not STOR: late_uploads_test.)
TEST_P(FaultTest, AChangeThatWasNotCarriedOutIsSentAgain) {
  const std::vector<Change> cases{
      {"DELE", [&] { unlink("/victim"); }, [&] { return !tree().exists("/victim"); }},
      {"MKD", [&] { mkdir("/made"); }, [&] { return tree().exists("/made"); }},
      {"RMD", [&] { rmdir("/empty"); }, [&] { return !tree().exists("/empty"); }},
      {"RNFR", [&] { rename("/victim", "/moved"); }, [&] { return tree().exists("/moved"); }},
      {"RNTO", [&] { rename("/victim", "/moved"); }, [&] { return tree().exists("/moved"); }}};
  for (const Change& one : cases) {
    for (const Action action : {Action::close, Action::reset}) {
      for (const char* path : {"/made", "/moved"}) tree().take(path);
      tree().file("/victim", "v");
      tree().directory("/empty");
      mount();
      const Fault fault{one.verb, Moment::received, action};
      SCOPED_TRACE(text_of(fault));
      inject(fault);
      EXPECT_EQ(failure(one.change), 0);
      EXPECT_TRUE(one.done());
      EXPECT_EQ(count(one.verb), 2u);
      expect_all_fired();
    }
  }
}

// F4 by silence (a NAT that forgot us, F24): after the reply time-out it is looked after all the same.
TEST_P(FaultTest, AChangeThatIsNeverAnsweredIsLookedAfter) {
  const auto patience = std::chrono::seconds(31);
  inject({"DELE", Moment::done, Action::stall});
  EXPECT_EQ(run_through_stalls(remote_->remove_file(Path("/a"), {}), 1, patience), 0);
  EXPECT_FALSE(tree().exists("/a"));
  inject({"STOR", Moment::done, Action::stall});
  EXPECT_EQ(run_through_stalls(write_file(*remote_, Path("/new"), "fresh", {}), 1, patience), 0);
  EXPECT_EQ(tree().content("/new"), "fresh");
  EXPECT_EQ(count("DELE"), 1u);
  EXPECT_EQ(count("STOR"), 1u);
  expect_all_fired();
}

// A refusal after a lost reply must not be mistaken: DELE of what is gone is ENOENT only when it was gone
// before.
TEST_P(FaultTest, WhatWasMissingBeforeIsStillMissingAfterALostReply) {
  inject({"DELE", Moment::received, Action::reset});
  const int code = failure([&] { unlink("/never"); });
  EXPECT_THAT(code, testing::AnyOf(0, ENOENT));  // nobody can tell; the file is not there
  expect_all_fired();
}

// Neither file may be lost, however far the three renames have come.
TEST_P(FaultTest, ARenameThatFailsHalfWayLosesNothing) {
  behaviour().rename_replaces = false;
  for (const auto& [reply, code] :
       {std::pair("550 Cross-device link", EXDEV), std::pair("452 No space left on device", ENOSPC)}) {
    for (std::size_t passing = 0; passing < 3; ++passing) {
      tree().file("/from", "from");
      tree().file("/to", "to");
      inject({"RNTO", Moment::received, Action::reply, reply, 0, passing});
      const int failed = failure([&] { rename("/from", "/to"); });
      EXPECT_EQ(failed, code) << passing;
      EXPECT_EQ(tree().content("/from"), "from");
      EXPECT_EQ(tree().content("/to"), "to");
      server_.clear_faults();
    }
  }
}

TEST_P(FaultTest, WhatCannotBePutBackKeepsItsHiddenName) {
  behaviour().rename_replaces = false;
  tree().file("/d/from", "from");
  tree().file("/d/to", "to");
  inject({"RNTO", Moment::received, Action::reply, "452 No space left on device", 0, 2, 2});
  EXPECT_EQ(failure([&] { rename("/d/from", "/d/to"); }), ENOSPC);
  EXPECT_EQ(tree().content("/d/from"), "from");
  const std::vector<std::string> left = names("/d");
  const auto aside =
      std::ranges::find_if(left, [](const auto& name) { return name.starts_with(".ftpfs-old-"); });
  ASSERT_NE(aside, left.end());
  EXPECT_EQ(read("/d/" + *aside), "to");
}

}  // namespace
}  // namespace ftpfs::test
