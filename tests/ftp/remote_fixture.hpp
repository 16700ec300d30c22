// SPDX-License-Identifier: MIT
// FtpRemote and a FakeServer on one io_context, over real sockets. Reply time-outs follow a ManualClock, so a
// slow machine never turns a test into a time-out; only silence on data connections is real time.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/ftp/ftp_remote.hpp>
#include <ftpfs/net/connector.hpp>

#include "support/fake_server/fake_server.hpp"
#include "support/local_file.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"

namespace ftpfs::test {

inline awaitable<std::string> read_to_end(std::unique_ptr<Source> source) {
  std::string content;
  std::string chunk(4096, '\0');
  const MutableBytes into = std::as_writable_bytes(std::span(chunk));
  for (;;) {
    const std::size_t size = co_await source->read_some(into);
    if (size == 0) co_return content;
    content.append(chunk, 0, size);
  }
}

inline awaitable<std::string> read_file(Remote& remote, Path path, std::uint64_t offset) {
  const std::stop_token never;
  auto source = co_await remote.open_source(path, offset, never);
  co_return co_await read_to_end(std::move(source));
}

inline awaitable<Attributes> write_file(Remote& remote, Path path, std::string content, SinkRequest request) {
  const std::stop_token never;
  const auto sink = co_await remote.open_sink(path, request, never);
  const LocalFile file(content);
  if (!content.empty()) co_await sink->write(file.fd(), 0, content.size());
  co_return co_await sink->commit();
}

inline std::string text_of(const Fault& fault) {
  constexpr const char* moments[] = {"received", "done", "replying", "replied", "data"};
  constexpr const char* actions[] = {"close", "reset", "stall", "reply",  "drip",
                                     "flood", "act",   "extra", "garble", "alert"};
  return fault.verb + " " + moments[static_cast<int>(fault.moment)] + " " +
         actions[static_cast<int>(fault.action)] + " " + fault.reply;
}

// How commands go out: as the product's defaults have it, several in one trip and data connections ahead of
// their use, or each when the one before it is answered.
enum class Pace { by_default, one_by_one };

inline std::string name_of(Pace pace) {
  return pace == Pace::by_default ? "ByDefault" : "OneByOne";
}

inline void PrintTo(Pace pace, std::ostream* to) {
  *to << name_of(pace);
}

class RemoteFixture : public testing::Test {
 protected:
  explicit RemoteFixture(Pace pace = Pace::one_by_one) : pace_(pace) {
    ::signal(SIGPIPE, SIG_IGN);  // as the program does
  }
  ~RemoteFixture() override {
    remote_.reset();
    settle(io_);
  }

  // No test rests on a fault that was not committed.
  void TearDown() override {
    if (may_be_in_vain_) return;
    for (const Fault& fault : server_.faults_in_vain()) ADD_FAILURE() << "in vain: " << text_of(fault);
  }

  ftp::FtpConfig config() const {
    ftp::FtpConfig config;
    config.host = "127.0.0.1";
    config.port = server_.port();
    config.user = server_behaviour().user;
    config.tls = ftp::TlsMode::off;  // tests of TLS choose their own
    config.pipelining = config.prime = pace_ == Pace::by_default;
    config.settle_time = {};  // tests of late commands have some
    config.password = server_behaviour().password;
    return config;
  }

  // A new mount of the server, logged in; commands before this are forgotten.
  void mount() { mount(config()); }
  void mount(ftp::FtpConfig config) {
    remote_.reset();
    remote_ =
        std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                         make_logger(LogSink::none, spdlog::level::off), std::move(config));
    run(io_, remote_->connect({}));
    server_.take_commands();
  }

  std::optional<Attributes> stat(std::string_view path) { return run(io_, remote_->stat(Path(path), {})); }
  std::vector<Entry> list(std::string_view path) { return run(io_, remote_->list(Path(path), {})); }
  std::vector<std::string> names(std::string_view path) {
    std::vector<std::string> names;
    for (const Entry& entry : list(path)) names.push_back(entry.name);
    return names;
  }
  std::string read(std::string_view path, std::uint64_t offset = 0) {
    return run(io_, read_file(*remote_, Path(path), offset));
  }
  Attributes write(std::string_view path, std::string content) {
    return run(io_, write_file(*remote_, Path(path), std::move(content), {}));
  }
  Attributes append(std::string_view path, std::string content) {
    SinkRequest request;
    request.mode = SinkRequest::Mode::append;
    return run(io_, write_file(*remote_, Path(path), std::move(content), request));
  }
  void mkdir(std::string_view path) { run(io_, remote_->make_directory(Path(path), {})); }
  void unlink(std::string_view path) { run(io_, remote_->remove_file(Path(path), {})); }
  void rmdir(std::string_view path) { run(io_, remote_->remove_directory(Path(path), {})); }
  void rename(std::string_view from, std::string_view to) {
    run(io_, remote_->rename(Path(from), Path(to), {}));
  }
  void set_mtime(std::string_view path, std::int64_t seconds) {
    run(io_, remote_->set_mtime(Path(path), seconds, {}));
  }
  void set_mode(std::string_view path, std::uint16_t mode) {
    run(io_, remote_->set_mode(Path(path), mode, {}));
  }

  // The errno that `action` fails with; 0: it did not.
  template <class Action>
  int failure(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error.code();
    }
    return 0;
  }

  // Runs `task` while `faults` more faults strike the server, each followed by so much time that whoever
  // waits for a reply gives up. For stalls: the clock moves only after the fault is there.
  template <class T>
  std::optional<int> run_through_stalls(awaitable<T> task, std::size_t faults,
                                        std::chrono::seconds patience) {
    std::optional<int> code;
    const auto finish = [&code](std::exception_ptr error) {
      code = 0;
      try {
        if (error) std::rethrow_exception(error);
      } catch (const Error& failure) {
        code = failure.code();
      }
    };
    const std::size_t before = server_.faults_fired();
    if constexpr (std::is_void_v<T>) {
      asio::co_spawn(io_, std::move(task), finish);
    } else {
      asio::co_spawn(io_, std::move(task), [finish](std::exception_ptr error, T) { finish(error); });
    }
    for (std::size_t fault = 1; fault <= faults && !code; ++fault) {
      run_until(io_, [&] { return code || server_.faults_fired() >= before + fault; });
      settle(io_);
      if (!code) clock_.advance(patience);
    }
    run_until(io_, [&] { return code.has_value(); });
    return code;
  }

  Tree& tree() { return server_.tree(); }
  Behaviour& behaviour() { return server_.behaviour(); }
  const Behaviour& server_behaviour() const { return const_cast<FakeServer&>(server_).behaviour(); }

  const Pace pace_;
  bool may_be_in_vain_ = false;  // the faults: whether they are committed is what the test is about
  asio::io_context io_;
  ManualClock clock_;
  FakeServer server_{io_};
  net::SystemConnector connector_;
  std::unique_ptr<ftp::FtpRemote> remote_;
};

}  // namespace ftpfs::test
