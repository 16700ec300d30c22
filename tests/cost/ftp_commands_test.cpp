// SPDX-License-Identifier: MIT
// Exactly which commands each operation of FtpRemote sends. A round trip is what a user waits for: one more
// here is a regression, however right the result.
#include <gmock/gmock.h>

#include "ftp/remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class FtpCommands : public RemoteFixture {
 protected:
  FtpCommands() {
    tree().file("/a", "content");
    tree().file("/d/inner", "inside");
  }

  // What `operation` sent.
  template <class Operation>
  std::vector<std::string> sent(Operation operation) {
    server_.take_commands();
    operation();
    return server_.take_commands();
  }
};

class OnAModernServer : public FtpCommands {
 protected:
  OnAModernServer() { mount(); }
};

TEST_F(FtpCommands, Mounting) {
  const auto mounting = [&] {
    remote_ = std::make_unique<ftp::FtpRemote>(io_.get_executor(), connector_, clock_,
                                               make_logger(LogSink::none, spdlog::level::off), config());
    run(io_, remote_->connect({}));
  };
  EXPECT_THAT(sent(mounting),
              ElementsAre("USER joe", "PASS secret", "FEAT", "OPTS UTF8 ON", "TYPE I", "PWD", "CWD /"));
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(OnAModernServer, Unmounting) {
  EXPECT_THAT(sent([&] { run(io_, remote_->close()); }), ElementsAre("QUIT"));
}

TEST_F(OnAModernServer, Stat) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(sent([&] { stat("/a"); }), ElementsAre("MLST /a"));
    EXPECT_THAT(sent([&] { stat("/d"); }), ElementsAre("MLST /d"));
    EXPECT_THAT(sent([&] { stat("/missing"); }), ElementsAre("MLST /missing"));
  }
}

TEST_F(OnAModernServer, List) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(sent([&] { list("/"); }), ElementsAre("EPSV", "MLSD /"));
    EXPECT_THAT(sent([&] { list("/d"); }), ElementsAre("EPSV", "MLSD /d"));
  }
}

// A name that some server would take for a pattern or an option is never an argument of a listing.
TEST_F(OnAModernServer, ListOfANameWithBlanks) {
  tree().directory("/two words");
  EXPECT_THAT(sent([&] { list("/two words"); }), ElementsAre("CWD /two words", "EPSV", "MLSD"));
}

TEST_F(OnAModernServer, Read) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(sent([&] { read("/a"); }), ElementsAre("EPSV", "RETR /a"));
    EXPECT_THAT(sent([&] { read("/a", 3); }), ElementsAre("EPSV", "REST 3", "RETR /a"));
  }
}

TEST_F(OnAModernServer, Write) {
  EXPECT_THAT(sent([&] { write("/new", "x"); }), ElementsAre("EPSV", "STOR /new", "MLST /new"));
  EXPECT_THAT(sent([&] { write("/new", "y"); }), ElementsAre("EPSV", "STOR /new", "MLST /new"));
}

TEST_F(OnAModernServer, Append) {
  EXPECT_THAT(sent([&] { append("/a", "x"); }), ElementsAre("SIZE /a", "EPSV", "APPE /a", "MLST /a"));
}

TEST_F(OnAModernServer, NamespaceOperations) {
  EXPECT_THAT(sent([&] { mkdir("/new"); }), ElementsAre("MKD /new"));
  EXPECT_THAT(sent([&] { rmdir("/new"); }), ElementsAre("RMD /new"));
  EXPECT_THAT(sent([&] { unlink("/a"); }), ElementsAre("DELE /a"));
}

// Whether RNTO onto a file does what it says is found out once; until then each rename looks for a target.
TEST_F(OnAModernServer, Rename) {
  tree().file("/d/README", "");
  list("/d");  // shows that capitals are kept
  EXPECT_THAT(sent([&] { rename("/a", "/b"); }), ElementsAre("SIZE /b", "RNFR /a", "RNTO /b"));
  EXPECT_THAT(sent([&] { rename("/b", "/B"); }), ElementsAre("RNFR /b", "RNTO /B"));  // may be the same file
  EXPECT_THAT(sent([&] { rename("/B", "/b"); }), ElementsAre("RNFR /B", "RNTO /b"));
  EXPECT_THAT(sent([&] { rename("/b", "/d/inner"); }),
              ElementsAre("SIZE /d/inner", "RNFR /b", "RNTO /d/inner", "SIZE /b"));
  EXPECT_THAT(sent([&] { rename("/d/inner", "/a"); }), ElementsAre("RNFR /d/inner", "RNTO /a"));
}

