// SPDX-License-Identifier: MIT
// Directories that take files and show none: upload hosts, cameras' servers (rclone #8079, #6397).
#include <cerrno>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

struct Listings {
  const char* name;
  bool mlst;
};

class DropBox : public RemoteFixture, public testing::WithParamInterface<Listings> {
 protected:
  DropBox() {
    tree().directory("/in");
    tree().file("/elsewhere", "content");
    behaviour().mlst = GetParam().mlst;
    mount();
    stat("/elsewhere");  // this server is known to have SIZE or MLST
    write("/proof", "x");
    for (const char* verb : {"MLSD", "LIST", "MLST", "SIZE", "MDTM", "RETR"})  // proftpd's <Limit READ DIRS>
      behaviour().replies[verb] = "550 Permission denied.";
  }
};

INSTANTIATE_TEST_SUITE_P(Ftp, DropBox, testing::Values(Listings{"Mlsd", true}, Listings{"List", false}),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(DropBox, CannotBeListed) {
  EXPECT_EQ(failure([&] { list("/in"); }), EACCES);
  EXPECT_EQ(stat("/in").value().kind, Kind::directory);
}

TEST_P(DropBox, WhatItDoesNotTellIsNotThere) {
  EXPECT_FALSE(stat("/in/none"));
  EXPECT_FALSE(run(io_, remote_->has_file(Path("/in/none"), {})));
}

TEST_P(DropBox, TakesFiles) {
  EXPECT_EQ(write("/in/new", "content").size, 7u);
  EXPECT_EQ(tree().content("/in/new"), "content");
  EXPECT_EQ(write("/in/empty", "").size, 0u);
  EXPECT_TRUE(tree().exists("/in/empty"));
}

TEST_P(DropBox, TakesDirectories) {
  mkdir("/in/sub");
  EXPECT_EQ(stat("/in/sub").value().kind, Kind::directory);
  EXPECT_EQ(failure([&] { mkdir("/in/sub"); }), EEXIST);
  EXPECT_EQ(write("/in/sub/new", "content").size, 7u);
}

TEST_P(DropBox, ADirectoryThatCannotBeEnteredIsNone) {
  behaviour().replies["CWD"] = "550 Permission denied.";
  EXPECT_EQ(failure([&] { stat("/in/none"); }), EACCES);
}

}  // namespace
}  // namespace ftpfs::test
