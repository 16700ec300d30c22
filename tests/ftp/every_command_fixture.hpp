// SPDX-License-Identifier: MIT
// F3, whole: the control connection dies at each command of the protocol that we use, by FIN and by RST,
// before the command has an effect, after it, and after its reply; in clear and in TLS. Whoever called hears
// nothing of it, and what has an effect has it once.
#pragma once

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tls_fixture.hpp"

namespace ftpfs::test {

// A mount as its defaults have it, just begun; one whose transfers follow one another, so that the next data
// connection is there before anybody asks for it; one in TLS; and one that sends each command alone.
struct Scene {
  std::string name;
  Pace pace = Pace::by_default;
  bool tls = false;
  bool going = false;
};

inline void PrintTo(const Scene& scene, std::ostream* to) {
  *to << scene.name;
}

inline std::string scene_name(const testing::TestParamInfo<Scene>& info) {
  return info.param.name;
}

class EveryCommand : public TlsFixture, public testing::WithParamInterface<Scene> {
 protected:
  using Action = Fault::Action;
  using Moment = Fault::Moment;

  struct Step {
    std::string verb;
    std::function<void()> call = [] {};  // throws when the caller hears of it
    std::function<bool()> holds = [] { return true; };
    std::function<void(Behaviour&)> server = [](Behaviour&) {};
    bool once = false;         // a second time would be another effect
    bool active = false;       // the server connects to us
    bool may_be_late = false;  // an upload is in doubt: for the caller to send again, under another name
  };

  EveryCommand() : TlsFixture(GetParam().pace) {}

  static void old(Behaviour& server) { server.mlst = false; }
  static void vsftpd(Behaviour& server) {
    server.greeting = "220 (vsFTPd 3.0.5)";
    server.mlst = server.mfmt = false;
    server.list_missing_is_empty = server.terse = server.stat_lists = server.mdtm_sets = true;
  }
  // One that has no STAT like that, and is asked everything else in the same way.
  static void vsftpd_without_status(Behaviour& server) {
    vsftpd(server);
    server.stat_lists = false;
  }

  bool in_rows() const { return GetParam().pace == Pace::by_default; }
  ftp::FtpConfig settings() const {
    ftp::FtpConfig chosen = config(GetParam().tls ? ftp::TlsMode::require : ftp::TlsMode::off);
    chosen.account = server_behaviour().account;
    return chosen;
  }

  void prepare(const Step& step) {
    remote_.reset();
    settle(io_);
    behaviour() = Behaviour();
    behaviour().tls.certificate = identity_.pem();
    step.server(behaviour());
    for (const char* path : {"/made", "/moved", "/new", "/link"}) tree().take(path);
    tree().file("/a", "content");
    tree().file("/victim", "v");
    tree().directory("/empty");
    ftp::FtpConfig chosen = settings();
    chosen.active.on = step.active;
    mount(std::move(chosen));
    if (!GetParam().going) return;
    for (int i = 0; i < 2; ++i) EXPECT_EQ(read("/a"), "content");
    settle(io_);
    server_.take_commands();
  }

  void expect_unnoticed(const std::vector<Step>& steps, const std::vector<Moment>& moments) {
    for (const Step& step : steps) {
      for (const Moment moment : moments) {
        for (const Action action : {Action::close, Action::reset}) {
          SCOPED_TRACE(text_of({step.verb, moment, action}));
          expect_unnoticed(step, {step.verb, moment, action});
        }
      }
    }
  }

  void expect_unnoticed(const Step& step, const Fault& fault) {
    prepare(step);
    server_.inject(fault);
    const bool is_late = step.may_be_late && fault.moment == Moment::received;
    if (is_late) {
      EXPECT_EQ(failure(step.call), EIO);
    }
    EXPECT_EQ(failure(step.call), 0);
    run_until(io_, [&] { return server_.faults_left() == 0; });  // it may be a command that nobody waits for
    EXPECT_TRUE(step.holds());
    const bool sent_again = times(step.verb) > 1;
    EXPECT_TRUE(!step.once || sent_again == (fault.moment == Moment::received));
    EXPECT_EQ(stat("/a").value().kind, Kind::file);
    EXPECT_THAT(names("/d"), testing::ElementsAre("inner"));
    EXPECT_EQ(read("/a", 1), tree().content("/a").substr(1));
  }

  std::size_t times(const std::string& verb) const {
    return std::ranges::count_if(server_.commands(),
                                 [&](const std::string& line) { return line.starts_with(verb); });
  }
  bool gone(const char* path) { return !tree().exists(path); }
  bool holds(const char* path, const std::string& content) {
    return tree().exists(path) && tree().content(path) == content;
  }

  const std::vector<Moment> all_moments_{Moment::received, Moment::done, Moment::replied};
};

}  // namespace ftpfs::test
