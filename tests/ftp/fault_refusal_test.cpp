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

awaitable<void> write_and_forget(Remote& remote, Path path, SinkRequest request) {
  co_await write_file(remote, std::move(path), "new", request);
}

awaitable<void> list_and_forget(Remote& remote, Path path) {
  const std::stop_token never;
  co_await remote.list(std::move(path), never);
}

awaitable<void> chmod_and_forget(Remote& remote, Path path) {
  const std::stop_token never;
  co_await remote.set_mode(std::move(path), 0600, never);
}

// F11, F13: refusals in the beginning.
TEST_P(FaultTest, RefusalsKeepTheirMeaning) {
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
TEST_P(FaultTest, AnOffsetWhoseTransferWasRefusedIsTakenBack) {
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
struct Busy {
  std::string verb;
  std::function<awaitable<void>()> operation;
};

class BusyServer : public FaultTest {
 protected:
  void expect_patience(const Busy& one) {
    SCOPED_TRACE(one.verb);
    for (const auto& [reply, code] :
         {std::pair("450 Try again.", EBUSY), std::pair("451 Local error.", EIO)}) {
      constexpr std::size_t at_most = 30;  // with those of looking what the refusal means
      const std::size_t before = server_.faults_fired();
      refuse(one.verb, reply, at_most);
      EXPECT_EQ(run_through_stalls(one.operation(), at_most, std::chrono::seconds(1)), code);
      EXPECT_GE(server_.faults_fired() - before, 4u);
      EXPECT_GT(server_.faults_left(), 0u);
      server_.clear_faults();
    }
    refuse(one.verb, "450 Try again.", 3);
    EXPECT_EQ(run_through_stalls(one.operation(), 3, std::chrono::seconds(1)), 0);
    expect_all_fired();
  }
  void refuse(const std::string& verb, const std::string& reply, std::size_t times) {
    inject({verb, Moment::received, Action::reply, reply, 0, 0, times});
  }
};

INSTANTIATE_TEST_SUITE_P(Ftp, BusyServer, both_paces(), pace_name);

TEST_P(BusyServer, IsWaitedForAtEachCommandThatNothingStandsInFor) {
  const SinkRequest replace;
  SinkRequest append;
  append.mode = SinkRequest::Mode::append;
  const std::vector<Busy> cases{
      {"RETR", [&] { return read_and_forget(*remote_, Path("/a")); }},
      {"STOR", [&] { return write_and_forget(*remote_, Path("/a"), replace); }},
      {"APPE", [&] { return write_and_forget(*remote_, Path("/a"), append); }},
      {"SITE", [&] { return chmod_and_forget(*remote_, Path("/a")); }},
      {"MFMT", [&] { return remote_->set_mtime(Path("/a"), 1'500'000'000, {}); }},
      {"RNFR", [&] { return remote_->rename(Path("/a"), Path("/b"), {}); }},
      {"RNTO", [&] { return remote_->rename(Path("/b"), Path("/a"), {}); }},
      {"RNTO", [&] { return remote_->rename(Path("/a"), Path("/b"), {}); }},
      {"MKD", [&] { return remote_->make_directory(Path("/made"), {}); }},
      {"RMD", [&] { return remote_->remove_directory(Path("/made"), {}); }},
      {"DELE", [&] { return remote_->remove_file(Path("/b"), {}); }},
  };
  for (const Busy& one : cases) expect_patience(one);
  EXPECT_EQ(server_.sessions(), 1u);
}

// Where listings begin with it, alone or in one trip with what lists.
TEST_P(BusyServer, IsWaitedForOnTheWayIntoADirectory) {
  const Busy list{"CWD", [&] { return list_and_forget(*remote_, Path("/d")); }};
  behaviour().mlst = false;
  mount();
  expect_patience(list);
  behaviour().greeting = "220 (vsFTPd 3.0.5)";
  mount();
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  expect_patience(list);
  behaviour().stat_lists = true;
  mount();
  expect_patience(list);
}

// What another command tells as well needs no patience.
TEST_P(BusyServer, IsAskedInAnotherWayWhereThereIsOne) {
  for (const std::string reply : {"450 Try again.", "451 Local error."}) {
    for (const std::size_t times : {1u, 9u}) {
      SCOPED_TRACE(reply + std::to_string(times));
      const auto expect_attributes = [&] {
        EXPECT_EQ(stat("/a").value().size, 7u);
        EXPECT_EQ(stat("/d").value().kind, Kind::directory);
        EXPECT_FALSE(stat("/missing"));
        EXPECT_EQ(write("/new", "fresh").size, 5u);
        server_.clear_faults();
      };
      behaviour().mlst = true;
      mount();
      refuse("MLST", reply, times);
      expect_attributes();
      behaviour().mlst = false;
      mount();
      refuse("SIZE", reply, times);
      expect_attributes();
      refuse("MDTM", reply, times);
      expect_attributes();
      mount();
      refuse("EPSV", reply, times);
      EXPECT_EQ(read("/a"), "content");
      server_.clear_faults();
      behaviour().mlst = true;
    }
  }
}

TEST_P(BusyServer, IsWaitedForWhenItHasNoPortForData) {
  for (const auto& [reply, code] : {std::pair("450 Try again.", EBUSY), std::pair("451 Local error.", EIO)}) {
    mount();
    refuse("EPSV", reply, 100);
    refuse("PASV", reply, 100);
    std::optional<int> ended;
    asio::co_spawn(io_, read_and_forget(*remote_, Path("/a")), [&](std::exception_ptr error) {
      ended = failure([&] {
        if (error) std::rethrow_exception(error);
      });
    });
    run_until(io_, [&] {
      if (!ended) clock_.advance(std::chrono::milliseconds(100));
      return ended.has_value();
    });
    EXPECT_EQ(ended, code);
    EXPECT_GT(count("EPSV"), 1u);
    server_.clear_faults();
    EXPECT_EQ(read("/a"), "content");
  }
}

TEST_P(FaultTest, WhatARefusalForTheMomentSaysForSureIsNotWaitedFor) {
  inject({"RETR", Moment::received, Action::reply, "450 No such file"});
  EXPECT_NE(failure([&] { read("/a"); }), 0);
  inject({"STOR", Moment::received, Action::reply, "451 No space left on device"});
  EXPECT_EQ(failure([&] { write("/a", "x"); }), ENOSPC);
  expect_all_fired();
}

// F12: a 550 that says nothing is never ENOENT for something that is there.
TEST_P(FaultTest, ABare550IsNotENOENTForWhatIsThere) {
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
