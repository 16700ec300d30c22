// SPDX-License-Identifier: MIT
// Servers whose directories are no paths of Unix: each is walked to by CWD, and commands get bare names.
#include <algorithm>
#include <cerrno>
#include <tuple>

#include <gmock/gmock.h>

#include <ftpfs/ftp/report.hpp>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class Relative : public RemoteFixture {
 protected:
  Relative() {
    Behaviour& can = behaviour();
    can.mlsd = can.mlst = can.size = can.mdtm = can.mfmt = can.site_chmod = can.list_options = false;
    can.hides_dot_files = false;
  }

  // Those that go somewhere, or do something there.
  std::vector<std::string> steps() {
    std::vector<std::string> commands = server_.take_commands();
    std::erase_if(commands, [](const std::string& line) {
      return line == "LIST -a" || line.starts_with("EPSV") || line.starts_with("SIZE") ||
             line.starts_with("MDTM");
    });
    return commands;
  }
};

class Zos : public Relative {
 protected:
  Zos() {
    behaviour().paths = Behaviour::Paths::of_zos;
    tree().file("/NOTES", "a data set");
    tree().file("/SOME.LIB/MEMBER", "of a library");
    tree().directory("/EMPTY.LIB");
  }
};

TEST_F(Zos, DataSetsAndMembersAreListed) {
  mount();
  EXPECT_THAT(names("/"), UnorderedElementsAre("NOTES", "SOME.LIB", "EMPTY.LIB"));
  steps();
  EXPECT_THAT(names("/SOME.LIB"), ElementsAre("MEMBER"));
  EXPECT_THAT(steps(), ElementsAre("CWD SOME.LIB", "LIST"));
  EXPECT_THAT(names("/EMPTY.LIB"), testing::IsEmpty());
  EXPECT_THAT(steps(), ElementsAre("CWD 'JOE.'", "CWD EMPTY.LIB", "LIST"));
}

TEST_F(Zos, FilesAreRead) {
  mount();
  EXPECT_EQ(read("/SOME.LIB/MEMBER"), "of a library");
  EXPECT_THAT(steps(), ElementsAre("CWD SOME.LIB", "RETR MEMBER"));
  EXPECT_EQ(read("/SOME.LIB/MEMBER", 5), "library");
  EXPECT_EQ(read("/NOTES"), "a data set");
  EXPECT_THAT(steps(), ElementsAre("REST 5", "RETR MEMBER", "CWD 'JOE.'", "RETR NOTES"));
}

TEST_F(Zos, FilesAreWritten) {
  mount();
  EXPECT_EQ(write("/SOME.LIB/NEW", "fresh").size, 5u);
  EXPECT_EQ(tree().content("/SOME.LIB/NEW"), "fresh");
  EXPECT_EQ(failure([&] { write("/SOME.LIB/.MEMBER.tmp", "other"); }), EINVAL);
  write("/SOME.LIB/MEMBER", "other");
  EXPECT_EQ(tree().content("/SOME.LIB/MEMBER"), "other");
  write("/NOTES", "changed");
  EXPECT_EQ(tree().content("/NOTES"), "changed");
  EXPECT_EQ(append("/NOTES", " again").size, 13u);  // though nobody tells how long it was
  EXPECT_EQ(tree().content("/NOTES"), "changed again");
  EXPECT_THAT(server_.commands(), Not(Contains(testing::HasSubstr("/"))));
}

TEST_F(Zos, CapitalsThatTheServerMakesOfANameAreNoticed) {
  behaviour().new_names = Behaviour::Rewrites::upper_case;
  mount();
  EXPECT_EQ(failure([&] { write("/SOME.LIB/lower", "x"); }), EINVAL);
  EXPECT_EQ(write("/SOME.LIB/UPPER", "x").size, 1u);
}

// CWD to what is not there makes a prefix of it: no proof of anything.
TEST_F(Zos, WhatIsThereIsToldByTheListing) {
  mount();
  EXPECT_EQ(stat("/").value().kind, Kind::directory);
  EXPECT_EQ(stat("/SOME.LIB").value().kind, Kind::directory);
  EXPECT_EQ(stat("/NOTES").value().kind, Kind::file);
  EXPECT_EQ(stat("/SOME.LIB/MEMBER").value().kind, Kind::file);
  EXPECT_FALSE(stat("/ABSENT"));
  EXPECT_FALSE(stat("/ABSENT/MEMBER"));
  EXPECT_FALSE(stat("/SOME.LIB/ABSENT"));
  EXPECT_EQ(failure([&] { read("/SOME.LIB/ABSENT"); }), ENOENT);
  EXPECT_EQ(failure([&] { read("/SOME.LIB"); }), EISDIR);
}

TEST_F(Zos, NamesAreChangedAndRemovedWhereTheyAre) {
  mount();
  rename("/SOME.LIB/MEMBER", "/SOME.LIB/OTHER");
  EXPECT_EQ(tree().content("/SOME.LIB/OTHER"), "of a library");
  EXPECT_EQ(failure([&] { rename("/SOME.LIB/OTHER", "/EMPTY.LIB/OTHER"); }), EXDEV);
  EXPECT_TRUE(tree().exists("/SOME.LIB/OTHER"));
  unlink("/SOME.LIB/OTHER");
  EXPECT_FALSE(tree().exists("/SOME.LIB/OTHER"));
  rmdir("/EMPTY.LIB");
  EXPECT_FALSE(tree().exists("/EMPTY.LIB"));
}

