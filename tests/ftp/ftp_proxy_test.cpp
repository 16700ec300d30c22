// SPDX-License-Identifier: MIT
// An FTP server that logs in elsewhere on our behalf.
#include <cerrno>

#include <gmock/gmock.h>

#include "dialogue.hpp"

namespace ftpfs::test {
namespace {

class FtpProxyTest : public Dialogue {
 protected:
  FtpProxyTest() {
    context_->config.proxy = ftp::FtpProxy{{"proxy.example.org", 2121}, {}, {}};
    context_->profile.greeted = true;         // spares FEAT and PWD
    context_->profile.features.known = true;  // and the question whether there is UTF-8 all the same
  }
  static Script& set_up(Script& script) { return script.expect("TYPE I\r\n").send("200 ok\r\n"); }
};

TEST_F(FtpProxyTest, IsToldWhereToGo) {
  set_up(network_.connection()
             .send("220 proxy\r\n")
             .expect("USER joe@ftp.example.org\r\n")
             .send("331-220 ftp.example.org ready\r\n331 password?\r\n")
             .expect("PASS secret\r\n")
             .send("230 welcome\r\n"));
  open_session();
  EXPECT_EQ(network_.connects().back(), (net::HostPort{"proxy.example.org", 2121}));
  EXPECT_EQ(network_.missing(), "");
}

// It answers some commands by itself, before the server's reply to those in front of them (Proxy-Suite).
TEST_F(FtpProxyTest, IsAskedOneThingAfterTheOther) {
  context_->config.pipelining = true;
  set_up(network_.connection()
             .send("220 proxy\r\n")
             .expect("USER joe@ftp.example.org\r\n")
             .send("230 welcome\r\n"));
  open_session();
  EXPECT_EQ(context_->profile.pipelining, ftp::Support::no);
}

TEST_F(FtpProxyTest, OtherPortsAndAddressesAreSpelledOut) {
  context_->config.host = "2001:db8::7";
  context_->config.port = 2100;
  set_up(network_.connection()
             .send("220 proxy\r\n")
             .expect("USER joe@[2001:db8::7]:2100\r\n")
             .send("230 welcome\r\n"));
  open_session();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(FtpProxyTest, MayWantALogInOfItsOwn) {
  context_->config.proxy->user = "clerk";
  context_->config.proxy->password = "pw";
  set_up(network_.connection()
             .send("220 proxy\r\n")
             .expect("USER clerk\r\n")
             .send("331 password?\r\n")
             .expect("PASS pw\r\n")
             .send("230 where to?\r\n")
             .expect("USER joe@ftp.example.org\r\n")
             .send("331 password?\r\n")
             .expect("PASS secret\r\n")
             .send("230 welcome\r\n"));
  open_session();
  EXPECT_EQ(network_.missing(), "");
}

TEST_F(FtpProxyTest, WhoRefusesTheLogInIsTold) {
  context_->config.proxy->user = "clerk";
  network_.connection().send("220 proxy\r\n").expect("USER clerk\r\n").send("530 who?\r\n");
  try {
    open_session();
    FAIL() << "logged in";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), EACCES);
    EXPECT_STREQ(error.what(), "login at the proxy as clerk refused");
    EXPECT_EQ(error.server_said(), "530 who?");
  }
}

// The name may not smuggle a command to the proxy.
TEST_F(FtpProxyTest, AHostWithALineBreakIsNotSent) {
  context_->config.host = "h\r\nDELE x";
  network_.connection().send("220 proxy\r\n");
  EXPECT_EQ(failure(ftp::Session::open(context_, {})), EINVAL);
}

}  // namespace
}  // namespace ftpfs::test
