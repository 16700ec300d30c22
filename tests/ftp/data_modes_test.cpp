// SPDX-License-Identifier: MIT
// Whole operations over each kind of data connection.
#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

class DataModes : public RemoteFixture {
 protected:
  // List, read, write: each opens data connections.
  void work() {
    tree().file("/a", "hello");
    EXPECT_EQ(names("/"), std::vector<std::string>{"a"});
    EXPECT_EQ(read("/a"), "hello");
    write("/b", "bye");
    EXPECT_EQ(tree().find("/b")->content, "bye");
  }
  bool sent(const std::string& verb) const {
    return std::ranges::any_of(server_.commands(),
                               [&](const std::string& command) { return command.starts_with(verb); });
  }
  ftp::FtpConfig active() const {
    ftp::FtpConfig settings = config();
    settings.active.on = true;
    return settings;
  }
};

TEST_F(DataModes, ActiveByEprt) {
  mount(active());
  work();
  EXPECT_TRUE(sent("EPRT |1|127.0.0.1|"));
  EXPECT_FALSE(sent("PORT") || sent("EPSV") || sent("PASV"));
}

TEST_F(DataModes, ActiveByPort) {
  behaviour().eprt = false;
  mount(active());
  work();
  EXPECT_TRUE(sent("PORT 127,0,0,1,"));
}

TEST_F(DataModes, ActiveInARangeOfPorts) {
  ftp::FtpConfig settings = active();
  settings.active.first_port = 42000;
  settings.active.last_port = 42100;
  mount(settings);
  work();
  EXPECT_TRUE(sent("EPRT |1|127.0.0.1|420") || sent("EPRT |1|127.0.0.1|42100"));
}

TEST_F(DataModes, ActiveWithAStrangerAtThePort) {
  behaviour().stranger_first = true;
  mount(active());
  work();
}

TEST_F(DataModes, ActiveBehindAFirewallIsAnError) {
  mount(active());
  behaviour().cannot_connect = true;
  EXPECT_EQ(failure([&] { list("/"); }), EIO);
}

class DataModesIpv6 : public testing::Test {
 protected:
  void SetUp() override {
    try {
      server_.emplace(io_, Behaviour(), asio::ip::address_v6::loopback());
    } catch (const boost::system::system_error&) {
      GTEST_SKIP() << "no IPv6 here";
    }
  }
  void work(bool active) {
    ftp::FtpConfig config;
    config.host = "::1";
    config.port = server_->port();
    config.user = server_->behaviour().user;
    config.password = server_->behaviour().password;
    config.active.on = active;
    server_->tree().file("/a", "hello");
    ftp::FtpRemote remote(io_.get_executor(), connector_, clock_,
                          make_logger(LogSink::none, spdlog::level::off), std::move(config));
    run(io_, remote.connect({}));
    EXPECT_EQ(run(io_, read_file(remote, Path("/a"), 0)), "hello");
    run(io_, remote.close());
  }
  bool sent(const std::string& verb) const {
    return std::ranges::any_of(server_->commands(),
                               [&](const std::string& command) { return command.starts_with(verb); });
  }

  asio::io_context io_;
  ManualClock clock_;
  net::SystemConnector connector_;
  std::optional<FakeServer> server_;
};

TEST_F(DataModesIpv6, Passive) {
  work(false);
  EXPECT_TRUE(sent("EPSV"));
  EXPECT_FALSE(sent("PASV"));
}

TEST_F(DataModesIpv6, Active) {
  work(true);
  EXPECT_TRUE(sent("EPRT |2|::1|"));
  EXPECT_FALSE(sent("PORT"));
}

}  // namespace
}  // namespace ftpfs::test
