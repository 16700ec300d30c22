// SPDX-License-Identifier: MIT
// What a walk costs when its directories are listed ahead: each of them once, over all sessions.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>

#include <ftpfs/vfs/vfs.hpp>

#include "ftp/remote_fixture.hpp"
#include "vfs/client.hpp"

namespace ftpfs::test {
namespace {

using testing::UnorderedElementsAreArray;

class WalkCost : public RemoteFixture {
 protected:
  static constexpr int directories = 30;

  WalkCost() {
    for (int i = 0; i < directories; ++i) tree().file(directory(i) + "/file", "text");
  }

  static std::string directory(int number) { return "/d" + std::to_string(100 + number); }

  // The listings that `find` asks for: a server sees them as MLSD.
  std::vector<std::string> listed() {
    std::vector<std::string> result;
    for (const std::string& command : server_.take_commands()) {
      if (command.starts_with("MLSD")) result.push_back(command);
    }
    return result;
  }

  void walk(vfs::VfsConfig vfs_config) {
    vfs_config.read_only = true;
    vfs::Vfs fs(io_.get_executor(), *remote_, clock_, make_logger(LogSink::none, spdlog::level::off),
                vfs_config);
    Client client(io_, fs);
    client.names("/");
    for (int i = 0; i < directories; ++i) EXPECT_EQ(client.names(directory(i)).size(), 1u);
    run(io_, fs.shutdown(clock_.now() + std::chrono::seconds(1)));
  }
};

TEST_F(WalkCost, EachDirectoryIsListedOnce) {
  mount();
  std::vector<std::string> expected{"MLSD /"};
  for (int i = 0; i < directories; ++i) expected.push_back("MLSD " + directory(i));
  walk({});
  EXPECT_THAT(listed(), UnorderedElementsAreArray(expected));
  EXPECT_EQ(server_.sessions(), 4u);
}

TEST_F(WalkCost, WithOneSessionNothingIsListedAhead) {
  ftp::FtpConfig one = config();
  one.max_conns = 1;
  mount(one);
  walk({});
  EXPECT_EQ(listed().size(), 1u + directories);
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(WalkCost, WithoutPrefetchOneSessionIsEnough) {
  mount();
  vfs::VfsConfig plain;
  plain.list_ahead = false;
  walk(plain);
  EXPECT_EQ(listed().size(), 1u + directories);
  EXPECT_EQ(server_.sessions(), 1u);
}

}  // namespace
}  // namespace ftpfs::test
