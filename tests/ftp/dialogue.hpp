// SPDX-License-Identifier: MIT
// Fixture for everything that talks over a ScriptedNetwork. Time is a ManualClock that play() moves on by
// itself when nothing else can happen, so even an hour of silence is over at once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include <ftpfs/ftp/context.hpp>
#include <ftpfs/ftp/session.hpp>

#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/scripted_stream.hpp"

namespace ftpfs::test {

class Dialogue : public testing::Test {
 protected:
  Dialogue() { context_ = new_context(); }

  static ftp::FtpConfig config() {
    ftp::FtpConfig config;
    config.host = "ftp.example.org";
    config.user = "joe";
    config.tls = ftp::TlsMode::off;            // tests of TLS choose their own
    config.pipelining = config.prime = false;  // so do those of several commands at once
    config.password = "secret";
    return config;
  }

  // A mount that knows nothing about its server yet.
  std::shared_ptr<ftp::SessionContext> new_context() {
    return std::make_shared<ftp::SessionContext>(io_.get_executor(), network_, clock_,
                                                 make_logger(LogSink::none, spdlog::level::off), config());
  }

  // The greeting and the log-in of a first session, as 15 steps.
  static Script& log_in(Script& script) {
    return script.send("220 ready\r\n")
        .expect("USER joe\r\n")
        .send("331 password?\r\n")
        .expect("PASS secret\r\n")
        .send("230 welcome\r\n")
        .expect("FEAT\r\n")
        .send("211-Features\r\n UTF8\r\n MLST type*;size*;modify*;\r\n REST STREAM\r\n211 End\r\n")
        .expect("OPTS UTF8 ON\r\n")
        .send("200 ok\r\n")
        .expect("TYPE I\r\n")
        .send("200 ok\r\n")
        .expect("PWD\r\n")
        .send("257 \"/home/joe\" is here\r\n");
  }

  std::shared_ptr<ftp::Session> open_session() { return play(ftp::Session::open(context_, {})); }

  // Runs to the end, letting time pass whenever everything waits.
  template <class T>
  T play(awaitable<T> task) {
    bool done = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
      asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error) {
        failure = error;
        done = true;
      });
      let_time_pass(done);
      if (failure) std::rethrow_exception(failure);
    } else {
      std::optional<T> result;
      asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
        failure = error;
        if (!error) result.emplace(std::move(value));
        done = true;
      });
      let_time_pass(done);
      if (failure) std::rethrow_exception(failure);
      return std::move(*result);
    }
  }

  // The errno it fails with; 0 when it succeeds.
  template <class T>
  int failure(awaitable<T> task) {
    try {
      play(std::move(task));
    } catch (const Error& error) {
      return error.code();
    }
    return 0;
  }

  asio::io_context io_;
  ManualClock clock_;
  ScriptedNetwork network_;
  std::shared_ptr<ftp::SessionContext> context_;
  Clock::duration waited_{};  // what the last play() let pass

 private:
  void let_time_pass(const bool& done) {
    waited_ = {};
    settle(io_);
    while (!done && waited_ < std::chrono::hours(1)) {
      waited_ += std::chrono::milliseconds(250);
      clock_.advance(std::chrono::milliseconds(250));
      settle(io_);
    }
    if (!done) throw std::runtime_error("hang: an hour has passed");
  }
};

// Names for parametrised tests.
inline std::string name_of(Ending ending) {
  constexpr const char* names[] = {"closed", "reset", "timed_out", "silence"};
  return names[static_cast<int>(ending)];
}

inline constexpr Ending all_endings[] = {Ending::closed, Ending::reset, Ending::timed_out, Ending::silence};

}  // namespace ftpfs::test
