// SPDX-License-Identifier: MIT
// Names: the character sets of both sides, servers that fold case, and servers that give things other names
// than they were asked for.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class Charsets : public RemoteFixture {
 protected:
  void mount_with(const std::string& codepage, const std::string& iocharset = "UTF-8") {
    ftp::FtpConfig wanted = config();
    wanted.codepage = codepage;
    wanted.iocharset = iocharset;
    mount(wanted);
  }
};

// What is listed can be opened, renamed, removed - whatever its bytes mean.
TEST_F(Charsets, OfTheServerAreTranslated) {
  tree().file(
      "/gr\xFC\xDF"
      "e",
      "hello");
  tree().symlink("/link",
                 "gr\xFC\xDF"
                 "e");
  mount_with("ISO-8859-1");
  EXPECT_THAT(names("/"), UnorderedElementsAre("grüße", "link"));
  EXPECT_EQ(list("/").back().link_target, "grüße");
  EXPECT_EQ(read("/grüße"), "hello");
  EXPECT_EQ(stat("/grüße")->size, 5u);
  rename("/grüße", "/ärger");
  EXPECT_EQ(tree().content("/\xE4rger"), "hello");
  mkdir("/größe");
  write("/größe/ÿ", "y");
  EXPECT_EQ(tree().content("/gr\xF6\xDF"
                           "e/\xFF"),
            "y");
  unlink("/ärger");
  EXPECT_FALSE(tree().exists("/\xE4rger"));
}

TEST_F(Charsets, NamesThatMeanNothingGoBackAsTheyCame) {
  const std::string odd = "/\xFF\x81 odd";
  tree().file(odd, "bytes");
  tree().file("/\\xFF\\x81 odd", "letters");  // what the other one is shown as
  mount_with("GBK");
  EXPECT_THAT(names("/"), UnorderedElementsAre("\\xFF\\x81 odd", "\\x5CxFF\\x5Cx81 odd"));
  EXPECT_EQ(read("/\\xFF\\x81 odd"), "bytes");
  EXPECT_EQ(read("/\\x5CxFF\\x5Cx81 odd"), "letters");
  write("/\\xFF\\x81 odd", "new");
  EXPECT_EQ(tree().content(odd), "new");
  rename("/\\xFF\\x81 odd", "/\\xFF");
  EXPECT_EQ(tree().content("/\xFF"), "new");
  unlink("/\\xFF");
  EXPECT_FALSE(tree().exists("/\xFF"));
  EXPECT_TRUE(tree().exists("/\\xFF\\x81 odd"));
}

TEST_F(Charsets, ANameTheServerCannotHaveIsNotThereAndCannotBeMade) {
  mount_with("ISO-8859-1");
  server_.take_commands();
  EXPECT_FALSE(stat("/日本"));
  EXPECT_EQ(failure([&] { read("/日本"); }), ENOENT);
  EXPECT_EQ(failure([&] { list("/日本"); }), ENOENT);
  EXPECT_EQ(failure([&] { write("/日本", "x"); }), EILSEQ);
  EXPECT_EQ(failure([&] { mkdir("/日本"); }), EILSEQ);
  EXPECT_EQ(failure([&] { mkdir("/\\xE4"); }), EILSEQ);
  EXPECT_THAT(server_.commands(), IsEmpty());
}

TEST_F(Charsets, OfThisSideAreTranslatedToo) {
  tree().file("/\xC3\xA4", "utf-8");
  mount_with("", "ISO-8859-1");  // the server says that it speaks UTF-8
  EXPECT_THAT(names("/"), ElementsAre("\xE4"));
  EXPECT_EQ(read("/\xE4"), "utf-8");
}

TEST_F(Charsets, BytesPassUnchangedWhereNothingIsKnown) {
  behaviour().utf8 = false;
  tree().file("/\xE4\xFF", "x");
  mount_with("", "ISO-8859-15");
  EXPECT_THAT(names("/"), ElementsAre("\xE4\xFF"));
  EXPECT_EQ(read("/\xE4\xFF"), "x");
}

TEST_F(Charsets, OfTheMountedDirectory) {
  tree().file("/\xE4/file", "x");
  ftp::FtpConfig wanted = config();
  wanted.codepage = "ISO-8859-1";
  wanted.directory = "/ä";
  mount(wanted);
  EXPECT_EQ(read("/file"), "x");
}

TEST_F(Charsets, NamesTooLongForThisSideAreLeftOut) {
  tree().file("/" + std::string(200, '\xE4'), "400 bytes of UTF-8");
  tree().file("/short", "");
  mount_with("ISO-8859-1");
  EXPECT_THAT(names("/"), ElementsAre("short"));
}

