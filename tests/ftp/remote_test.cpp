// SPDX-License-Identifier: MIT
// The same operations on many kinds of servers: other commands, the same results.
#include <algorithm>
#include <cerrno>
#include <functional>

#include <gmock/gmock.h>

#include "remote_fixture.hpp"

namespace ftpfs::test {
namespace {

using testing::UnorderedElementsAre;

struct Kindred {  // one kind of server
  std::string name;
  std::function<void(Behaviour&)> make;
  bool shows_dot_files = true;
  bool sets_mtime = true;
  bool sets_mode = true;
};

void PrintTo(const Kindred& kind, std::ostream* out) {
  *out << kind.name;
}

const std::vector<Kindred>& kinds() {
  using B = Behaviour;
  static const std::vector<Kindred> all{
      {"Everything", [](B&) {}},
      {"NoFeat", [](B& b) { b.feat = false; }},
      {"NoUtf8", [](B& b) { b.utf8 = false; }},
      {"Clnt", [](B& b) { b.clnt = true; }},
      {"NoMlsd", [](B& b) { b.mlsd = false; }},
      {"NoMlst", [](B& b) { b.mlst = false; }},
      {"NoEpsv", [](B& b) { b.epsv = false; }},
      {"NoPasv", [](B& b) { b.pasv = false; }},
      {"NoSize", [](B& b) { b.size = false; }},
      {"NoMdtm", [](B& b) { b.mdtm = false; }},
      {"NoSizeMdtmMlst", [](B& b) { b.size = b.mdtm = b.mlst = false; }},
      {"NoRest", [](B& b) { b.rest = false; }},
      {"NoMfmt", [](B& b) { b.mfmt = false; }, true, false},
      {"Mff", [](B& b) { b.mfmt = b.site_chmod = false, b.mff = true; }},
      {"SiteUtime", [](B& b) { b.mfmt = false, b.site_utime = true; }},
      {"NoSiteChmod", [](B& b) { b.site_chmod = false; }, true, true, false},
      {"Early150", [](B& b) { b.early_150 = true; }},
      {"Terse", [](B& b) { b.terse = true; }},
      {"EpsvPortClosed", [](B& b) { b.epsv_port_closed = true; }},
      {"LyingPasv", [](B& b) { b.epsv = false, b.pasv_address = "10,1,2,3"; }},
      {"RenameRefused", [](B& b) { b.rename_replaces = false; }},
      {"RenameRefusedTersely", [](B& b) { b.rename_replaces = false, b.terse = true; }},
      {"RenameLies", [](B& b) { b.rename_lies = true; }},
      {"RenameLiesNoSize", [](B& b) { b.rename_lies = true, b.size = false; }},
      {"DashAIsAName", [](B& b) { b.mlst = b.list_options = false; }, false},
      {"Overstates", [](B& b) { b.overstates = true, b.mlst = b.size = b.mdtm = b.rest = b.mfmt = false; },
       true, false},
      {"ListIgnoresPath", [](B& b) { b.mlst = false, b.list_ignores_path = true; }},
      {"Vsftpd",
       [](B& b) {
         b.mlst = b.mfmt = false;
         b.mdtm_sets = b.list_missing_is_empty = b.terse = true;
       }},
      {"Proftpd",
       [](B& b) {
         b.rename_replaces = false;
         b.mff = true;
         b.mlsd_links = B::Links::symlink;
       }},
      {"PureFtpd", [](B& b) { b.list_missing_is_empty = b.site_utime = true; }},
      {"Pyftpdlib",
       [](B& b) {
         b.mlsd_links = B::Links::followed;
         b.early_150 = true;
       }},
      {"Iis",
       [](B& b) {
         b.mlst = b.mfmt = b.list_options = b.hides_dot_files = b.rename_replaces = b.site_chmod = false;
         b.dos_listing = b.mdtm_sets = true;
       },
       true, true, false},
      {"BusyboxLike",
       [](B& b) {
         b.feat = b.mlst = b.size = b.mdtm = b.rest = b.mfmt = b.site_chmod = b.utf8 = false;
         b.terse = true;
       },
       true, false, false}};
  return all;
}

class EveryServer : public RemoteFixture, public testing::WithParamInterface<Kindred> {
 protected:
  EveryServer() {
    tree().file("/a.txt", "hello");
    tree().file("/.dot", "hidden");
    tree().file("/two words", "2");
    tree().file("/dir/inner", "inside", 1'650'000'000);
    tree().directory("/empty");
    GetParam().make(behaviour());
    mount();
  }
  ~EveryServer() override { EXPECT_EQ(server_.faults_left(), 0u); }
};

INSTANTIATE_TEST_SUITE_P(Ftp, EveryServer, testing::ValuesIn(kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_P(EveryServer, ListsADirectory) {
  for (int again = 0; again < 3; ++again) {  // what was learned must not change the result
    auto found = names("/");
    std::erase(found, ".dot");
    EXPECT_THAT(found, UnorderedElementsAre("a.txt", "two words", "dir", "empty"));
    EXPECT_THAT(names("/dir"), UnorderedElementsAre("inner"));
    EXPECT_THAT(names("/empty"), UnorderedElementsAre());
  }
  EXPECT_EQ(std::ranges::count(names("/"), ".dot"), GetParam().shows_dot_files ? 1 : 0);
}

TEST_P(EveryServer, ListsKindsSizesAndTimes) {
  for (const Entry& entry : list("/")) {
    const bool directory = entry.name == "dir" || entry.name == "empty";
    EXPECT_EQ(entry.attributes.kind, directory ? Kind::directory : Kind::file) << entry.name;
    if (entry.name == "a.txt") {
      EXPECT_EQ(entry.attributes.size, 5u);
      ASSERT_TRUE(entry.attributes.mtime);
      EXPECT_TRUE(consistent(*entry.attributes.mtime, Timestamp{Tree::default_mtime, Precision::second}));
    }
  }
}

TEST_P(EveryServer, AMissingDirectoryIsENOENT) {
  EXPECT_EQ(failure([&] { list("/missing"); }), ENOENT);
  EXPECT_EQ(failure([&] { list("/missing/below"); }), ENOENT);
}

TEST_P(EveryServer, AFileIsNoDirectory) {
  EXPECT_EQ(failure([&] { list("/a.txt"); }), ENOTDIR);
}

TEST_P(EveryServer, TellsWhatIsThere) {
  for (int again = 0; again < 2; ++again) {
    const auto file = stat("/a.txt");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->kind, Kind::file);
    EXPECT_EQ(file->size, 5u);
    const auto inner = stat("/dir/inner");
    ASSERT_TRUE(inner);
    EXPECT_EQ(inner->size, 6u);
    const auto directory = stat("/dir");
    ASSERT_TRUE(directory);
    EXPECT_EQ(directory->kind, Kind::directory);
    const auto root = stat("/");
    ASSERT_TRUE(root);
    EXPECT_EQ(root->kind, Kind::directory);
  }
}

TEST_P(EveryServer, TellsWhatIsNotThere) {
  EXPECT_FALSE(stat("/missing"));
  EXPECT_FALSE(stat("/missing/below"));
  EXPECT_FALSE(stat("/empty/nothing"));
}

TEST_P(EveryServer, ReadsFiles) {
  const std::string big(300'000, 'b');
  tree().file("/big", big);
  tree().file("/nothing", "");
  EXPECT_EQ(read("/a.txt"), "hello");
  EXPECT_EQ(read("/two words"), "2");
  EXPECT_EQ(read("/nothing"), "");
  EXPECT_TRUE(read("/big") == big);
}

TEST_P(EveryServer, ReadsFromAnOffset) {
  EXPECT_EQ(read("/a.txt", 2), "llo");
  EXPECT_EQ(read("/a.txt", 5), "");
  EXPECT_EQ(read("/a.txt", 10), "");
  EXPECT_EQ(read("/a.txt"), "hello");
}

TEST_P(EveryServer, ReadingWhatIsNotAFileFails) {
  EXPECT_EQ(failure([&] { read("/missing"); }), ENOENT);
  EXPECT_EQ(failure([&] { read("/dir"); }), EISDIR);
  EXPECT_EQ(read("/a.txt"), "hello");
}

TEST_P(EveryServer, WritesFiles) {
  const std::string big(300'000, 'b');
  EXPECT_EQ(write("/new", "content").size, 7u);
  EXPECT_EQ(write("/a.txt", "replaced").size, 8u);
  EXPECT_EQ(write("/dir/nothing", "").size, 0u);
  EXPECT_EQ(write("/big", big).size, big.size());
  EXPECT_EQ(tree().content("/new"), "content");
  EXPECT_EQ(tree().content("/a.txt"), "replaced");
  EXPECT_EQ(tree().content("/dir/nothing"), "");
  EXPECT_TRUE(tree().content("/big") == big);
}

TEST_P(EveryServer, Appends) {
  EXPECT_EQ(append("/a.txt", " world").size, 11u);
  EXPECT_EQ(tree().content("/a.txt"), "hello world");
  append("/fresh", "first");
  EXPECT_EQ(tree().content("/fresh"), "first");
}

TEST_P(EveryServer, WritingWhereNothingCanBeFails) {
  EXPECT_EQ(failure([&] { write("/missing/file", "x"); }), ENOENT);
  EXPECT_EQ(failure([&] { write("/dir", "x"); }), EISDIR);
  EXPECT_TRUE(tree().find("/dir")->is_directory());
}

TEST_P(EveryServer, MakesAndRemovesDirectories) {
  mkdir("/new dir");
  EXPECT_TRUE(tree().find("/new dir")->is_directory());
  EXPECT_EQ(failure([&] { mkdir("/new dir"); }), EEXIST);
  EXPECT_EQ(failure([&] { mkdir("/a.txt"); }), EEXIST);
  EXPECT_EQ(failure([&] { mkdir("/missing/dir"); }), ENOENT);
  rmdir("/new dir");
  EXPECT_FALSE(tree().exists("/new dir"));
  EXPECT_EQ(failure([&] { rmdir("/new dir"); }), ENOENT);
  EXPECT_EQ(failure([&] { rmdir("/dir"); }), ENOTEMPTY);
  EXPECT_EQ(failure([&] { rmdir("/a.txt"); }), ENOTDIR);
  EXPECT_TRUE(tree().exists("/dir/inner"));
}

TEST_P(EveryServer, RemovesFiles) {
  unlink("/a.txt");
  unlink("/two words");
  EXPECT_FALSE(tree().exists("/a.txt"));
  EXPECT_FALSE(tree().exists("/two words"));
  EXPECT_EQ(failure([&] { unlink("/a.txt"); }), ENOENT);
  EXPECT_EQ(failure([&] { unlink("/dir"); }), EISDIR);
}

TEST_P(EveryServer, Renames) {
  rename("/a.txt", "/dir/b.txt");
  EXPECT_EQ(tree().content("/dir/b.txt"), "hello");
  EXPECT_FALSE(tree().exists("/a.txt"));
  rename("/dir", "/folder");
  EXPECT_EQ(tree().content("/folder/inner"), "inside");
  EXPECT_EQ(failure([&] { rename("/missing", "/x"); }), ENOENT);
  EXPECT_EQ(failure([&] { rename("/folder", "/missing/x"); }), ENOENT);
}

TEST_P(EveryServer, AFileReplacesAFile) {
  rename("/two words", "/a.txt");
  EXPECT_EQ(tree().content("/a.txt"), "2");
  EXPECT_FALSE(tree().exists("/two words"));
  EXPECT_EQ(tree().find("/")->children.size(), 4u);  // .dot, a.txt, dir, empty: nothing is left over
  rename("/dir/inner", "/a.txt");                    // once more, with what was learned
  EXPECT_EQ(tree().content("/a.txt"), "inside");
  EXPECT_FALSE(tree().exists("/dir/inner"));
}

TEST_P(EveryServer, SetsTimes) {
  const std::int64_t time = 1'500'000'000;
  const bool can = GetParam().sets_mtime;
  EXPECT_EQ(failure([&] { set_mtime("/two words", time); }), can ? 0 : EOPNOTSUPP);
  EXPECT_EQ(tree().find("/two words")->mtime, can ? time : Tree::default_mtime);
  EXPECT_EQ(remote_->capabilities().set_mtime, can);
  EXPECT_EQ(failure([&] { set_mtime("/missing", time); }), can ? ENOENT : EOPNOTSUPP);
}

TEST_P(EveryServer, SetsModes) {
  const bool can = GetParam().sets_mode;
  EXPECT_EQ(failure([&] { set_mode("/two words", 0640); }), can ? 0 : EOPNOTSUPP);
  EXPECT_EQ(tree().find("/two words")->mode, can ? 0640u : 0644u);
  EXPECT_EQ(remote_->capabilities().set_mode, can);
  EXPECT_EQ(failure([&] { set_mode("/missing", 0640); }), can ? ENOENT : EOPNOTSUPP);
}

// In CP1251 0xFF is a common letter, in Telnet (RFC 854) it starts a command: proftpd 1.3.8 reads
// "a<FF><FE>b" as "a", or doubled as it is meant; vsftpd 3.0.3 and pure-ftpd 1.0.50 read doubled ones as two.
class NameWithTelnetByte : public RemoteFixture, public testing::WithParamInterface<bool> {
 protected:
  NameWithTelnetByte() {
    tree().file("/a", "another");
    tree().file(name, "content");
    behaviour().telnet = GetParam();
    mount();
  }
  const std::string name =
      "/a\xFF\xFE"
      "b";
};

INSTANTIATE_TEST_SUITE_P(Ftp, NameWithTelnetByte, testing::Bool());

TEST_P(NameWithTelnetByte, IsReadFromAnOffset) {
  EXPECT_EQ(read(name, 3), "tent");
  EXPECT_EQ(read(name, 3), "tent");
}

TEST_P(NameWithTelnetByte, IsGivenAndRemoved) {
  rename("/a", "/c\xFF\xFD");
  EXPECT_EQ(tree().content("/c\xFF\xFD"), "another");
  tree().file("/a", "another");
  unlink(name);
  EXPECT_FALSE(tree().exists(name));
  EXPECT_EQ(tree().content("/a"), "another");
}

// rclone #3496: "MLSD " and "LIST " get a 500 from Synology and IIS; no command ever ends with a blank.
TEST_P(EveryServer, NoCommandEndsWithABlank) {
  list("/");
  list("/dir");
  for (const std::string& command : server_.commands()) EXPECT_FALSE(command.ends_with(' ')) << command;
}

}  // namespace
}  // namespace ftpfs::test
