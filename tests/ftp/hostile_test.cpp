// SPDX-License-Identifier: MIT
// Answers that no server should give: while logging in, listing, reading, writing, renaming.
#include <gmock/gmock.h>

#include "hostile_fixture.hpp"

namespace ftpfs::test {
namespace {

class HostileCommand : public Hostile {};  // that nothing about a port follows from

TEST_P(HostileCommand, WhileLoggingIn) {
  for (const std::string verb : {"AUTH", "FEAT", "USER", "PASS", "PBSZ", "PROT", "OPTS", "TYPE", "PWD"}) {
    SCOPED_TRACE(verb);
    remote_ = make_remote(alone());
    answer(verb);
    std::optional<bool> logged_in;
    outcome(as_task(remote_->connect({})), &logged_in);
    expect_no_secret_in_clear();
    expect_answered();
    mount(alone());
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileListing) {
  for (const std::string verb : {"EPSV", "MLSD"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(alone());
    answer(verb);
    std::optional<std::vector<Entry>> entries;
    outcome(remote_->list(Path("/d"), {}), &entries);
    EXPECT_EQ(entries ? entries->size() : 1u, 1u);
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileReading) {
  for (const std::string verb : {"EPSV", "PASV", "REST", "RETR"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    ftp::FtpConfig wanted = in_clear();
    wanted.disable_epsv = verb == "PASV";
    mount(wanted);
    answer(verb);
    std::optional<std::string> content;
    outcome(read_file(*remote_, Path("/a"), 3), &content);
    EXPECT_EQ(content.value_or("tent"), "tent");
    expect_all_is_well();
  }
}

TEST_P(HostileCommand, WhileReadingInActiveMode) {
  for (const std::string verb : {"EPRT", "PORT"}) {
    SCOPED_TRACE(verb);
    ftp::FtpConfig wanted = in_clear();
    wanted.active.on = true;
    wanted.active.disable_eprt = verb == "PORT";
    mount(wanted);
    answer(verb);
    std::optional<std::string> content;
    outcome(read_file(*remote_, Path("/a"), 0), &content);
    EXPECT_EQ(content.value_or("content"), "content");
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileWriting) {
  for (const std::string verb : {"EPSV", "STOR", "MLST"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(in_clear());
    answer(verb);
    std::optional<Attributes> stored;
    outcome(write_file(*remote_, Path("/d/inner"), "inside!", {}), &stored);
    EXPECT_TRUE(!stored || tree().content("/d/inner") == "inside!");
    expect_all_is_well();
  }
}

TEST_P(HostileCommand, WhileRenaming) {
  for (const std::string verb : {"SIZE", "RNFR", "RNTO"}) {
    SCOPED_TRACE(verb);
    tree().file("/from", "from");
    tree().take("/to");
    mount(in_clear());
    answer(verb);
    std::optional<bool> renamed;
    outcome(as_task(remote_->rename(Path("/from"), Path("/to"), {})), &renamed);
    const bool moved = tree().exists("/to");
    EXPECT_NE(moved, tree().exists("/from"));
    EXPECT_EQ(tree().content(moved ? "/to" : "/from"), "from");
    expect_all_is_well();
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, Hostile, testing::ValuesIn(answers()), answer_name);
INSTANTIATE_TEST_SUITE_P(Answers, HostileCommand, testing::ValuesIn(common_answers()), answer_name);
INSTANTIATE_TEST_SUITE_P(OneByOne, Hostile, testing::ValuesIn(one_by_one()), answer_name);
INSTANTIATE_TEST_SUITE_P(OneByOne, HostileCommand, testing::ValuesIn(one_by_one()), answer_name);

}  // namespace
}  // namespace ftpfs::test