class Utf8 : public RemoteFixture {
 protected:
  std::vector<std::string> log_in(ftp::FtpConfig wanted) {
    server_.take_commands();
    remote_ =
        std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                         make_logger(LogSink::none, spdlog::level::off), std::move(wanted));
    run(io_, remote_->connect({}));
    return server_.take_commands();
  }
};

TEST_F(Utf8, IsAskedForWhereItIsListed) {
  EXPECT_THAT(log_in(config()), Contains("OPTS UTF8 ON"));
  behaviour().utf8 = false;
  EXPECT_THAT(log_in(config()), Not(Contains("OPTS UTF8 ON")));
}

// RaidenFTPd, G6 (KDE kio, merge request 2173).
TEST_F(Utf8, ServersThatWantToKnowTheClientAreToldFirstInEachSession) {
  behaviour().clnt = behaviour().utf8_wants_clnt = true;
  const auto commands = log_in(config());
  const auto clnt =
      std::ranges::find_if(commands, [](const std::string& c) { return c.starts_with("CLNT ftpfs "); });
  const auto opts = std::ranges::find(commands, "OPTS UTF8 ON");
  EXPECT_LT(clnt, opts);
  EXPECT_NE(opts, commands.end());
  tree().file("/big", std::string(20'000'000, 'b'));
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  stat("/big");
  EXPECT_THAT(server_.commands_of(1), IsSupersetOf({"CLNT ftpfs " FTPFS_VERSION, "OPTS UTF8 ON"}));
}

// pure-ftpd: "504 Unknown command", and yet it is UTF-8.
TEST_F(Utf8, ARefusedOptionChangesNothingWhereFeatListsUtf8) {
  behaviour().replies["OPTS"] = "504 Unknown command";
  tree().file("/\xC3\xA4", "x");
  ftp::FtpConfig wanted = config();
  wanted.iocharset = "ISO-8859-1";
  log_in(wanted);
  EXPECT_THAT(names("/"), ElementsAre("\xE4"));
}

TEST_F(Utf8, AServerWithoutFeatIsAskedOnce) {
  behaviour().feat = behaviour().utf8 = false;
  EXPECT_THAT(log_in(config()), Contains("OPTS UTF8 ON"));
  tree().file("/big", std::string(20'000'000, 'b'));
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  stat("/big");
  EXPECT_THAT(server_.commands_of(1), Not(Contains("OPTS UTF8 ON")));
}

// IIS speaks its code page until it is asked for UTF-8.
TEST_F(Utf8, IsNotAskedForWhenTheUserNamesAnotherCharacterSet) {
  ftp::FtpConfig wanted = config();
  wanted.codepage = "GBK";
  EXPECT_THAT(log_in(wanted), Not(Contains("OPTS UTF8 ON")));
  wanted.codepage = "UTF-8";
  behaviour().utf8 = false;
  EXPECT_THAT(log_in(wanted), Contains("OPTS UTF8 ON"));
  wanted.ask_for_utf8 = false;
  EXPECT_THAT(log_in(wanted), Not(Contains("OPTS UTF8 ON")));
}

class KeptNames : public RemoteFixture {
 protected:
  KeptNames() { tree().file("/report", "precious"); }

  template <class Operation>
  std::size_t sent(Operation operation) {
    server_.take_commands();
    operation();
    return server_.take_commands().size();
  }
  std::vector<std::string> on_server() {
    std::vector<std::string> names;
    for (const auto& [name, node] : tree().find("/")->children) names.push_back(name);
    return names;
  }
};

// pure-ftpd 1.0.50
TEST_F(KeptNames, ATrimmedNameNeverHitsAnotherFile) {
  behaviour().trims_blanks = true;
  mount();
  EXPECT_FALSE(stat("/report "));
  EXPECT_EQ(failure([&] { write("/report ", "worthless"); }), EINVAL);
  EXPECT_EQ(failure([&] { unlink("/report "); }), EINVAL);
  EXPECT_EQ(failure([&] { rename("/report ", "/x"); }), EINVAL);
  EXPECT_EQ(failure([&] { rename("/report", "/report "); }), EINVAL);
  EXPECT_EQ(failure([&] { read("/report "); }), EINVAL);
  EXPECT_EQ(failure([&] { mkdir("/new "); }), EINVAL);
  EXPECT_EQ(tree().content("/report"), "precious");
  EXPECT_THAT(on_server(), ElementsAre("report"));
}

TEST_F(KeptNames, AreProvenOnceAMountAndTrait) {
  mount();
  EXPECT_GT(sent([&] { mkdir("/blank "); }), 1u);
  EXPECT_EQ(sent([&] { mkdir("/another "); }), 1u);
  EXPECT_EQ(sent([&] { rmdir("/another "); }), 1u);
  EXPECT_GT(sent([&] { mkdir("/a:b"); }), 1u);
  EXPECT_EQ(sent([&] { mkdir("/c:d"); }), 1u);
  EXPECT_EQ(sent([&] { mkdir("/plain"); }), 1u);
  EXPECT_THAT(on_server(), ElementsAre("a:b", "blank ", "c:d", "plain", "report"));
}

