// SPDX-License-Identifier: MIT
// Listings that are none, or not the whole, are never shown as a directory that has nothing else in it; and
// what else says that a directory is empty.
#include <algorithm>
#include <cerrno>
#include <sstream>

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BrokenListing : public RemoteFixture, public testing::WithParamInterface<bool> {
 protected:
  BrokenListing() {
    tree().file("/d/inner", "inside");
    behaviour().mlst = GetParam();
    auto logger =
        std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
    logger->set_pattern("%l %v");
    logger->set_level(spdlog::level::info);
    remote_ =
        std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_, std::move(logger), config());
    run(io_, remote_->connect({}));
    EXPECT_THAT(names("/d"), ElementsAre("inner"));
    log_.str("");
  }

  void transfer_fault(Fault::Action action, std::size_t bytes, std::string reply = {}) {
    server_.inject({GetParam() ? "MLSD" : "LIST", Fault::Moment::data, action, std::move(reply), bytes});
  }
  std::size_t logged_lines() const { return std::ranges::count(log_.str(), '\n'); }

  std::ostringstream log_;
};

INSTANTIATE_TEST_SUITE_P(Ftp, BrokenListing, testing::Bool(),
                         [](const auto& mlst) { return mlst.param ? "Mlsd" : "List"; });

// Here: one line that is cut off, and a server that says that all is well.
TEST_P(BrokenListing, NonsenseIsEioWithOneLineInTheLog) {
  transfer_fault(Fault::Action::reply, GetParam() ? 9 : 30, "226 Transfer complete.");
  EXPECT_EQ(failure([&] { list("/d"); }), EIO);
  EXPECT_EQ(logged_lines(), 1u) << log_.str();
  EXPECT_THAT(log_.str(), HasSubstr("warning listing of /d makes no sense: "));
  EXPECT_THAT(names("/d"), ElementsAre("inner"));
}

TEST_P(BrokenListing, ALineThatMakesNoSenseIsLogged) {
  transfer_fault(Fault::Action::extra, 70);
  EXPECT_THAT(names("/d"), ElementsAre("inner"));
  EXPECT_EQ(logged_lines(), 1u) << log_.str();
  EXPECT_THAT(log_.str(), HasSubstr("listing of /d: 1 lines make no sense, the first: !!!!!!"));
}

// proftpd, z/OS, DrFTPD. What is missing is still missing.
TEST_P(BrokenListing, ARefusalMayMeanThatNothingIsThere) {
  tree().directory("/empty");
  for (const char* reply :
       {"450 No files found", "550 No members found.", "550 No data sets found.", "550 -"}) {
    SCOPED_TRACE(reply);
    behaviour().empty_listing = reply;
    EXPECT_THAT(names("/empty"), testing::IsEmpty());
    EXPECT_EQ(failure([&] { list("/missing"); }), ENOENT);
    EXPECT_THAT(names("/d"), ElementsAre("inner"));
  }
  behaviour().empty_listing = "550 Permission denied.";
  EXPECT_EQ(failure([&] { list("/empty"); }), EACCES);
  behaviour().empty_listing = "451 Local error.";
  EXPECT_EQ(failure([&] { list("/empty"); }), EIO);
}

// pyftpdlib passes on what the system says, and a path may have any words in it.
TEST_P(BrokenListing, AFailureIsNoEmptyDirectory) {
  for (const char* reply :
       {"550 Too many open files.", "550 /d: Input/output error", "550 Stale file handle.",
        "550 Cannot allocate memory.", "450 Could not list: open /srv/sounds: out of something",
        "450 No way to open /srv/found", "451 Not now."}) {
    SCOPED_TRACE(reply);
    behaviour().replies["MLSD"] = behaviour().replies["LIST"] = reply;
    EXPECT_EQ(failure([&] { list("/d"); }), EIO);
  }
  behaviour().replies["MLSD"] = behaviour().replies["LIST"] = "550 Something else.";
  EXPECT_EQ(failure([&] { list("/d"); }), EACCES);
  behaviour().replies.clear();
  EXPECT_THAT(names("/d"), ElementsAre("inner"));
}

// A success that takes back what it says: pure-ftpd (1.0.50, ls.c) after its limit of 10000 entries, vsftpd
// (3.0.3, postlogin.c) for a directory that may be entered but not read.
TEST_P(BrokenListing, OneThatAdmitsToBeIncompleteIsNotShown) {
  transfer_fault(Fault::Action::reply, 100'000, "226 Output truncated to 1 matches");
  EXPECT_EQ(failure([&] { list("/d"); }), EIO);
  transfer_fault(Fault::Action::reply, 100'000, "226 Transfer done (but failed to open directory).");
  EXPECT_EQ(failure([&] { list("/d"); }), EACCES);
}

}  // namespace
}  // namespace ftpfs::test