TEST_F(Zos, ADataSetCanBeMounted) {
  for (const std::string directory : {"SOME.LIB", "'JOE.SOME.LIB'"}) {
    ftp::FtpConfig wanted = config();
    wanted.directory = directory;
    mount(wanted);
    EXPECT_THAT(names("/"), ElementsAre("MEMBER"));
    EXPECT_EQ(read("/MEMBER"), "of a library");
  }
}

// Each session walks by itself, and one that is new begins where the log-in ends.
TEST_F(Zos, ALineThatDiesOnTheWayIsReplaced) {
  for (const std::string verb : {"CWD", "LIST", "RETR"}) {
    SCOPED_TRACE(verb);
    mount();
    EXPECT_THAT(names("/SOME.LIB"), ElementsAre("MEMBER"));
    server_.inject({verb, Fault::Moment::received, Fault::Action::reset});
    EXPECT_EQ(read("/SOME.LIB/MEMBER"), "of a library");
    EXPECT_THAT(names("/"), Contains("NOTES"));
    EXPECT_EQ(read("/SOME.LIB/MEMBER"), "of a library");
    EXPECT_EQ(server_.faults_left(), 0u);
  }
}

// It is doubtful under the whole path, whatever was left to be said in the command.
TEST_F(Zos, AnUploadThatWasNeverAnsweredIsNotRepeated) {
  const std::tuple<const char*, Fault::Moment, const char*> uploads[] = {
      {"STOR", Fault::Moment::received, "/SOME.LIB/NEW"}, {"APPE", Fault::Moment::done, "/SOME.LIB/MEMBER"}};
  for (const auto& [verb, moment, path] : uploads) {
    SCOPED_TRACE(verb);
    mount();
    server_.inject({verb, moment, Fault::Action::reset});
    SinkRequest request;
    if (verb == std::string("APPE")) request.mode = SinkRequest::Mode::append;
    EXPECT_NE(failure([&] { run(io_, write_file(*remote_, Path(path), "x", request)); }), 0);
    EXPECT_TRUE(remote_->upload_in_doubt(Path(path)));
    EXPECT_EQ(std::ranges::count_if(server_.commands(),
                                    [verb = verb](const auto& line) { return line.starts_with(verb); }),
              1);
    EXPECT_EQ(server_.faults_left(), 0u);
  }
}

TEST_F(Zos, CheckSaysSo) {
  mount();
  const ftp::ServerReport report = run(io_, remote_->examine(true, {}));
  EXPECT_TRUE(report.relative);
  EXPECT_EQ(report.home, "'JOE.'");
  EXPECT_EQ(report.entries, 3u);
  EXPECT_EQ(report.writable, true);
  EXPECT_EQ(report.overwrite, ftp::Overwrite::replaces);
  EXPECT_THAT(report.troubles, testing::SizeIs(2));  // neither times nor modes can be set
  EXPECT_THAT(names("/"), UnorderedElementsAre("NOTES", "SOME.LIB", "EMPTY.LIB"));
}

// USS: who asks for a path of Unix has a server that knows some.
TEST_F(Relative, AnAbsolutePathNeedsNoWalking) {
  behaviour().paths = Behaviour::Paths::of_unix;
  behaviour().replies["PWD"] = "257 \"'JOE.'\" is the working directory name prefix.";
  tree().file("/u/joe/file", "content");
  ftp::FtpConfig wanted = config();
  wanted.directory = "/u/joe";
  mount(wanted);
  EXPECT_EQ(read("/file"), "content");
  EXPECT_THAT(server_.commands(), Contains("RETR /u/joe/file"));
}

class Vms : public Relative {
 protected:
  Vms() {
    behaviour().paths = Behaviour::Paths::of_vms;
    tree().file("/TOP.TXT", "at the top");
    tree().file("/SUB/DEEP/FILE.TXT", "below");
  }
};

TEST_F(Vms, DirectoriesAreWalked) {
  mount();
  EXPECT_THAT(names("/"), UnorderedElementsAre("TOP.TXT", "SUB"));
  EXPECT_THAT(names("/SUB/DEEP"), ElementsAre("FILE.TXT"));
  steps();
  EXPECT_EQ(read("/SUB/DEEP/FILE.TXT"), "below");
  EXPECT_THAT(steps(), ElementsAre("RETR FILE.TXT"));
  EXPECT_EQ(read("/TOP.TXT"), "at the top");
  EXPECT_THAT(steps(), ElementsAre("CWD DISK$USER:[JOE]", "RETR TOP.TXT"));
  write("/SUB/NEW.TXT", "fresh");
  EXPECT_EQ(tree().content("/SUB/NEW.TXT"), "fresh");
  EXPECT_THAT(steps(), Contains("CWD SUB"));
  mkdir("/SUB/MADE");
  EXPECT_TRUE(tree().exists("/SUB/MADE"));
  EXPECT_EQ(failure([&] { list("/ABSENT"); }), ENOENT);
  EXPECT_EQ(failure([&] { write("/ABSENT/A.TXT", "x"); }), ENOENT);
  EXPECT_EQ(stat("/SUB").value().kind, Kind::directory);
}

TEST_F(Vms, ADirectoryMayWantItsBrackets) {
  behaviour().cwd_wants_brackets = true;
  mount();
  EXPECT_THAT(names("/SUB/DEEP"), ElementsAre("FILE.TXT"));
  EXPECT_THAT(steps(), ElementsAre("CWD SUB", "CWD [.SUB]", "CWD [.DEEP]", "LIST"));
  EXPECT_EQ(read("/SUB/DEEP/FILE.TXT"), "below");
  EXPECT_EQ(failure([&] { list("/SUB/ABSENT"); }), ENOENT);
  EXPECT_THAT(names("/SUB"), ElementsAre("DEEP"));
}

}  // namespace
}  // namespace ftpfs::test