TEST_F(KeptNames, CapitalsAreProvenByAnyListing) {
  tree().file("/README", "");
  mount();
  list("/");
  EXPECT_EQ(sent([&] { mkdir("/Upper"); }), 1u);
}

TEST_F(KeptNames, AServerThatReplacesSignsIsFoundOut) {
  behaviour().new_names = Behaviour::Rewrites::signs;
  mount();
  EXPECT_EQ(failure([&] { write("/what?", "x"); }), EINVAL);
  EXPECT_EQ(failure([&] { rename("/report", "/a:b"); }), EINVAL);
  EXPECT_EQ(tree().content("/report"), "precious");
  write("/fine", "x");
  EXPECT_THAT(on_server(), ElementsAre("fine", "report"));
}

TEST_F(KeptNames, NoTraceOfTheQuestionIsLeftWhateverTheServerMakesOfIt) {
  behaviour().new_names = Behaviour::Rewrites::upper_case;
  behaviour().folds_case = true;
  mount();
  EXPECT_EQ(failure([&] { mkdir("/a:b"); }), EINVAL);
  EXPECT_THAT(on_server(), ElementsAre("report"));
}

TEST_F(KeptNames, TheQuestionIsNotAskedFromADirectoryThatIsGone) {
  behaviour().dies_out_of_place = true;
  tree().directory("/two words");
  mount();
  names("/two words");  // by CWD: the blank may be misread
  rmdir("/two words");
  write("/a:b", "x");
  EXPECT_THAT(on_server(), ElementsAre("a:b", "report"));
}

// proftpd 1.3.8: "550 Invalid directory name" for a directory with a `*`; a file may have one.
TEST_F(KeptNames, ARefusalIsNoReasonNotToTry) {
  behaviour().replies["MKD"] = "550 Invalid directory name.";
  mount();
  write("/star*", "x");
  EXPECT_EQ(tree().content("/star*"), "x");
}

// Where it cannot be found out whether the blank is kept, the file without it is not to be risked.
TEST_F(KeptNames, AnUnansweredQuestionIsAReasonNotToTryWhereAnotherFileMayBeHit) {
  behaviour().trims_blanks = true;
  const std::vector<std::pair<std::vector<std::string>, std::string>> refusals{
      {{"MKD"}, "550 Permission denied."}, {{"MLSD", "LIST"}, "451 Local error."}};
  for (const auto& [verbs, reply] : refusals) {
    SCOPED_TRACE(verbs[0]);
    mount();
    for (const std::string& verb : verbs) behaviour().replies[verb] = reply;
    EXPECT_EQ(failure([&] { write("/report ", "x"); }), EINVAL);
    EXPECT_EQ(failure([&] { unlink("/report "); }), EINVAL);
    EXPECT_EQ(failure([&] { rename("/report ", "/x"); }), EINVAL);
    write("/star*", "x");
    behaviour().replies.clear();
    EXPECT_EQ(tree().content("/report"), "precious");
    EXPECT_EQ(tree().content("/star*"), "x");
    EXPECT_THAT(on_server(), ElementsAre("report", "star*"));
  }
}

TEST_F(KeptNames, AnUnansweredQuestionIsAskedAgain) {
  mount();
  behaviour().replies["MKD"] = "550 Permission denied.";
  EXPECT_EQ(failure([&] { write("/report ", "x"); }), EINVAL);
  behaviour().replies.clear();
  write("/report ", "x");
  EXPECT_THAT(on_server(), ElementsAre("report", "report "));
}

TEST_F(KeptNames, AFileStoredUnderAnotherNameIsAnError) {
  mount();
  list("/");
  stat("/report");
  behaviour().new_names = Behaviour::Rewrites::upper_case;
  EXPECT_EQ(failure([&] { write("/lower", "x"); }), EINVAL);
}

// A leftover that no listing shows keeps its directory from ever being removed.
TEST_F(KeptNames, AQuestionCutOffLeavesSomethingThatIsSeenAndCanBeRemoved) {
  tree().directory("/d");
  mount();
  server_.inject({"MKD", Fault::Moment::done, Fault::Action::reset});
  mkdir("/d/two  words ");
  std::vector<std::string> left = names("/d");
  ASSERT_THAT(left, ElementsAre(StartsWith(".ftpfs-probe-"), "two  words "));
  rmdir("/d/" + left[0]);
  EXPECT_THAT(names("/d"), ElementsAre("two  words "));
}

