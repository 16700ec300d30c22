// SPDX-License-Identifier: MIT
// FtpRemote and a FakeServer that speaks TLS, with a certificate that an authority of the test has signed.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>

#include "remote_fixture.hpp"
#include "support/certificates.hpp"

namespace ftpfs::test {

// A file that lives as long as the object.
class TextFile {
 public:
  explicit TextFile(const std::string& text) : fd_(::memfd_create("text", MFD_CLOEXEC)) {
    if (::write(fd_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("memfd");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  UniqueFd fd_;
};

// Every host is the fake server's: host names can be what the certificates say.
class EveryHost final : public net::Connector {
 public:
  awaitable<std::unique_ptr<net::Stream>> connect(net::HostPort where, net::StreamLimits limits,
                                                  std::stop_token stop) override {
    where.host = "127.0.0.1";
    return network_.connect(std::move(where), limits, stop);
  }
  std::unique_ptr<net::Listener> listen(const Executor& executor,
                                        const net::ListenRequest& request) override {
    return network_.listen(executor, request);
  }

 private:
  net::SystemConnector network_;
};

class TlsFixture : public RemoteFixture {
 protected:
  explicit TlsFixture(Pace pace = Pace::one_by_one) : RemoteFixture(pace) {
    behaviour().tls.certificate = identity_.pem();
    tree().file("/a", "content");
    tree().file("/d/inner", "inside");
  }
  ~TlsFixture() override {
    remote_.reset();
    settle(io_);
  }

  ftp::FtpConfig config(ftp::TlsMode mode = ftp::TlsMode::require) const {
    ftp::FtpConfig config = RemoteFixture::config();
    config.tls = mode;
    config.tls_policy.ca_file = trusted_.path();
    return config;
  }
  void mount() { mount(config()); }
  void mount(ftp::TlsMode mode) { mount(config(mode)); }
  void mount(ftp::FtpConfig config) {
    remote_.reset();
    remote_ = make_remote(std::move(config));
    run(io_, remote_->connect({}));
    server_.take_commands();
  }
  std::unique_ptr<ftp::FtpRemote> make_remote(ftp::FtpConfig config) {
    return std::make_unique<ftp::FtpRemote>(io_.get_executor(), every_host_, clock_,
                                            make_logger(LogSink::none, spdlog::level::off),
                                            std::move(config));
  }

  // What `action` failed with.
  template <class Action>
  std::optional<Error> refusal(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error;
    }
    return std::nullopt;
  }

  // One of each kind of transfer, and that nothing is lost on the way.
  void expect_transfers() {
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    EXPECT_EQ(read("/a"), "content");
    EXPECT_EQ(read("/a", 3), "tent");
    const std::string large(1'000'000, 'x');
    for (const std::string& content : {std::string(), std::string("y"), large}) {
      EXPECT_EQ(write("/new", content).size, content.size());
      EXPECT_EQ(tree().content("/new"), content);
      EXPECT_EQ(read("/new"), content);
    }
    append("/new", "more");
    EXPECT_EQ(tree().content("/new"), large + "more");
    tree().take("/new");
  }

  // No password ever went over the wire for everybody to read.
  void expect_no_secret_in_clear() const {
    for (const std::string& line : server_.clear_commands())
      EXPECT_FALSE(line.starts_with("USER") || line.starts_with("PASS")) << line;
  }
  void expect_all_resumed() const {
    std::size_t secured = 0;
    for (const DataTls& data : server_.data_tls()) {
      if (!data.secured) continue;  // given up before
      ++secured;
      EXPECT_EQ(data.resumed_from, data.session);
    }
    EXPECT_GT(secured, 0u);
  }

  Authority authority_;
  Identity identity_ = authority_.issue({.addresses = {"127.0.0.1"}});
  TextFile trusted_{authority_.certificate()};
  EveryHost every_host_;
};

}  // namespace ftpfs::test