TEST_F(OnAModernServer, AttributeOperations) {
  // The first one is read back.
  EXPECT_THAT(sent([&] { set_mtime("/a", 1'500'000'000); }),
              ElementsAre("MFMT 20170714024000 /a", "MLST /a"));
  EXPECT_THAT(sent([&] { set_mtime("/a", 1'500'000'000); }), ElementsAre("MFMT 20170714024000 /a"));
  EXPECT_THAT(sent([&] { set_mode("/a", 0640); }), ElementsAre("SITE CHMOD 640 /a"));
}

TEST_F(OnAModernServer, AllOfItOnOneConnection) {
  for (int i = 0; i < 10; ++i) {
    stat("/a");
    list("/d");
    read("/a");
    write("/new", "x");
  }
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(OnAModernServer, TheSecondConnectionKnowsWhatTheFirstLearned) {
  tree().file("/big", std::string(20'000'000, 'b'));
  const auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  EXPECT_THAT(sent([&] { stat("/a"); }),
              ElementsAre("USER joe", "PASS secret", "OPTS UTF8 ON", "TYPE I", "MLST /a"));
}

// Whether the server keeps names of this kind is found out once, in a directory made for that.
TEST_F(OnAModernServer, ANameWithCapitals) {
  EXPECT_THAT(sent([&] { mkdir("/New"); }),
              ElementsAre("CWD /", StartsWith("MKD /.ftpfs-probe-"), StartsWith("MKD /.ftpfs-probe-"), "EPSV",
                          StartsWith("MLSD /.ftpfs-probe-"), StartsWith("RMD /.ftpfs-probe-"),
                          StartsWith("RMD /.ftpfs-probe-"), "MKD /New"));
  EXPECT_THAT(sent([&] { mkdir("/Newer"); }), ElementsAre("MKD /Newer"));
}

class OnVsftpd : public FtpCommands {
 protected:
  OnVsftpd() {
    behaviour().mlst = behaviour().mfmt = false;
    behaviour().mdtm_sets = behaviour().list_missing_is_empty = behaviour().terse = true;
    mount();
  }
};

TEST_F(OnVsftpd, Stat) {
  EXPECT_THAT(sent([&] { stat("/a"); }), ElementsAre("SIZE /a", "MDTM /a"));
  EXPECT_THAT(sent([&] { stat("/d"); }), ElementsAre("SIZE /d", "CWD /d"));
}

// As before a creation: no listing of the directory for each new file.
TEST_F(OnVsftpd, WhetherAFileIsThere) {
  const auto has_file = [&](const char* path) { return run(io_, remote_->has_file(Path(path), {})); };
  EXPECT_THAT(sent([&] { EXPECT_TRUE(has_file("/a")); }), ElementsAre("SIZE /a", "MDTM /a"));
  EXPECT_THAT(sent([&] { EXPECT_FALSE(has_file("/missing")); }), ElementsAre("SIZE /missing"));
  EXPECT_THAT(sent([&] { EXPECT_FALSE(has_file("/d")); }), ElementsAre("SIZE /d"));
  EXPECT_THAT(sent([&] { EXPECT_TRUE(has_file("/a")); }), ElementsAre("SIZE /a"));
}

// The first listing finds out whether -a is an option; later ones know.
TEST_F(OnVsftpd, List) {
  EXPECT_THAT(sent([&] { list("/"); }), ElementsAre("CWD /", "EPSV", "LIST", "EPSV", "LIST -a"));
  EXPECT_THAT(sent([&] { list("/d"); }), ElementsAre("CWD /d", "EPSV", "LIST -a"));
}

// Where the greeting says that it is one, nobody has to find out, and "." in the listing proves it.
TEST_F(OnVsftpd, ListWhereItIsKnown) {
  behaviour().greeting = "220 (vsFTPd 3.0.3)";
  mount();
  EXPECT_THAT(sent([&] { list("/"); }), ElementsAre("CWD /", "EPSV", "LIST -a"));
  EXPECT_THAT(sent([&] { list("/d"); }), ElementsAre("CWD /d", "EPSV", "LIST -a"));
  behaviour().list_options = false;
  mount();
  EXPECT_THAT(sent([&] { list("/"); }),
              ElementsAre("CWD /", "EPSV", "LIST -a", "EPSV", "LIST", "EPSV", "LIST -a"));
  EXPECT_THAT(sent([&] { list("/d"); }), ElementsAre("CWD /d", "EPSV", "LIST"));
}

TEST_F(OnVsftpd, Write) {
  EXPECT_THAT(sent([&] { write("/new", "x"); }), ElementsAre("EPSV", "STOR /new", "SIZE /new", "MDTM /new"));
}

// The first one is read back, and a file of our own tells whether MDTM is UTC.
TEST_F(OnVsftpd, SetTime) {
  EXPECT_THAT(sent([&] { set_mtime("/a", 1'500'000'000); }),
              ElementsAre("MDTM 20170714024000 /a", "MDTM /a", "EPSV", StartsWith("STOR /.ftpfs-probe-"),
                          StartsWith("MDTM /.ftpfs-probe-"), StartsWith("DELE /.ftpfs-probe-")));
  EXPECT_THAT(sent([&] { set_mtime("/a", 1'500'000'000); }), ElementsAre("MDTM 20170714024000 /a"));
}

TEST_F(FtpCommands, WhatTheServerRefusedIsNotAskedForAgain) {
  behaviour().overstates = true;
  behaviour().mlst = behaviour().mfmt = behaviour().mdtm = behaviour().epsv = behaviour().rest = false;
  mount();
  EXPECT_THAT(sent([&] { stat("/a"); }), ElementsAre("MLST /a", "SIZE /a", "MDTM /a"));
  EXPECT_THAT(sent([&] { stat("/a"); }), ElementsAre("SIZE /a"));
  EXPECT_THAT(sent([&] { read("/a", 3); }), ElementsAre("EPSV", "PASV", "REST 3", "RETR /a"));
  EXPECT_THAT(sent([&] { read("/a", 3); }), ElementsAre("PASV", "RETR /a"));
  behaviour().site_chmod = false;
  EXPECT_THAT(sent([&] { failure([&] { set_mode("/a", 0640); }); }), ElementsAre("SITE CHMOD 640 /a"));
  EXPECT_THAT(sent([&] { failure([&] { set_mode("/a", 0640); }); }), IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
