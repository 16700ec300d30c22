// SPDX-License-Identifier: MIT
// Refusals: what they mean, and which of them pass.
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;

awaitable<void> read_and_forget(Remote& remote, Path path) {
  co_await read_file(remote, std::move(path), 0);
}

awaitable<void> write_and_forget(Remote& remote, Path path) {
  const SinkRequest replace;
  co_await write_file(remote, std::move(path), "new", replace);
}

// F11, F13: refusals in the beginning.
TEST_F(FaultTest, RefusalsKeepTheirMeaning) {
  const auto refuse = [&](std::string verb, std::string reply) {
    inject({std::move(verb), Moment::received, Action::reply, std::move(reply)});
  };
  const auto try_write = [&] { write("/new", "x"); };
  refuse("STOR", "452 Insufficient storage space");
  EXPECT_EQ(failure(try_write), ENOSPC);
  refuse("STOR", "552 Disk quota exceeded");
  EXPECT_EQ(failure(try_write), EDQUOT);
  refuse("STOR", "553 Permission denied");
  EXPECT_EQ(failure(try_write), EACCES);
  refuse("STOR", "550 Read-only file system");
  EXPECT_EQ(failure(try_write), EROFS);
  refuse("STOR", "553 File name too long");
  EXPECT_EQ(failure(try_write), ENAMETOOLONG);
  refuse("RETR", "550 Permission denied");
  EXPECT_EQ(failure([&] { read("/a"); }), EACCES);
  refuse("MKD", "550 Permission denied");
  EXPECT_EQ(failure([&] { mkdir("/new"); }), EACCES);
  refuse("DELE", "550 Permission denied");
  EXPECT_EQ(failure([&] { unlink("/a"); }), EACCES);
  refuse("RMD", "550 Device or resource busy");
  EXPECT_EQ(failure([&] { rmdir("/d"); }), EBUSY);
  refuse("RNFR", "550 Permission denied");
  EXPECT_EQ(failure([&] { rename("/a", "/b"); }), EACCES);
  expect_all_fired();
  EXPECT_EQ(server_.sessions(), 1u);  // none of this costs a session
}

// pyftpdlib 1.5.7 looks at permissions before RETR takes the offset: the next transfer would begin there.
TEST_F(FaultTest, AnOffsetWhoseTransferWasRefusedIsTakenBack) {
  inject({"RETR", Moment::received, Action::reply, "550 Not enough privileges."});
  EXPECT_EQ(failure([&] { read("/a", 3); }), EACCES);
  expect_all_fired();
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(count("REST 0"), 1u);
  EXPECT_EQ(read("/a", 3), "tent");
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(count("REST 0"), 1u);  // what has begun needs nothing taken back
  EXPECT_EQ(server_.sessions(), 1u);
}

// F11: busy for a moment, and for ever.
TEST_F(FaultTest, PassingRefusalsAreWaitedOut) {
  struct Case {
    std::string verb;
    std::function<awaitable<void>()> operation;
  };
  const std::vector<Case> cases{
      {"RETR", [&] { return read_and_forget(*remote_, Path("/a")); }},
      {"STOR", [&] { return write_and_forget(*remote_, Path("/a")); }},
      {"RNFR", [&] { return remote_->rename(Path("/a"), Path("/b"), {}); }},
      {"RNTO", [&] { return remote_->rename(Path("/b"), Path("/a"), {}); }},
      {"RNTO", [&] { return remote_->rename(Path("/a"), Path("/b"), {}); }},
      {"MKD", [&] { return remote_->make_directory(Path("/made"), {}); }},
      {"RMD", [&] { return remote_->remove_directory(Path("/made"), {}); }},
      {"DELE", [&] { return remote_->remove_file(Path("/b"), {}); }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.verb);
    for (const auto& [reply, code] :
         {std::pair("450 Try again.", EBUSY), std::pair("451 Local error.", EIO)}) {
      inject({one.verb, Moment::received, Action::reply, reply, 0, 0, 4});
      EXPECT_EQ(run_through_stalls(one.operation(), 4, std::chrono::seconds(1)), code);
      expect_all_fired();
    }
    inject({one.verb, Moment::received, Action::reply, "450 Try again.", 0, 0, 3});
    EXPECT_EQ(run_through_stalls(one.operation(), 3, std::chrono::seconds(1)), 0);
    expect_all_fired();
  }
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(FaultTest, WhatARefusalForTheMomentSaysForSureIsNotWaitedFor) {
  inject({"RETR", Moment::received, Action::reply, "450 No such file"});
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  inject({"STOR", Moment::received, Action::reply, "451 No space left on device"});
  EXPECT_EQ(failure([&] { write("/a", "x"); }), ENOSPC);
  expect_all_fired();
}

// F12: a 550 that says nothing is never ENOENT for something that is there.
TEST_F(FaultTest, ABare550IsNotENOENTForWhatIsThere) {
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();
    const auto refused = [&](std::string verb, const std::function<void()>& operation) {
      inject({std::move(verb), Moment::received, Action::reply, "550 Failed."});
      return failure(operation);
    };
    EXPECT_THAT(refused("RETR", [&] { read("/a"); }), testing::AnyOf(EACCES, EIO));
    EXPECT_EQ(refused("DELE", [&] { unlink("/a"); }), EACCES);
    EXPECT_EQ(refused("RMD", [&] { rmdir("/d"); }), ENOTEMPTY);
    EXPECT_EQ(refused("RNFR", [&] { rename("/a", "/b"); }), EACCES);
    EXPECT_EQ(refused("RNTO", [&] { rename("/a", "/b"); }), EACCES);
    EXPECT_EQ(refused("STOR", [&] { write("/a", "x"); }), EACCES);
    EXPECT_EQ(refused("MKD", [&] { mkdir("/new"); }), EACCES);
    EXPECT_EQ(refused("MKD", [&] { mkdir("/d"); }), EEXIST);
    EXPECT_NE(refused(with_mlst ? "MLSD" : "LIST", [&] { names("/d"); }), ENOENT);
    expect_all_fired();
  }
}

}  // namespace
}  // namespace ftpfs::test
