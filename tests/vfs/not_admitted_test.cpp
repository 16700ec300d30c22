// SPDX-License-Identifier: MIT
// The server lets us in no more (F16: the password was changed, the account has ended): that says nothing
// about the files, so none is given up and nothing is taken for a refusal of what was asked.
#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

class NotAdmittedTest : public VfsTest {
 protected:
  void shut_out() {
    const NotAdmitted refusal("login as joe refused", "530 Login incorrect.");
    for (const Op op : {Op::stat, Op::list, Op::open_sink, Op::set_mode, Op::set_mtime, Op::rename})
      remote_.on(op).fail_next(refusal, 1000);
  }
  void let_in() { remote_.recover(); }
  void let_it_be_sent() {
    for (int minute = 0; minute < 30; ++minute) advance(1min);
  }
  std::size_t refusals() const { return remote_.calls(Op::open_sink) + remote_.calls(Op::stat); }
  // Closed while the server has let us in, to be sent later.
  void write_back(const std::string& content) {
    config_.writeback = 10s;
    client().write_file("/file", content);
    settle(io_);
    const std::size_t before = refusals();
    shut_out();
    for (int minute = 0; minute < 5; ++minute) advance(1min);
    EXPECT_GT(refusals(), before);
    EXPECT_FALSE(tree().exists("/file"));
    EXPECT_THAT(names_in_spool(), SizeIs(2));  // the content, and the record of where it belongs
  }
};

TEST_F(NotAdmittedTest, WhatWasClosedIsSentOnceWeAreLetInAgain) {
  write_back("content");
  let_in();
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(NotAdmittedTest, WhatWasClosedIsSentByTheNextMount) {
  write_back("content");
  EXPECT_THAT(test::run(io_, fs().shutdown(clock_.now() + 60s)), ElementsAre("/file"));
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  crash();
  let_in();
  remount();
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(NotAdmittedTest, ACloseThatFailedIsMadeGoodOnceWeAreLetInAgain) {
  tree().put_file("/file", "old");
  const vfs::Handle handle = client().open("/file", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "content");
  shut_out();
  EXPECT_EQ(errno_of([&] { client().close(handle); }), EACCES);
  for (int minute = 0; minute < 5; ++minute) advance(1min);
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  let_in();
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

TEST_F(NotAdmittedTest, WhatAnEarlierMountHasLeftWaits) {
  write_back("content");
  crash();
  remount();
  EXPECT_THAT(names_in_spool(), SizeIs(2));
  let_in();
  let_it_be_sent();
  EXPECT_EQ(tree().content("/file"), "content");
  EXPECT_THAT(names_in_spool(), IsEmpty());
}

// With perms=ignore, the default, a server that does not set them fails nothing.
TEST_F(NotAdmittedTest, IsNotTakenForAServerThatCannotSetModesOrTimes) {
  tree().put_file("/file", "content");
  client().ino("/file");
  shut_out();
  vfs::Changes mode;
  mode.mode = 0600;
  EXPECT_EQ(errno_of([&] { client().setattr("/file", mode); }), EACCES);
  vfs::Changes mtime;
  mtime.mtime = 1'000'000'000;
  EXPECT_EQ(errno_of([&] { client().setattr("/file", mtime); }), EACCES);
}

}  // namespace
}  // namespace ftpfs::test
