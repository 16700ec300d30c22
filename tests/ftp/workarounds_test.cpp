// SPDX-License-Identifier: MIT
// workaround=: what the user knows of the server is not tried out.
#include <cerrno>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

class WorkaroundsTest : public RemoteFixture {
 protected:
  void mount_with(ftp::Workarounds workarounds) {
    ftp::FtpConfig knowing = config();
    knowing.workarounds = workarounds;
    mount(knowing);
  }
};

TEST_F(WorkaroundsTest, NothingIsRenamedOntoAFile) {
  tree().file("/from", "new");
  tree().file("/to", "old");
  mount_with({.no_replacing = true});
  rename("/from", "/to");
  EXPECT_EQ(tree().content("/to"), "new");
  EXPECT_THAT(server_.commands(), Contains("RNFR /to")) << "it has stepped aside";
  EXPECT_THAT(names("/"), ElementsAre("to"));
  mount();
  tree().file("/from", "newer");
  rename("/from", "/to");
  EXPECT_THAT(server_.commands(), Not(Contains("RNFR /to"))) << "else the server is believed";
}

// mv(1) copies then, as between two disks.
TEST_F(WorkaroundsTest, AMoveThatIsRefusedIsForMvToMake) {
  tree().file("/a/file", "content");
  tree().directory("/b");
  const auto error_of_rename = [&](std::string_view to) {
    server_.inject({"RNTO", Fault::Moment::received, Fault::Action::reply, "550 Rename failed."});
    return failure([&] { rename("/a/file", to); });
  };
  mount_with({.no_moving = true});
  EXPECT_EQ(error_of_rename("/b/file"), EXDEV);
  EXPECT_EQ(error_of_rename("/a/other"), EACCES);
  mount();
  EXPECT_EQ(error_of_rename("/b/file"), EACCES);
  EXPECT_EQ(tree().content("/a/file"), "content");
}

TEST_F(WorkaroundsTest, AFullDiskIsNoReasonToCopy) {
  tree().file("/a/file", "content");
  tree().directory("/b");
  server_.inject({"RNTO", Fault::Moment::received, Fault::Action::reply, "552 Quota exceeded."});
  mount_with({.no_moving = true});
  EXPECT_EQ(failure([&] { rename("/a/file", "/b/file"); }), EDQUOT);
}

TEST_F(WorkaroundsTest, TimesAreSetByMdtm) {
  tree().file("/file", "content");
  behaviour().mdtm_sets = true;
  mount_with({.mdtm_sets_time = true});
  set_mtime("/file", 1'000'000'000);
  EXPECT_THAT(server_.commands(), Contains("MDTM 20010909014640 /file"));
  EXPECT_THAT(server_.commands(), Not(Contains(StartsWith("MFMT"))));
  EXPECT_EQ(stat("/file")->mtime->seconds, 1'000'000'000);
}

// What it is told it does not believe for ever.
TEST_F(WorkaroundsTest, TimesThatMdtmDoesNotSetAreNotSet) {
  tree().file("/file", "content");
  mount_with({.mdtm_sets_time = true});
  EXPECT_EQ(failure([&] { set_mtime("/file", 1'000'000'000); }), EOPNOTSUPP);
}

TEST_F(WorkaroundsTest, DirectoriesAreListedFromInside) {
  tree().file("/dir/file", "content");
  mount_with({.list_by_walking = true});
  EXPECT_THAT(names("/dir"), ElementsAre("file"));
  EXPECT_THAT(server_.commands(), Contains("CWD /dir"));
  EXPECT_THAT(server_.commands(), Contains("MLSD"));
}

}  // namespace
}  // namespace ftpfs::test
