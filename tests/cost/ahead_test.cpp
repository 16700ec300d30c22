// SPDX-License-Identifier: MIT
// What it costs to go through directories and through the files of one when they are fetched ahead: each of
// them once, over all sessions.
#include <algorithm>
#include <functional>

#include <gmock/gmock.h>

#include <ftpfs/vfs/vfs.hpp>

#include "ftp/remote_fixture.hpp"
#include "vfs/client.hpp"

namespace ftpfs::test {
namespace {

using testing::UnorderedElementsAreArray;

class AheadCost : public RemoteFixture {
 protected:
  // Does the work on a mount, and lets everything end that it has set off.
  void on_a_mount(vfs::VfsConfig vfs_config, const std::function<void(Client&)>& work) {
    vfs_config.read_only = true;
    vfs::Vfs fs(io_.get_executor(), *remote_, clock_, make_logger(LogSink::none, spdlog::level::off),
                vfs_config);
    Client client(io_, fs);
    work(client);
    run(io_, fs.shutdown(clock_.now() + std::chrono::seconds(1)));
  }

  // Those that begin with one of the verbs.
  static std::vector<std::string> only(const std::vector<std::string>& commands,
                                       const std::vector<std::string>& verbs) {
    std::vector<std::string> result;
    std::ranges::copy_if(commands, std::back_inserter(result), [&](const std::string& command) {
      return std::ranges::any_of(verbs, [&](const std::string& verb) { return command.starts_with(verb); });
    });
    return result;
  }
};

class WalkCost : public AheadCost {
 protected:
  static constexpr int directories = 30;

  WalkCost() {
    for (int i = 0; i < directories; ++i) tree().file(directory(i) + "/file", "text");
  }

  static std::string directory(int number) { return "/d" + std::to_string(100 + number); }