TEST_F(KeptNames, AQuestionUnderWayIsNotSeen) {
  mount();
  server_.inject({"RMD", Fault::Moment::received, Fault::Action::stall});
  bool made = false;
  asio::co_spawn(io_, remote_->make_directory(Path("/a:b"), {}), [&](std::exception_ptr) { made = true; });
  run_until(io_, [&] { return server_.faults_fired() == 1; });
  ASSERT_THAT(on_server(), Contains(StartsWith(".ftpfs-probe-")));
  EXPECT_THAT(names("/"), ElementsAre("report"));
  clock_.advance(config().timeout);
  run_until(io_, [&] { return made; });
  EXPECT_THAT(names("/"), UnorderedElementsAre(StartsWith(".ftpfs-probe-"), "a:b", "report"));
}

// Another mount's, or one of a mount that was killed.
TEST_F(KeptNames, ProbesOfOthersAreSeen) {
  const std::string name = ".ftpfs-probe-00000000000000000001";
  tree().directory("/" + name);
  mount();
  EXPECT_THAT(names("/"), UnorderedElementsAre(name, "report"));
}

// Whatever byte is in a name, the server hears one command about it, and nothing of what stands behind the
// byte as a command of its own; or it hears nothing at all.
class EveryByte : public RemoteFixture {
 protected:
  static std::string path_with(int byte) { return std::string("/a") + static_cast<char>(byte) + "NOOP"; }

  // What an operation says about names; without the questions that a new kind of name is worth, once a mount.
  std::vector<std::string> changes(const std::function<void()>& operation, int error) {
    server_.take_commands();
    EXPECT_EQ(failure(operation), error);
    std::vector<std::string> heard = server_.take_commands();
    if (error != 0) return heard;
    EXPECT_THAT(heard, Not(Contains("NOOP")));
    std::erase_if(heard, [](const std::string& command) {
      const std::string verb = command.substr(0, command.find(' '));
      static const std::vector<std::string> changing{"STOR", "MKD", "RMD", "RNFR", "RNTO", "DELE", "NOOP"};
      return std::ranges::find(changing, verb) == changing.end() ||
             command.find(".ftpfs-probe-") != command.npos ||
             command == "NOOP \xFF\xFD\x06";  // does it speak Telnet?
    });
    return heard;
  }

  void work_with_every_byte() {
    tree().file("/README", "");
    mount();
    list("/");
    for (int byte = 1; byte <= 255; ++byte) {
      if (byte == '/') continue;
      SCOPED_TRACE(byte);
      const std::string path = path_with(byte);
      const std::string spelt = byte == 255 && behaviour().telnet ? "/a\xFF\xFFNOOP" : path;
      const bool ends_a_line = byte == '\r' || byte == '\n';
      const int error = ends_a_line ? EINVAL : 0;
      const auto expect = [&](std::vector<std::string> commands, const std::function<void()>& operation) {
        EXPECT_EQ(changes(operation, error), ends_a_line ? std::vector<std::string>{} : commands);
        EXPECT_EQ(tree().exists(path), !ends_a_line && !commands.back().starts_with("DELE") &&
                                           !commands.back().starts_with("RMD"));
      };
      tree().file("/plain", "");
      expect({"STOR " + spelt}, [&] { write(path, "x"); });
      expect({"DELE " + spelt}, [&] { unlink(path); });
      expect({"RNFR /plain", "RNTO " + spelt}, [&] { rename("/plain", path); });
      expect({"DELE " + spelt}, [&] { unlink(path); });
      expect({"MKD " + spelt}, [&] { mkdir(path); });
      expect({"RMD " + spelt}, [&] { rmdir(path); });
    }
  }
};

TEST_F(EveryByte, IsOneCommandOrNone) {
  work_with_every_byte();
}

TEST_F(EveryByte, IsOneCommandOrNoneWhereTelnetIsSpoken) {
  behaviour().telnet = true;
  work_with_every_byte();
}

class FoldingServer : public RemoteFixture {
 protected:
  FoldingServer() {
    behaviour().folds_case = true;
    tree().file("/readme", "small");
  }
};

TEST_F(FoldingServer, ANameMayChangeItsCase) {
  mount();
  rename("/readme", "/README");
  EXPECT_THAT(names("/"), ElementsAre("README"));
  EXPECT_EQ(tree().content("/README"), "small");
}

TEST_F(FoldingServer, ANameMayChangeItsCaseWhereRenamingOntoAFileIsRefused) {
  behaviour().rename_replaces = false;
  behaviour().refuses_case_change = true;
  mount();
  rename("/readme", "/README");
  EXPECT_THAT(names("/"), ElementsAre("README"));
  EXPECT_EQ(tree().content("/README"), "small");
}

}  // namespace
}  // namespace ftpfs::test
