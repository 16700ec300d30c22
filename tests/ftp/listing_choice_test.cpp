// SPDX-License-Identifier: MIT
// list=, custom_list=: how directories are asked for, when the user knows better than FEAT and our probe.
#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class ListingChoice : public RemoteFixture {
 protected:
  ListingChoice() {
    tree().file("/d/shown", "1");
    tree().file("/d/.hidden", "2");
  }
  void mount(ftp::ListMode mode, std::optional<std::string> options = {}) {
    ftp::FtpConfig chosen = config();
    chosen.list = mode;
    chosen.list_options = std::move(options);
    RemoteFixture::mount(chosen);
  }
};

TEST_F(ListingChoice, ListThoughThereIsMlsd) {
  mount(ftp::ListMode::list);
  EXPECT_THAT(names("/d"), UnorderedElementsAre("shown", ".hidden"));
  EXPECT_THAT(server_.commands(), AllOf(Contains(StartsWith("LIST")), Not(Contains(StartsWith("MLSD")))));
}

TEST_F(ListingChoice, MlsdThoughNobodyOffersIt) {
  behaviour().replies["FEAT"] = "211 No features";
  mount(ftp::ListMode::mlsd);
  EXPECT_THAT(names("/d"), UnorderedElementsAre("shown", ".hidden"));
  EXPECT_THAT(server_.commands(), AllOf(Contains(StartsWith("MLSD")), Not(Contains(StartsWith("LIST")))));
}

TEST_F(ListingChoice, MlsdThatIsRefusedIsNotAskedTwice) {
  behaviour().mlsd = false;
  mount(ftp::ListMode::mlsd);
  EXPECT_THAT(names("/d"), UnorderedElementsAre("shown", ".hidden"));
  server_.take_commands();
  EXPECT_THAT(names("/d"), UnorderedElementsAre("shown", ".hidden"));
  EXPECT_THAT(server_.commands(), Not(Contains(StartsWith("MLSD"))));
}

TEST_F(ListingChoice, OptionsOfListAreBelieved) {
  mount(ftp::ListMode::list, "-a");
  EXPECT_THAT(names("/d"), UnorderedElementsAre("shown", ".hidden"));
  EXPECT_THAT(server_.commands(), AllOf(Contains("LIST -a"), Not(Contains("LIST"))));
}

TEST_F(ListingChoice, WithoutOptionsNothingIsTriedOut) {
  mount(ftp::ListMode::list, "");
  EXPECT_THAT(names("/d"), ElementsAre("shown"));
  EXPECT_THAT(server_.commands(), AllOf(Contains("LIST"), Not(Contains(StartsWith("LIST ")))));
}

}  // namespace
}  // namespace ftpfs::test
