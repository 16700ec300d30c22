// SPDX-License-Identifier: MIT
// Ordinary programs on a mount of a server whose directories are no paths of Unix.
#include <gtest/gtest.h>

#include "cli/program.hpp"

namespace ftpfs::test {
namespace {

namespace fs = std::filesystem;

class Paths : public ProgramTest {
 protected:
  void SetUp() override {
    ProgramTest::SetUp();
    if (IsSkipped()) return;
    served_.emplace();
    served_->with([](FakeServer& server) {
      Behaviour& can = server.behaviour();
      can.mlsd = can.mlst = can.size = can.mdtm = can.mfmt = can.site_chmod = can.list_options = false;
      can.paths = Behaviour::Paths::of_zos;
      server.tree().file("/NOTES", "a data set\n");
      server.tree().file("/SOME.LIB/MEMBER", "of a library\n");
      server.tree().directory("/OTHER.LIB");
    });
    process_.emplace(Spawn{foreground(served_->url()), "/", {{"FTPFS_PASSWORD", "secret"}}, scratch("log")});
    ASSERT_TRUE(eventually([&] { return mounted(); })) << log();
  }

  std::string content(const std::string& path) {
    return served_->with([&](FakeServer& server) {
      return server.tree().exists(path) ? server.tree().content(path) : "(none)";
    });
  }
  // In the mount.
  Outcome sh(const std::string& script) const {
    return run({"/bin/sh", "-ec", "cd '" + mountpoint().string() + "'; " + script}, {});
  }

  std::string log() const { return read_file(scratch("log")); }

  std::optional<Served> served_;
  std::optional<Process> process_;
};

TEST_F(Paths, DataSetsAreFilesAndLibrariesDirectories) {
  EXPECT_EQ(sh("find . -type f | sort; cat NOTES SOME.LIB/MEMBER").output,
            "./NOTES\n./SOME.LIB/MEMBER\na data set\nof a library\n");
  for (const char* script :
       {"echo new > SOME.LIB/NEW", "echo other > SOME.LIB/MEMBER", "echo more >> NOTES",
        "mv SOME.LIB/NEW SOME.LIB/NEWER", "mv SOME.LIB/NEWER OTHER.LIB/MOVED", "cp NOTES OTHER.LIB/COPY"}) {
    const Outcome outcome = sh(script);
    EXPECT_EQ(outcome.status, 0) << script << ": " << outcome.output;
  }
  EXPECT_EQ(content("/SOME.LIB/MEMBER"), "other\n");
  EXPECT_EQ(content("/NOTES"), "a data set\nmore\n");
  EXPECT_EQ(content("/OTHER.LIB/MOVED"), "new\n");
  EXPECT_EQ(content("/OTHER.LIB/COPY"), "a data set\nmore\n");
  EXPECT_EQ(content("/SOME.LIB/NEWER"), "(none)");
  EXPECT_EQ(sh("rm OTHER.LIB/*; rmdir OTHER.LIB; ls").output, "NOTES\nSOME.LIB\n");
  EXPECT_NE(sh("echo x > SOME.LIB/not-a-member").status, 0);
  EXPECT_EQ(unmount().status, 0);
  EXPECT_EQ(process_->wait(), 0);
  if (HasFailure()) ADD_FAILURE() << log();
}

}  // namespace
}  // namespace ftpfs::test
