// SPDX-License-Identifier: MIT
// `ftpfs recover`: what a mount that was killed has left, without mounting again.
#include <gmock/gmock.h>

#include "cli/mounted.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RecoverCommand : public MountedTest {
 protected:
  // Acknowledged, not sent, and the mount is killed.
  void leave(const std::string& name, const std::string& bytes) {
    mount("writeback=1000");
    write(name, bytes);
    kill_daemon();
    ::umount2(mountpoint().c_str(), MNT_DETACH);
  }
  std::string spool_option() const { return "spool_dir=" + scratch("spool").string() + ",timeout=1"; }
  Outcome send() const {
    return run({FTPFS_PROGRAM, "recover", "--send", "-o", spool_option(), served_->url()},
               {{"FTPFS_PASSWORD", "secret"}});
  }
  nlohmann::json left() const { return json({"recover", scratch("spool")}); }
};

TEST_F(RecoverCommand, ListsWhatIsLeft) {
  EXPECT_EQ(ftpfs({"recover", "-o", spool_option()}).output, "nothing is left in the spool\n");
  leave("file", "precious");
  for (const auto& where : {std::vector<std::string>{"recover", scratch("spool")},
                            {"recover", "-o", spool_option()},
                            {"recover", "-o", spool_option(), served_->url()},
                            {"recover", "-o", spool_option(), "127.0.0.1:"}}) {
    const auto folders = json(where);
    ASSERT_EQ(folders.size(), 1u);
    EXPECT_EQ(folders[0]["in_use"], false);
    EXPECT_EQ(folders[0]["files"][0]["path"], "/file");
    EXPECT_EQ(folders[0]["files"][0]["state"], "unsent");
    EXPECT_EQ(folders[0]["files"][0]["size"], 8);
  }
  EXPECT_EQ(json({"recover", "-o", spool_option(), "other.example.org:"}).size(), 0u);
  EXPECT_THAT(ftpfs({"recover", scratch("spool")}).output, HasSubstr("1 file can be sent"));
  EXPECT_EQ(ftpfs({"recover", scratch("nowhere")}).status, 16);
}

TEST_F(RecoverCommand, CopiesItOut) {
  leave("file", "precious");
  const Outcome outcome = ftpfs({"recover", "--export", scratch("out"), scratch("spool")});
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  std::string copied;
  for (const auto& entry : fs::recursive_directory_iterator(scratch("out")))
    if (entry.path().filename() == "file") copied = read_file(entry.path());
  EXPECT_EQ(copied, "precious");
  EXPECT_EQ(left().size(), 1u) << "it is still to be sent";
}

TEST_F(RecoverCommand, SendsIt) {
  leave("file", "precious");
  const Outcome outcome = send();
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("sent: 1; left in the spool: 0 to be sent, 0 kept\n"));
  EXPECT_EQ(content("/file"), "precious");
  EXPECT_EQ(left().size(), 0u);
  EXPECT_EQ(served_->with([](FakeServer& server) { return server.open_sessions(); }), 0u);
}

TEST_F(RecoverCommand, WhatTheServerDoesNotTakeStays) {
  leave("file", "precious");
  inject({.verb = "STOR", .action = Fault::Action::reply, .reply = "452 Disk full."});
  const Outcome outcome = send();
  EXPECT_EQ(outcome.status, 32) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("(server said: 452 Disk full.)\n"));
  ASSERT_EQ(left().size(), 1u);
  EXPECT_EQ(left()[0]["files"][0]["state"], "unsent");
  well_again();
  EXPECT_EQ(send().status, 0);
  EXPECT_EQ(content("/file"), "precious");
}

TEST_F(RecoverCommand, WithoutTheServerNothingChanges) {
  leave("file", "precious");
  const std::string url = served_->url();
  served_.reset();
  const Outcome outcome =
      run({FTPFS_PROGRAM, "recover", "--send", "-o", spool_option(), url}, {{"FTPFS_PASSWORD", "x"}});
  EXPECT_EQ(outcome.status, 32) << outcome.output;
  EXPECT_TRUE(outcome.output.starts_with("ftpfs: 127.0.0.1: ")) << outcome.output;
  EXPECT_EQ(left()[0]["files"][0]["state"], "unsent");
}

TEST_F(RecoverCommand, AMountThatRunsIsLeftAlone) {
  mount("writeback=1000");
  write("file", "precious");
  EXPECT_EQ(left()[0]["in_use"], true);
  const Outcome outcome = send();
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("a mount that runs has 1 more: ftpfs flush sends them\n"));
  EXPECT_EQ(content("/file"), "(none)");
}

}  // namespace
}  // namespace ftpfs::test
