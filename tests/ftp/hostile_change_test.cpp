// SPDX-License-Identifier: MIT
// Answers that no server should give: to commands that change something without a new name for it.
#include <gmock/gmock.h>

#include "hostile_fixture.hpp"

namespace ftpfs::test {
namespace {

class HostileChange : public Hostile {
 protected:
  void only(bool Behaviour::*command) {
    behaviour().mfmt = behaviour().mff = behaviour().mdtm_sets = behaviour().site_utime = false;
    behaviour().*command = true;
  }
};

// What counts is what the server shows afterwards.
TEST_P(HostileChange, WhileSettingTimes) {
  struct Form {
    const char* verb;
    bool Behaviour::*command;
  };
  constexpr std::int64_t wanted = 1'500'000'000;
  for (const Form& form : {Form{"MFMT", &Behaviour::mfmt}, Form{"MFF", &Behaviour::mff},
                           Form{"MDTM", &Behaviour::mdtm_sets}, Form{"SITE", &Behaviour::site_utime}}) {
    for (const bool with_mlst : {true, false}) {
      SCOPED_TRACE(std::string(form.verb) + (with_mlst ? "" : " without MLST"));
      only(form.command);
      behaviour().mlst = with_mlst;
      tree().file("/a", "content");
      mount(in_clear());
      answer(form.verb);
      std::optional<bool> done;
      outcome(as_task(remote_->set_mtime(Path("/a"), wanted, {})), &done);
      expect_soon(form.verb);
      EXPECT_TRUE(!done || tree().find("/a")->mtime == wanted);
      expect_all_is_well();
    }
  }
}

TEST_P(HostileChange, WhileAskingForTimes) {
  behaviour().mlst = false;
  for (const std::string verb : {"MDTM", "SIZE"}) {
    SCOPED_TRACE(verb);
    mount(in_clear());
    answer(verb);
    std::optional<std::optional<Attributes>> seen;
    outcome(remote_->stat(Path("/a"), {}), &seen);
    expect_soon(verb);
    if (seen) {
      ASSERT_TRUE(*seen);
      const Attributes& attributes = **seen;
      EXPECT_EQ(attributes.kind, Kind::file);
      EXPECT_TRUE(!attributes.size_known || attributes.size == 7u);
      EXPECT_TRUE(!attributes.mtime || attributes.mtime->precision != Precision::second ||
                  attributes.mtime->seconds == Tree::default_mtime);
    }
    expect_all_is_well();
  }
}

TEST_P(HostileChange, WhileSettingModes) {
  struct Form {
    const char* verb;
    bool Behaviour::*command;
  };
  for (const Form& form : {Form{"SITE", &Behaviour::site_chmod}, Form{"MFF", &Behaviour::mff}}) {
    SCOPED_TRACE(form.verb);
    behaviour().mff = behaviour().site_chmod = false;
    behaviour().*form.command = true;
    mount(in_clear());
    answer(form.verb);
    std::optional<std::uint16_t> done;
    outcome(remote_->set_mode(Path("/a"), 0600, {}), &done);
    expect_soon(form.verb);
    EXPECT_THAT(tree().find("/a")->mode, testing::AnyOf(0600u, 0644u));
    expect_all_is_well();
  }
}

TEST_P(HostileChange, WhileAppending) {
  for (const std::string verb : {"EPSV", "SIZE", "APPE", "MLST"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    tree().file("/log", "begun, ");
    mount(in_clear());
    answer(verb);
    SinkRequest request;
    request.mode = SinkRequest::Mode::append;
    std::optional<Attributes> stored;
    outcome(write_file(*remote_, Path("/log"), "more", request), &stored);
    expect_soon(verb);
    EXPECT_TRUE(tree().content("/log").starts_with("begun, "));
    EXPECT_TRUE(!stored || tree().content("/log") == "begun, more");
    EXPECT_TRUE(!stored || stored->size == 11u);
    expect_all_is_well();
  }
}

TEST_P(HostileChange, WhileRemoving) {
  for (const std::string verb : {"DELE", "RMD"}) {
    for (const bool with_mlst : {true, false}) {
      SCOPED_TRACE(verb + (with_mlst ? "" : " without MLST"));
      behaviour().mlst = with_mlst;
      tree().file("/victim", "v");
      tree().directory("/empty");
      mount(in_clear());
      answer(verb);
      std::optional<bool> removed;
      const Path path(verb == "DELE" ? "/victim" : "/empty");
      outcome(as_task(verb == "DELE" ? remote_->remove_file(path, {}) : remote_->remove_directory(path, {})),
              &removed);
      expect_soon(verb);
      EXPECT_TRUE(!removed || says_done() || !tree().exists(path.str()));
      expect_all_is_well();
    }
  }
}

TEST_P(HostileChange, WhileMakingDirectories) {
  for (const bool with_mlst : {true, false}) {
    SCOPED_TRACE(with_mlst ? "with MLST" : "without MLST");
    behaviour().mlst = with_mlst;
    tree().take("/made");
    mount(in_clear());
    answer("MKD");
    std::optional<bool> made;
    outcome(as_task(remote_->make_directory(Path("/made"), {})), &made);
    expect_soon("MKD");
    EXPECT_TRUE(!made || says_done() || tree().exists("/made"));
    expect_all_is_well();
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, HostileChange, testing::ValuesIn(common_answers()), answer_name);
INSTANTIATE_TEST_SUITE_P(OneByOne, HostileChange, testing::ValuesIn(one_by_one()), answer_name);

}  // namespace
}  // namespace ftpfs::test
