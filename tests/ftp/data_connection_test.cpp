// SPDX-License-Identifier: MIT
// How a data connection comes about: which command, whom it is made with, what is learned for the next one.
#include <cerrno>

#include <gmock/gmock.h>

#include <ftpfs/ftp/transfer.hpp>

#include "dialogue.hpp"

namespace ftpfs::test {
namespace {

using ftp::Support;
using ftp::Transfer;
using proto::Verb;

awaitable<std::string> download(std::shared_ptr<ftp::Session> session) {
  const std::stop_token never;
  const auto transfer = co_await Transfer::begin(session, Verb::retr, "/f", 0, never);
  if (transfer->refusal()) throw Error(EACCES, "refused", transfer->refusal()->last_line());
  std::string content;
  char chunk[64];
  const MutableBytes into = std::as_writable_bytes(std::span(chunk));
  for (;;) {
    const std::size_t size = co_await transfer->read_some(into);
    if (size == 0) co_return content;
    content.append(chunk, size);
  }
}

class DataConnection : public Dialogue {
 protected:
  // A session whose server goes on with what `control` adds.
  void start(const std::function<void(Script&)>& control) {
    Script& script = log_in(network_.connection());
    control(script);
    session_ = open_session();
  }

  static Script& epsv(Script& script) { return script.expect("EPSV\r\n").send("229 ok (|||40000|)\r\n"); }
  static Script& pasv(Script& script, const std::string& host = "192,0,2,7") {
    return script.expect("PASV\r\n").send("227 ok (" + host + ",156,64)\r\n");
  }
  static Script& retr(Script& script) {
    return script.expect("RETR /f\r\n").send("150 -\r\n").send("226 done\r\n");
  }
  static Script& retr_fails(Script& script, const std::string& words) {
    return script.expect("RETR /f\r\n").send(words + "\r\n");
  }

  void data_connection() { network_.connection().send("x").end(); }
  std::string retrieve() { return play(download(session_)); }
  void retrieve_one() {
    data_connection();
    EXPECT_EQ(retrieve(), "x");
  }
  void lose_one() {
    network_.connection().refuse(ECONNREFUSED);
    EXPECT_THROW(retrieve(), ConnectionLost);
  }

  std::shared_ptr<ftp::Session> session_;
};

TEST_F(DataConnection, IsMadeWithTheControlPeerWhateverTheHostWasCalled) {
  network_.set_peer("192.0.2.7");
  start([](Script& control) { retr(epsv(control)); });
  retrieve_one();
  EXPECT_EQ(network_.connects().back(), (net::HostPort{"192.0.2.7", 40000}));
}

// S1, CVE-2020-8284: a 227 may not send us anywhere else.
TEST_F(DataConnection, TheAddressInA227IsIgnored) {
  network_.set_peer("192.0.2.7");
  const std::vector<std::string> addresses = {"10,0,0,1", "127,0,0,1", "0,0,0,0", "224,0,0,1"};
  start([&](Script& control) {
    control.expect("EPSV\r\n").send("502 no\r\n");
    for (const std::string& address : addresses) retr(pasv(control, address));
  });
  for (const std::string& address : addresses) {
    retrieve_one();
    EXPECT_EQ(network_.connects().back().host, "192.0.2.7") << address;
  }
}

TEST_F(DataConnection, WellKnownPortsAreNotConnectedTo) {
  start([](Script& control) {
    control.expect("EPSV\r\n").send("229 ok (|||22|)\r\n");
    control.expect("PASV\r\n").send("227 ok (1,2,3,4,0,25)\r\n");
  });
  EXPECT_EQ(failure(download(session_)), EPROTO);
  EXPECT_EQ(network_.connects().size(), 1u);
}

class EpsvIsRefused : public DataConnection, public testing::WithParamInterface<const char*> {};

// SwiFTP and DrFTPD say 502, Azure 500, webMAN 202; 425 and 550 come from servers that list EPSV in FEAT.
TEST_P(EpsvIsRefused, AndNotAskedForAgain) {
  start([](Script& control) {
    control.expect("EPSV\r\n").send(std::string(GetParam()) + "\r\n");
    for (int i = 0; i < 2; ++i) retr(pasv(control));
  });
  for (int i = 0; i < 2; ++i) retrieve_one();
  EXPECT_EQ(context_->profile.epsv, Support::no);
  EXPECT_EQ(network_.missing(), "");
}

INSTANTIATE_TEST_SUITE_P(Words, EpsvIsRefused,
                         testing::Values("500 what?", "502 not implemented", "504 no", "522 no", "202 ok",
                                         "200 ok", "227 ok (192,0,2,7,156,64)", "425 no", "550 no",
                                         "229 where?"),
                         [](const auto& words) { return "With" + std::string(words.param).substr(0, 3); });

// A NAT helper that opens only the ports it read in a 227.
TEST_F(DataConnection, AnEpsvPortOutOfReachTurnsToPasv) {
  start([](Script& control) {
    retr_fails(epsv(control), "425 cannot open data connection");
    for (int i = 0; i < 2; ++i) retr(pasv(control));
  });
  lose_one();
  for (int i = 0; i < 2; ++i) retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

// A server that has said 150 already may complain with any code.
TEST_F(DataConnection, AnEpsvPortOutOfReachBehindA150TurnsToPasv) {
  start([](Script& control) {
    retr_fails(epsv(control), "150 coming\r\n451 nobody came");
    retr(pasv(control));
  });
  lose_one();
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

// "150, 226" is no success when we never had a data connection: the file is not empty.
TEST_F(DataConnection, ACompletionWithoutTheDataConnectionIsNoSuccess) {
  start([](Script& control) { retr(epsv(control)); });
  lose_one();
}

TEST_F(DataConnection, APasvPortOutOfReachTurnsToEpsv) {
  context_->profile.epsv = Support::no;  // refused when there was no free port
  start([](Script& control) {
    retr_fails(pasv(control), "425 cannot open data connection");
    control.expect("EPSV\r\n").send("229 ok (|||40000|)\r\n");
    retr(control);
    retr(epsv(control));
  });
  lose_one();
  retrieve_one();
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(DataConnection, PasvThatIsRefusedTurnsToEpsv) {
  context_->profile.epsv = Support::no;
  start([](Script& control) {
    control.expect("PASV\r\n").send("500 what?\r\n");
    retr(epsv(control));
    retr(epsv(control));
  });
  retrieve_one();
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(DataConnection, WhatHasWorkedIsNotGivenUpForOneFailure) {
  start([](Script& control) {
    retr(epsv(control));
    retr_fails(epsv(control), "425 cannot open data connection");
    retr(epsv(control));
  });
  retrieve_one();
  lose_one();
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(DataConnection, OverIpv6OnlyEpsvIsAskedFor) {
  network_.set_peer("2001:db8::7");
  start([](Script& control) {
    retr_fails(epsv(control), "425 cannot open data connection");
    retr(epsv(control));
    control.expect("EPSV\r\n").send("500 what?\r\n");
  });
  lose_one();
  retrieve_one();
  EXPECT_EQ(network_.connects().back(), (net::HostPort{"2001:db8::7", 40000}));
  EXPECT_EQ(failure(download(session_)), EPROTO);
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(DataConnection, DisableEpsvMeansPasvAtOnce) {
  context_->config.disable_epsv = true;
  start([](Script& control) { retr(pasv(control)); });
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

}  // namespace
}  // namespace ftpfs::test