  void walk(const vfs::VfsConfig& vfs_config) {
    on_a_mount(vfs_config, [](Client& client) {
      client.names("/");
      for (int i = 0; i < directories; ++i) EXPECT_EQ(client.names(directory(i)).size(), 1u);
    });
  }
  std::size_t listings() { return only(server_.take_commands(), {"MLSD"}).size(); }
};

TEST_F(WalkCost, EachDirectoryIsListedOnce) {
  mount();
  std::vector<std::string> expected{"MLSD /"};
  for (int i = 0; i < directories; ++i) expected.push_back("MLSD " + directory(i));
  walk({});
  EXPECT_THAT(only(server_.take_commands(), {"MLSD", "MLST", "LIST"}), UnorderedElementsAreArray(expected));
  EXPECT_EQ(server_.sessions(), 4u);
}

TEST_F(WalkCost, WithOneSessionNothingIsListedAhead) {
  ftp::FtpConfig one = config();
  one.max_conns = 1;
  mount(one);
  walk({});
  EXPECT_EQ(listings(), 1u + directories);
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(WalkCost, WithoutPrefetchOneSessionIsEnough) {
  mount();
  vfs::VfsConfig plain;
  plain.list_ahead = false;
  walk(plain);
  EXPECT_EQ(listings(), 1u + directories);
  EXPECT_EQ(server_.sessions(), 1u);
}

class RowCost : public AheadCost {
 protected:
  static constexpr int files = 30;

  RowCost() {
    for (int i = 0; i < files; ++i) tree().file(file(i), content(i));
  }

  static std::string file(int number) { return "/f" + std::to_string(100 + number); }
  static std::string content(int number) { return std::string(static_cast<std::size_t>(number) * 500, 'x'); }

  void read_all(const vfs::VfsConfig& vfs_config) {
    on_a_mount(vfs_config, [](Client& client) {
      client.names("/");
      for (int i = 1; i < files; ++i) EXPECT_EQ(client.read_file(file(i)), content(i));
    });
  }
};

// The listing is a look at the first two.
TEST_F(RowCost, EachFileIsLookedAtAndSentOnce) {
  mount();
  read_all({});
  std::vector<std::string> expected;
  for (int i = 1; i < files; ++i) expected.push_back("RETR " + file(i));
  for (int i = 3; i < files; ++i) expected.push_back("MLST " + file(i));
  EXPECT_THAT(only(server_.take_commands(), {"RETR", "MLST", "SIZE", "MDTM", "REST"}),
              UnorderedElementsAreArray(expected));
  EXPECT_EQ(server_.sessions(), 4u);
}

TEST_F(RowCost, OnVsftpdALookIsTwoCommands) {
  behaviour().mlst = behaviour().mfmt = false;
  behaviour().mdtm_sets = behaviour().terse = true;
  mount();
  read_all({});
  std::vector<std::string> expected;
  for (int i = 1; i < files; ++i) expected.push_back("RETR " + file(i));
  for (int i = 3; i < files; ++i) {
    expected.push_back("SIZE " + file(i));
    expected.push_back("MDTM " + file(i));
  }
  EXPECT_THAT(only(server_.take_commands(), {"RETR", "MLST", "SIZE", "REST"}),
              UnorderedElementsAreArray(only(expected, {"RETR", "SIZE"})));
}

TEST_F(RowCost, WithoutPrefetchOneSessionIsEnough) {
  mount();
  vfs::VfsConfig plain;
  plain.fetch_ahead = false;
  read_all(plain);
  EXPECT_EQ(only(server_.take_commands(), {"RETR"}).size(), files - 1u);
  EXPECT_EQ(server_.sessions(), 1u);
}

// FtpRemote::fetch_whole itself.
class WholeFiles : public AheadCost {
 protected:
  std::optional<WholeFile> fetch(std::string_view path, std::uint64_t at_most = 1000) {
    server_.take_commands();
    return run(io_, remote_->fetch_whole(Path(path), at_most, {}));
  }
  static std::string text(const WholeFile& whole) {
    return {reinterpret_cast<const char*>(whole.content.data()), whole.content.size()};
  }
};

TEST_F(WholeFiles, TellWhatTheyAreAndWhatTheyHold) {
  tree().file("/a", "content");
  mount();
  const auto whole = fetch("/a");
  ASSERT_TRUE(whole);
  EXPECT_EQ(text(*whole), "content");
  EXPECT_EQ(whole->attributes, *stat("/a"));
}

TEST_F(WholeFiles, CostALookAndARetrieval) {
  tree().file("/a", "content");
  tree().file("/empty", "");
  mount();
  fetch("/a");
  EXPECT_THAT(server_.take_commands(), testing::ElementsAre("MLST /a", "EPSV", "RETR /a"));
  EXPECT_TRUE(fetch("/empty"));
  EXPECT_THAT(server_.take_commands(), testing::ElementsAre("MLST /empty"));
  EXPECT_EQ(server_.sessions(), 1u);
}

TEST_F(WholeFiles, AreNoneWhereTheyAreTooLargeOrSomethingElse) {
  tree().file("/large", std::string(1001, 'l'));
  tree().file("/largest", std::string(1000, 'l'));
  tree().directory("/directory");
  mount();
  EXPECT_FALSE(fetch("/large"));
  EXPECT_THAT(server_.take_commands(), testing::ElementsAre("MLST /large"));
  EXPECT_TRUE(fetch("/largest"));
  EXPECT_FALSE(fetch("/directory"));
  EXPECT_FALSE(fetch("/missing"));
}

TEST_F(WholeFiles, AreNoneWithoutASessionToSpare) {
  tree().file("/a", "content");
  tree().file("/big", std::string(20'000'000, 'b'));
  ftp::FtpConfig two = config();
  two.max_conns = 2;
  mount(two);
  EXPECT_EQ(remote_->spare(), 2u);
  auto source = run(io_, remote_->open_source(Path("/big"), 0, {}));
  EXPECT_EQ(remote_->spare(), 1u);
  EXPECT_TRUE(fetch("/a"));
  source.reset();
  settle(io_);

  ftp::FtpConfig one = config();
  one.max_conns = 1;
  mount(one);
  EXPECT_EQ(remote_->spare(), 0u) << "whoever comes next needs it";
  EXPECT_FALSE(fetch("/a"));
  EXPECT_THAT(server_.take_commands(), testing::IsEmpty());
}

}  // namespace
}  // namespace ftpfs::test
