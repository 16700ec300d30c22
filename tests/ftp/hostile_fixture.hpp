// SPDX-License-Identifier: MIT
// Answers that no server should give, at one command. Whatever they are: the operation ends within its
// deadlines, what it returns is right if it succeeds, nothing on the server is lost, and the mount goes on.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tls_fixture.hpp"

namespace ftpfs::test {

struct Answer {
  const char* name;
  std::string text;
  Pace pace = Pace::by_default;
};

inline const std::vector<Answer>& answers() {
  static const std::vector<Answer> all{
      {"Garbage", "this is no reply"},
      {"Nothing", "\r\n"},
      {"NulBytes", std::string("2\0\0\0", 4)},
      {"NoSuchCode", "999 what is this"},
      {"Protected", "631 c2VjcmV0"},
      {"Preliminary", "150 soon"},
      {"Waiting", "120 ready in a minute"},
      {"Completion", "200 yes"},
      {"Intermediate", "331 and now"},
      {"Farewell", "421 goodbye"},
      {"Endless", "200-this\r\n has no end"},
      {"Twice", "226 done\r\n226 and again"},
      {"OtherCodeAtTheEnd", "553-first\r\n150 last"},
      {"LongLine", "200 " + std::string(100'000, 'x')},
      {"ManyReplies", "200 one\r\n200 two\r\n200 three\r\n200 four\r\n200 five"},
      {"PortZero", "229 Entering Extended Passive Mode (|||0|)"},
      {"PortTooLarge", "229 Entering Extended Passive Mode (|||65536|)"},
      {"NoPort", "229 Entering Extended Passive Mode"},
      {"AddressTooShort", "227 Entering Passive Mode (127,0,0,1,7)"},
      {"AddressTooLarge", "227 Entering Passive Mode (1270,0,0,1,300,300)"},
      {"TelnetOption", "\xFF\xFD\x06\xFF\xFB\x01 250 done"},
  };
  return all;
}

inline void PrintTo(const Answer& answer, std::ostream* to) {
  *to << answer.name << ' ' << name_of(answer.pace);
}

// Those that may come in place of any answer: of those about ports, one.
inline std::vector<Answer> common_answers() {
  std::vector<Answer> common = answers();
  std::erase_if(common, [](const Answer& one) {
    const std::string_view name = one.name;
    return name.starts_with("Port") || name.starts_with("Address");
  });
  return common;
}

// One of each kind, where each command waits for the answer to the one before it.
inline std::vector<Answer> one_by_one() {
  const std::set<std::string_view> kinds{"Garbage",    "Nothing",      "Preliminary",
                                         "Completion", "Intermediate", "Farewell"};
  std::vector<Answer> chosen = answers();
  std::erase_if(chosen, [&](const Answer& one) { return !kinds.contains(one.name); });
  for (Answer& one : chosen) one.pace = Pace::one_by_one;
  return chosen;
}

inline std::string answer_name(const testing::TestParamInfo<Answer>& info) {
  return info.param.name;
}

class Hostile : public TlsFixture, public testing::WithParamInterface<Answer> {
 protected:
  Hostile() : TlsFixture(GetParam().pace) {
    tree().file("/b", "other");
    tree().directory("/d");
  }

  // How `task` ended: nullopt for success. Silence is answered by so much time as it takes.
  template <class T>
  std::optional<int> outcome(awaitable<T> task, std::optional<T>* result) {
    bool done = false;
    std::optional<int> failed;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
      done = true;
      try {
        if (error) std::rethrow_exception(error);
        *result = std::move(value);
      } catch (const Error& failure) {
        failed = failure.code();
      }
    });
    silences_ = 0;
    for (run_quietly(done); !done && silences_ < 500; run_quietly(done)) {
      clock_.advance(std::chrono::seconds(61));
      ++silences_;
    }
    EXPECT_TRUE(done) << "no deadline ended it";
    return failed;
  }

  // Until nothing happens any more, which on loopback is soon.
  void run_quietly(const bool& done) {
    io_.restart();
    while (!done && io_.run_one_for(std::chrono::milliseconds(20)) > 0) {
    }
  }

  static awaitable<bool> as_task(awaitable<void> task) {
    co_await std::move(task);
    co_return true;
  }

  ftp::FtpConfig alone() const {
    ftp::FtpConfig wanted = config();
    wanted.max_conns = 1;
    wanted.timeout = std::chrono::seconds(1);
    return wanted;
  }
  // Where TLS makes no difference but for the time it takes.
  ftp::FtpConfig in_clear() const {
    ftp::FtpConfig wanted = alone();
    wanted.tls = ftp::TlsMode::off;
    return wanted;
  }
  void answer(const std::string& verb) {
    server_.clear_faults();
    server_.inject({verb, Fault::Moment::received, Fault::Action::reply, GetParam().text});
  }

  // A transfer said to be done, and nobody at the data connection: its silence lasts for real, so two answers
  // of that kind are enough.
  static bool is_transfer(std::string_view verb) {
    return verb == "MLSD" || verb == "LIST" || verb == "RETR" || verb == "STOR" || verb == "APPE";
  }
  bool is_one_silence_more(const std::string& verb) const {
    return GetParam().text.starts_with('2') && is_transfer(verb) &&
           std::string_view(GetParam().name) != "Completion" && std::string_view(GetParam().name) != "Twice";
  }

  // One wrong answer is worth one time-out, perhaps two: nobody waits longer. A silent data connection ends
  // in real time, while so many minutes of the manual clock pass.
  void expect_soon(const std::string& verb, int most = 3) {
    constexpr int while_data_is_awaited = 60;
    EXPECT_LE(silences_, most + (is_transfer(verb) ? while_data_is_awaited : 0)) << "minutes";
  }
  // A server that says "done" is believed, whatever it has done.
  bool says_done() const {
    const std::string_view text = GetParam().text;
    return text.starts_with("20") || text.starts_with("226") || text.ends_with("250 done");
  }

  void expect_answered() {
    EXPECT_EQ(server_.faults_left(), 0u) << "the answer was not given";
    server_.clear_faults();
  }

  // The mount works, and all that was there is there.
  void expect_all_is_well() {
    expect_answered();
    for (int step = 0; step < 3;
         ++step) {  // what was learned for a while is forgotten, sessions in doubt are given up
      clock_.advance(std::chrono::minutes(10));
      settle(io_);
    }
    EXPECT_EQ(read("/a"), "content");
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    EXPECT_EQ(tree().content("/b"), "other");
  }

  int silences_ = 0;  // that the last outcome() had to wait out, a minute each
};

}  // namespace ftpfs::test
