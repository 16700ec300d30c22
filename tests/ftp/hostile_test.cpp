// SPDX-License-Identifier: MIT
// Answers that no server should give, at each command in turn. Whatever they are: the operation ends within
// its deadlines, what it returns is right if it succeeds, nothing on the server is lost, and the mount goes
// on.
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {
namespace {

struct Answer {
  const char* name;
  std::string text;
};

const std::vector<Answer>& answers() {
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

class Hostile : public TlsFixture, public testing::WithParamInterface<Answer> {
 protected:
  Hostile() {
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
    for (int i = 0; i < 500 && !done; ++i) {
      run_quietly([&] { return done; });
      if (!done) clock_.advance(std::chrono::seconds(61));
    }
    EXPECT_TRUE(done) << "no deadline ended it";
    return failed;
  }

  // Until nothing happens any more, which on loopback is soon.
  void run_quietly(const std::function<bool()>& done) {
    io_.restart();
    while (!done() && io_.run_one_for(std::chrono::milliseconds(20)) > 0) {
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
  void answer(const std::string& verb) {
    server_.clear_faults();
    server_.inject({verb, Fault::Moment::received, Fault::Action::reply, GetParam().text});
  }

  // A transfer said to be done, and nobody at the data connection: its silence lasts for real, so two answers
  // of that kind are enough.
  bool is_one_silence_more(const std::string& verb) const {
    const bool silent =
        GetParam().text.starts_with('2') && (verb == "MLSD" || verb == "RETR" || verb == "STOR");
    return silent && std::string_view(GetParam().name) != "Completion" &&
           std::string_view(GetParam().name) != "Twice";
  }

  // The mount works, and all that was there is there.
  void expect_all_is_well() {
    server_.clear_faults();
    clock_.advance(std::chrono::minutes(20));  // what was learned for a while is forgotten
    settle(io_);
    EXPECT_EQ(read("/a"), "content");
    EXPECT_EQ(names("/d"), std::vector<std::string>{"inner"});
    EXPECT_EQ(tree().content("/b"), "other");
  }
};

TEST_P(Hostile, WhileLoggingIn) {
  for (const std::string verb : {"AUTH", "FEAT", "USER", "PASS", "PBSZ", "PROT", "OPTS", "TYPE", "PWD"}) {
    SCOPED_TRACE(verb);
    remote_ = make_remote(alone());
    answer(verb);
    std::optional<bool> logged_in;
    outcome(as_task(remote_->connect({})), &logged_in);
    expect_no_secret_in_clear();
    server_.clear_faults();
    mount(alone());
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileListing) {
  for (const std::string verb : {"EPSV", "MLSD", "CWD"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(alone());
    answer(verb);
    std::optional<std::vector<Entry>> entries;
    outcome(remote_->list(Path("/d"), {}), &entries);
    EXPECT_EQ(entries ? entries->size() : 1u, 1u);
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileReading) {
  for (const std::string verb : {"EPSV", "PASV", "REST", "RETR"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    ftp::FtpConfig wanted = alone();
    wanted.disable_epsv = verb == "PASV";
    mount(wanted);
    answer(verb);
    std::optional<std::string> content;
    outcome(read_file(*remote_, Path("/a"), 3), &content);
    EXPECT_EQ(content.value_or("tent"), "tent");
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileReadingInActiveMode) {
  for (const std::string verb : {"EPRT", "PORT"}) {
    SCOPED_TRACE(verb);
    ftp::FtpConfig wanted = alone();
    wanted.active.on = true;
    wanted.active.disable_eprt = verb == "PORT";
    mount(wanted);
    answer(verb);
    std::optional<std::string> content;
    outcome(read_file(*remote_, Path("/a"), 0), &content);
    EXPECT_EQ(content.value_or("content"), "content");
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileWriting) {
  for (const std::string verb : {"EPSV", "STOR", "MLST"}) {
    SCOPED_TRACE(verb);
    if (is_one_silence_more(verb)) continue;
    mount(alone());
    answer(verb);
    std::optional<Attributes> stored;
    outcome(write_file(*remote_, Path("/d/inner"), "inside!", {}), &stored);
    EXPECT_TRUE(!stored || tree().content("/d/inner") == "inside!");
    expect_all_is_well();
  }
}

TEST_P(Hostile, WhileRenaming) {
  for (const std::string verb : {"SIZE", "RNFR", "RNTO"}) {
    SCOPED_TRACE(verb);
    tree().file("/from", "from");
    tree().take("/to");
    mount(alone());
    answer(verb);
    std::optional<bool> renamed;
    outcome(as_task(remote_->rename(Path("/from"), Path("/to"), {})), &renamed);
    const bool moved = tree().exists("/to");
    EXPECT_NE(moved, tree().exists("/from"));
    EXPECT_EQ(tree().content(moved ? "/to" : "/from"), "from");
    expect_all_is_well();
  }
}

INSTANTIATE_TEST_SUITE_P(Answers, Hostile, testing::ValuesIn(answers()),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace ftpfs::test
