// SPDX-License-Identifier: MIT
// Replies in any pieces, at any pace, without end, cut in the middle; and files that others change meanwhile.
#include <cerrno>

#include <gmock/gmock.h>

#include "fault_fixture.hpp"

namespace ftpfs::test {
namespace {

using Action = Fault::Action;
using Moment = Fault::Moment;
using namespace std::chrono_literals;

// One command at a time: of several in a row the server would be through before the first reply is read.
class SlowReply : public FaultFixture {
 protected:
  SlowReply() : FaultFixture(Pace::one_by_one) {}
  Fault in_pieces(std::string verb) const {
    Fault fault{std::move(verb), Moment::replying, Action::drip};
    fault.times = 1000;
    return fault;
  }
};

// F25: every reply of a whole mount, byte by byte, each in a segment of its own.
TEST_F(SlowReply, ByteByByteIsNoOtherReply) {
  for (const char* verb : {"USER", "PASS", "FEAT", "OPTS", "TYPE", "PWD", "CWD", "MLST", "EPSV", "MLSD",
                           "RETR", "STOR", "MKD", "DELE"})
    inject(in_pieces(verb));
  mount();
  EXPECT_EQ(stat("/a").value().size, 7u);
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  EXPECT_EQ(read("/a"), "content");
  EXPECT_EQ(write("/new", "fresh").size, 5u);
  mkdir("/made");
  unlink("/new");
  EXPECT_FALSE(stat("/missing"));
  EXPECT_GE(server_.faults_fired(), 14u);
}

// F22: as long as bytes come, data may take its time; a reply may not.
TEST_F(SlowReply, DataThatDripsArrives) {
  ftp::FtpConfig impatient = config();
  impatient.timeout = 500ms;
  mount(impatient);
  Fault fault{"RETR", Moment::data, Action::drip, {}, 1};
  fault.pause = 100ms;
  inject(fault);
  EXPECT_EQ(read("/a"), "content");  // in 0.7 s
  expect_all_fired();
}

TEST_F(SlowReply, AReplyThatDripsHasALimitOfItsOwn) {
  Fault fault{"MLST", Moment::replying, Action::drip, {}, 0, 0, 2};
  fault.pause = 2ms;
  inject(fault);
  std::optional<int> code;
  asio::co_spawn(io_, remote_->stat(Path("/a"), {}),
                 [&](std::exception_ptr error, std::optional<Attributes>) {
                   code = failure([&] {
                     if (error) std::rethrow_exception(error);
                   });
                 });
  // The line is never silent for as long as its limit.
  run_until(io_, [&] {
    if (!code) clock_.advance(200ms);
    return code.has_value();
  });
  EXPECT_THAT(*code, testing::AnyOf(0, ETIMEDOUT));
  EXPECT_GE(server_.sessions(), 2u);  // the first one was given up
  server_.clear_faults();
  EXPECT_EQ(stat("/a").value().size, 7u);
}

TEST_F(SlowReply, AReplyWithoutEndCostsItsSessionOnly) {
  for (const char* verb : {"MLST", "DELE"}) {
    SCOPED_TRACE(verb);
    tree().file("/victim", "v");
    inject({verb, Moment::replying, Action::flood});
    const int code = failure([&] {
      if (verb == std::string("MLST")) {
        stat("/a");
      } else {
        unlink("/victim");
      }
    });
    EXPECT_THAT(code, testing::AnyOf(0, EIO, EPROTO));
    expect_all_fired();
    EXPECT_EQ(stat("/a").value().size, 7u);
    EXPECT_FALSE(stat("/victim") && code == 0 && verb == std::string("DELE"));
  }
}

// Half of "250 Done" is no 250, nor is half of "257 ...": each cut, by FIN and by RST.
TEST_F(SlowReply, AReplyThatIsCutIsNone) {
  for (const Action action : {Action::close, Action::reset}) {
    for (std::size_t bytes = 0; bytes < 6; ++bytes) {
      SCOPED_TRACE(bytes);
      tree().file("/victim", "v");
      tree().take("/made");
      inject({"DELE", Moment::replying, action, {}, bytes});
      unlink("/victim");
      inject({"MKD", Moment::replying, action, {}, bytes});
      mkdir("/made");
      inject({"MLST", Moment::replying, action, {}, bytes});
      EXPECT_EQ(stat("/a").value().size, 7u);
      expect_all_fired();
      EXPECT_FALSE(tree().exists("/victim"));
    }
  }
  EXPECT_EQ(count("DELE"), 12u);
}

// Contract 7: each reply comes in time, and yet nobody waits for minutes. Data that flow are no such wait.
TEST_F(SlowReply, AllRepliesOfAnOperationHaveALimitTogether) {
  const auto all_slow = [&](std::initializer_list<const char*> verbs) {
    for (const char* verb : verbs) {
      Fault fault{verb, Moment::replying, Action::act};
      fault.act = [this] { clock_.advance(25s); };
      fault.times = 1000;
      inject(fault);
    }
  };
  behaviour().mlst = false;
  behaviour().terse = true;  // what is missing is looked for in the listing
  mount();
  stat("/a");
  all_slow({"SIZE", "MDTM", "CWD", "EPSV", "PASV", "LIST"});
  may_be_in_vain_ = true;  // it does not come to all of them
  const Clock::time_point began = clock_.now();
  EXPECT_EQ(failure([&] { stat("/missing"); }), ETIMEDOUT);
  EXPECT_LE(clock_.now() - began, 2 * (60s + 25s));  // it is tried once more
  EXPECT_GE(server_.faults_fired(), 4u);
  server_.clear_faults();
  clock_.advance(60s);
  EXPECT_FALSE(stat("/missing"));
}

TEST_F(SlowReply, AListingThatComesSlowlyHasNoLimitAsAWhole) {
  Fault fault{"MLSD", Moment::data, Action::act, {}, 5};
  fault.act = [this] { clock_.advance(125s); };
  inject(fault);
  EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
  expect_all_fired();
}

// "250" and nothing done, which no client can know: but what is shown afterwards is what is there.
TEST_F(SlowReply, AChangeThatIsOnlySaidToBeDoneShowsAtTheNextLook) {
  inject({"DELE", Moment::received, Action::reply, "250 Deleted."});
  unlink("/a");
  EXPECT_TRUE(stat("/a"));
  inject({"STOR", Moment::received, Action::reply, "226 Transfer complete."});
  EXPECT_NE(failure([&] { write("/new", "content"); }), 0);
  expect_all_fired();
}

// F23, the other way: a server that takes no more bytes.
TEST_F(SlowReply, AnUploadWithoutProgressIsATimeOut) {
  ftp::FtpConfig impatient = config();
  impatient.timeout = 300ms;
  mount(impatient);
  inject({"STOR", Moment::data, Action::stall, {}, 1000});
  std::optional<int> code;
  const SinkRequest replace;
  asio::co_spawn(io_, write_file(*remote_, Path("/new"), std::string(30'000'000, 'x'), replace),
                 [&](std::exception_ptr error, Attributes) {
                   code = failure([&] {
                     if (error) std::rethrow_exception(error);
                   });
                 });
  for (int tenths = 0; tenths < 200 && !code; ++tenths) {  // true time, and theirs
    io_.restart();
    io_.run_for(100ms);
    clock_.advance(100ms);
  }
  EXPECT_EQ(code, ETIMEDOUT);
  expect_all_fired();
  EXPECT_EQ(write("/new", "fine").size, 4u);
}

// F9: more than the size that was shown is for the vfs to judge; the source tells all that came.
TEST_F(SlowReply, MoreThanTheSizeIsNotHidden) {
  inject({"RETR", Moment::data, Action::extra, {}, 3});
  EXPECT_EQ(read("/a"), "content!!!");
  expect_all_fired();
}

// F10: somebody replaces the file while it is read.
TEST_F(SlowReply, AFileThatIsReplacedMeanwhileIsReadToItsEnd) {
  Fault fault{"RETR", Moment::data, Action::act, {}, 3};
  fault.act = [this] { tree().file("/a", "another!"); };
  inject(fault);
  EXPECT_EQ(read("/a"), "content");
  expect_all_fired();
  EXPECT_EQ(read("/a"), "another!");
}

// F32: and removes it while it is written.
TEST_F(SlowReply, AFileThatIsRemovedMeanwhileIsNotTakenForStored) {
  for (const bool with_mlst : {true, false}) {
    behaviour().mlst = with_mlst;
    mount();  // which knows nothing of SIZE yet
    Fault fault{"STOR", Moment::data, Action::act, {}, 3};
    fault.act = [this] { tree().take("/new"); };
    inject(fault);
    EXPECT_NE(failure([&] { write("/new", "content"); }), 0);
    expect_all_fired();
  }
}

}  // namespace
}  // namespace ftpfs::test
