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

// Users' reason for disable_epsv: the next session starts with PASV by itself.
TEST_F(DataConnection, EpsvThatIsAnsweredBySilenceIsNotSentAgain) {
  start([](Script& control) { control.expect("EPSV\r\n").ending(Ending::silence); });
  EXPECT_THROW(retrieve(), ConnectionLost);
  context_->profile.greeted = false;  // for a log-in as the script has it
  start([](Script& control) { retr(pasv(control)); });
  retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

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
    retr_fails(epsv(control), "150 coming\r\n451 nobody came").expect("NOOP\r\n").send("200 ok\r\n");
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

// DrFTPD and ioFTPD: a port is for one command, which must be known before.
TEST_F(DataConnection, PretComesBeforeThePortWhereItIsListed) {
  start([](Script& control) {
    for (int i = 0; i < 2; ++i) retr(epsv(control.expect("PRET RETR /f\r\n").send("200 ok\r\n")));
  });
  context_->profile.features.pret = true;
  for (int i = 0; i < 2; ++i) retrieve_one();
  EXPECT_EQ(network_.missing(), "");
}

// Azure after a few hundred files: all its ports are in TIME_WAIT.
TEST_F(DataConnection, AServerOutOfPortsIsGivenTime) {
  start([](Script& control) {
    for (int i = 0; i < 2; ++i) {
      control.expect("EPSV\r\n").send("425 no free port\r\n");
      control.expect("PASV\r\n").send("425 no free port\r\n");
    }
    retr(epsv(control));
  });
  context_->random = [] { return 0; };
  retrieve_one();
  EXPECT_EQ(waited_, std::chrono::seconds(6));
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(DataConnection, AServerThatStaysOutOfPortsIsAnErrorWithItsWords) {
  start([](Script& control) {
    for (int i = 0; i < 3; ++i) {
      control.expect("EPSV\r\n").send("425 no free port\r\n");
      control.expect("PASV\r\n").send("425 no free port\r\n");
    }
  });
  try {
    retrieve();
    FAIL() << "no data connection was possible";
  } catch (const Error& error) {
    EXPECT_EQ(error.server_said(), "425 no free port");
  }
  EXPECT_TRUE(session_->reusable());
}

class TrustedPasv : public DataConnection {
 protected:
  // Where a transfer connects to when the 227 names `told` and the server is at `peer`.
  std::string connected_to(const std::string& told, const std::string& peer) {
    network_.set_peer(peer);
    context_ = new_context();
    context_->config.trust_pasv_ip = true;
    start([&](Script& control) { retr(pasv(control, told)); });
    retrieve_one();
    return network_.connects().back().host;
  }
};

TEST_F(TrustedPasv, TheHostOfThe227IsUsed) {
  EXPECT_EQ(connected_to("198,51,100,9", "192.0.2.7"), "198.51.100.9");
  EXPECT_EQ(connected_to("198,51,100,9", "10.0.0.1"), "198.51.100.9");
  EXPECT_EQ(network_.missing(), "");
}

// A server behind a NAT that tells its inner address, or one that wants us to connect to ourselves.
TEST_F(TrustedPasv, ButNoneThatCannotBeMeant) {
  for (const char* told : {"10,0,0,1", "172,16,0,1", "192,168,1,1", "100,64,0,1", "127,0,0,1", "169,254,0,1",
                           "0,0,0,0", "224,0,0,1", "255,255,255,255"})
    EXPECT_EQ(connected_to(told, "192.0.2.7"), "192.0.2.7") << told;
  EXPECT_EQ(connected_to("127,0,0,1", "10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(connected_to("0,0,0,0", "10.0.0.1"), "10.0.0.1");
}

TEST_F(TrustedPasv, WithinOneSiteItsAddressesAre) {
  EXPECT_EQ(connected_to("10,0,0,2", "192.168.0.1"), "10.0.0.2");
  EXPECT_EQ(connected_to("127,0,0,2", "127.0.0.1"), "127.0.0.2");
}

// Behind a proxy that looks names up, the server is known by its name only.
TEST_F(DataConnection, BehindAProxyTheServersNameIsConnectedTo) {
  network_.set_peer("ftp.example.org");
  start([](Script& control) {
    retr_fails(epsv(control), "425 cannot open data connection");
    retr(pasv(control, "10,0,0,1"));
  });
  lose_one();
  retrieve_one();
  EXPECT_EQ(network_.connects().back(), (net::HostPort{"ftp.example.org", 40000}));
  EXPECT_EQ(network_.missing(), "");
}

class Active : public DataConnection {
 protected:
  Active() {
    network_.set_peer("192.0.2.7");
    network_.set_local("192.0.2.1");
    context_->config.active.on = true;
  }
  static Script& eprt(Script& script) {
    return script.expect("EPRT |1|192.0.2.1|40001|\r\n").send("200 ok\r\n");
  }
  static Script& port(Script& script, const std::string& host = "192,0,2,1") {
    return script.expect("PORT " + host + ",156,65\r\n").send("200 ok\r\n");
  }
  void visit_one() {
    network_.visitor("192.0.2.7").send("x").end();
    EXPECT_EQ(retrieve(), "x");
  }
};

TEST_F(Active, TheServerConnectsToUs) {
  start([](Script& control) { retr(eprt(control)); });
  visit_one();
  EXPECT_FALSE(network_.listening());
  EXPECT_EQ(network_.listens().back().address.to_string(), "192.0.2.1");
  EXPECT_EQ(network_.missing(), "");
}

// S16: nobody else gets at our data, or has his taken for the server's.
TEST_F(Active, StrangersAreTurnedAwayAndTheWaitGoesOn) {
  start([](Script& control) { retr(eprt(control)); });
  for (const char* host : {"192.0.2.8", "198.51.100.7", "::1"}) network_.visitor(host).send("evil").end();
  network_.visitor("::ffff:192.0.2.7").send("x").end();
  EXPECT_EQ(retrieve(), "x");
  for (std::size_t stranger = 1; stranger <= 3; ++stranger)
    EXPECT_TRUE(network_.conversation(stranger).aborted());
}

TEST_F(Active, EprtThatIsRefusedIsNotTriedAgain) {
  start([](Script& control) {
    control.expect("EPRT |1|192.0.2.1|40001|\r\n").send("500 what?\r\n");
    for (int i = 0; i < 2; ++i) retr(port(control));
  });
  for (int i = 0; i < 2; ++i) visit_one();
  EXPECT_EQ(network_.missing(), "");
}

// A NAT helper that reads PORT only.
TEST_F(Active, AServerThatCannotConnectAfterEprtIsAskedWithPort) {
  start([](Script& control) {
    retr_fails(eprt(control), "425 cannot open data connection");
    retr(port(control));
  });
  EXPECT_THROW(retrieve(), ConnectionLost);
  EXPECT_FALSE(network_.listening());
  visit_one();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(Active, DisableEprtMeansPortAtOnce) {
  context_->config.active.disable_eprt = true;
  start([](Script& control) { retr(port(control)); });
  visit_one();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(Active, OverIpv6ThereIsEprtOnly) {
  network_.set_peer("2001:db8::7");
  network_.set_local("2001:db8::1");
  context_->config.active.disable_eprt = true;
  start([](Script& control) {
    retr(control.expect("EPRT |2|2001:db8::1|40001|\r\n").send("200 ok\r\n"));
    control.expect("EPRT |2|2001:db8::1|40001|\r\n").send("500 what?\r\n");
  });
  network_.visitor("2001:db8::7").send("x").end();
  EXPECT_EQ(retrieve(), "x");
  EXPECT_EQ(failure(download(session_)), EPROTO);
  EXPECT_FALSE(network_.listening());
  EXPECT_EQ(network_.missing(), "");
}

// The zone is a name on this machine only.
TEST_F(Active, ALinkLocalAddressIsToldWithoutItsZone) {
  network_.set_peer("fe80::7%lo");
  network_.set_local("fe80::1%lo");
  start([](Script& control) { retr(control.expect("EPRT |2|fe80::1|40001|\r\n").send("200 ok\r\n")); });
  network_.visitor("fe80::7%lo").send("x").end();
  EXPECT_EQ(retrieve(), "x");
}

TEST_F(Active, TheAddressThatIsToldMayBeAnother) {
  context_->config.active.address = "198.51.100.1";
  context_->config.active.first_port = 40000;
  context_->config.active.last_port = 40100;
  start([](Script& control) {
    control.expect("EPRT |1|198.51.100.1|40001|\r\n").send("502 no\r\n");
    retr(port(control, "198,51,100,1"));
  });
  visit_one();
  EXPECT_EQ(network_.listens().back().address.to_string(), "192.0.2.1");
  EXPECT_EQ(network_.listens().back().first_port, 40000);
  EXPECT_EQ(network_.listens().back().last_port, 40100);
}

TEST_F(Active, AnAddressOfTheOtherFamilyIsRefused) {
  context_->config.active.address = "2001:db8::1";
  start([](Script&) {});
  EXPECT_EQ(failure(download(session_)), EINVAL);
  EXPECT_FALSE(network_.listening());
}

TEST_F(Active, ARefusalClosesThePort) {
  start([](Script& control) { retr_fails(eprt(control), "550 no such file"); });
  EXPECT_EQ(failure(download(session_)), EACCES);
  EXPECT_FALSE(network_.listening());
  EXPECT_TRUE(session_->reusable());
}

TEST_F(Active, ALostControlConnectionClosesThePort) {
  start([](Script& control) { eprt(control).expect("RETR /f\r\n").ending(Ending::reset); });
  EXPECT_THROW(retrieve(), ConnectionLost);
  settle(io_);
  EXPECT_FALSE(network_.listening());
}

// Not even that it is done: the file would seem to be empty.
TEST_F(Active, AServerThatNeverComesIsAnErrorWhateverItSays) {
  for (const char* words : {"226 nothing in it", "150 coming\r\n226 done"}) {
    context_->profile = ftp::ServerProfile();
    start([&](Script& control) { retr_fails(eprt(control), words); });
    EXPECT_THROW(retrieve(), ConnectionLost) << words;
    EXPECT_FALSE(network_.listening());
    EXPECT_LE(waited_, std::chrono::seconds(3));
  }
}

}  // namespace
}  // namespace ftpfs::test
