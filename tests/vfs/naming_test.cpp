// SPDX-License-Identifier: MIT
// mkdir, unlink, rmdir, rename: seen at once without asking again, refused with the right errno, and after a
// failure in doubt the server's truth.
#include <stdio.h>

#include <ftpfs/vfs/listing.hpp>

#include "vfs/vfs_test.hpp"

namespace ftpfs::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using vfs::root_ino;

class NamingTest : public VfsTest {
 protected:
  NamingTest() {
    tree().put_file("/dir/a", "1");
    tree().put_file("/dir/b", "22");
    tree().put_directory("/dir/empty");
  }
  // Lists /dir once; afterwards everything about it is known.
  void know() {
    client().names("/dir");
    client().names("/dir/empty");
    calls_ = remote_.calls();
  }
  std::size_t further_calls() const { return remote_.calls() - calls_; }

  std::size_t calls_ = 0;
};

TEST_F(NamingTest, ANewDirectoryShowsAtOnce) {
  know();
  client().mkdir("/dir/new");
  EXPECT_TRUE(S_ISDIR(client().stat("/dir/new").st_mode));
  EXPECT_THAT(client().names("/dir"), ElementsAre("a", "b", "empty", "new"));
  EXPECT_EQ(further_calls(), 1u);
  EXPECT_TRUE(tree().exists("/dir/new"));
  EXPECT_THAT(client().names("/dir/new"), IsEmpty());
  EXPECT_FALSE(client().exists("/dir/new/x"));
}

TEST_F(NamingTest, ARemovedFileIsGoneAtOnce) {
  know();
  client().unlink("/dir/a");
  EXPECT_FALSE(client().exists("/dir/a"));
  EXPECT_THAT(client().names("/dir"), ElementsAre("b", "empty"));
  EXPECT_EQ(further_calls(), 1u);
}

TEST_F(NamingTest, ARemovedDirectoryIsGoneAtOnce) {
  know();
  client().rmdir("/dir/empty");
  EXPECT_FALSE(client().exists("/dir/empty"));
  EXPECT_THAT(client().names("/dir"), ElementsAre("a", "b"));
  EXPECT_EQ(further_calls(), 1u);
}

TEST_F(NamingTest, ARenamedFileShowsUnderItsNewNameOnly) {
  know();
  const vfs::Ino ino = client().ino("/dir/a");
  client().rename("/dir/a", "/dir/c");
  EXPECT_FALSE(client().exists("/dir/a"));
  EXPECT_EQ(client().ino("/dir/c"), ino);
  EXPECT_THAT(client().names("/dir"), ElementsAre("b", "c", "empty"));
  EXPECT_EQ(further_calls(), 1u);
}

TEST_F(NamingTest, ARenameIntoAnotherDirectoryEditsBoth) {
  know();
  client().rename("/dir/a", "/dir/empty/a");
  EXPECT_THAT(client().names("/dir"), ElementsAre("b", "empty"));
  EXPECT_THAT(client().names("/dir/empty"), ElementsAre("a"));
  EXPECT_EQ(client().stat("/dir/empty/a").st_size, 1);
  EXPECT_EQ(further_calls(), 1u);
}

TEST_F(NamingTest, ARenameReplacesAFile) {
  know();
  client().rename("/dir/a", "/dir/b");
  EXPECT_EQ(client().stat("/dir/b").st_size, 1);
  EXPECT_THAT(client().names("/dir"), ElementsAre("b", "empty"));
  EXPECT_EQ(tree().content("/dir/b"), "1");
}

TEST_F(NamingTest, ARenamedDirectoryTakesItsChildrenAlong) {
  know();
  const vfs::Ino ino = client().ino("/dir/a");
  client().rename("/dir", "/moved");
  EXPECT_EQ(client().ino("/moved/a"), ino);
  EXPECT_EQ(client().read_file("/moved/b"), "22");
  EXPECT_FALSE(client().exists("/dir"));
  client().unlink("/moved/a");
  EXPECT_THAT(tree().names("/moved"), ElementsAre("b", "empty"));
}

TEST_F(NamingTest, ANameThatIsTakenIsRefused) {
  know();
  EXPECT_EQ(errno_of([&] { client().mkdir("/dir/a"); }), EEXIST);
  EXPECT_EQ(errno_of([&] { client().mkdir("/dir/empty"); }), EEXIST);
  EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/dir/b", RENAME_NOREPLACE); }), EEXIST);
  EXPECT_EQ(tree().content("/dir/b"), "22");
}

TEST_F(NamingTest, NoreplaceLooksAtTheServerNotAtMemory) {
  know();
  tree().put_file("/dir/behind-our-back", "precious");
  EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/dir/behind-our-back", RENAME_NOREPLACE); }), EEXIST);
  EXPECT_EQ(tree().content("/dir/behind-our-back"), "precious");
}

TEST_F(NamingTest, NoreplaceToAFreeNameRenames) {
  client().rename("/dir/a", "/dir/c", RENAME_NOREPLACE);
  EXPECT_EQ(tree().content("/dir/c"), "1");
  EXPECT_FALSE(tree().exists("/dir/a"));
}

TEST_F(NamingTest, OtherRenameFlagsAreInvalid) {
  EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/dir/b", RENAME_EXCHANGE); }), EINVAL);
  EXPECT_EQ(tree().content("/dir/b"), "22");
}

TEST_F(NamingTest, RemovingTheWrongKindIsRefused) {
  EXPECT_EQ(errno_of([&] { client().unlink("/dir/empty"); }), EISDIR);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir/a"); }), ENOTDIR);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir"); }), ENOTEMPTY);
  EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/dir/empty"); }), EISDIR);
  EXPECT_EQ(errno_of([&] { client().rename("/dir/empty", "/dir/a"); }), ENOTDIR);
  tree().put_file("/full/x", "");
  EXPECT_EQ(errno_of([&] { client().rename("/dir", "/full"); }), ENOTEMPTY);
  EXPECT_EQ(errno_of([&] { client().rename("/dir", "/dir/empty/dir"); }), EINVAL);
}

// The server sees an empty directory and would remove it, and with it the place of a file that is still to
// come.
TEST_F(NamingTest, ADirectoryWithAFileThatIsNotSentYetIsNotEmpty) {
  config_.upload = vfs::UploadMode::atomic;
  const vfs::Handle handle = client().create("/dir/empty/new");
  client().write(handle, 0, "content");
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir/empty"); }), ENOTEMPTY);
  tree().put_directory("/other");
  EXPECT_EQ(errno_of([&] { client().rename("/other", "/dir/empty"); }), ENOTEMPTY);
  EXPECT_EQ(errno_of([&] { client().mkdir("/dir/empty/new"); }), EEXIST);
  client().close(handle);
  EXPECT_EQ(tree().content("/dir/empty/new"), "content");
}

TEST_F(NamingTest, WhatIsMissingIsMissing) {
  EXPECT_EQ(errno_of([&] { client().unlink("/dir/x"); }), ENOENT);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir/x"); }), ENOENT);
  EXPECT_EQ(errno_of([&] { client().rename("/dir/x", "/dir/y"); }), ENOENT);
}

TEST_F(NamingTest, ANameTheServerRefusesIsNotShown) {
  know();
  remote_.on(Op::make_directory).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().mkdir("/dir/new"); }), EACCES);
  EXPECT_FALSE(client().exists("/dir/new"));
  remote_.on(Op::remove_file).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().unlink("/dir/a"); }), EACCES);
  EXPECT_TRUE(client().exists("/dir/a"));
  remote_.on(Op::rename).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/dir/c"); }), EACCES);
  EXPECT_THAT(client().names("/dir"), ElementsAre("a", "b", "empty"));
}

TEST_F(NamingTest, TooLongANameIsRefused) {
  EXPECT_EQ(errno_of([&] { test::run(io_, fs().mkdir(root_ino, std::string(256, 'x'), 0755, {})); }),
            ENAMETOOLONG);
  EXPECT_EQ(remote_.calls(Op::make_directory), 0u);
}

TEST_F(NamingTest, AfterALostReplyTheServersTruthIsShown) {
  know();
  const auto lost = ConnectionLost(EIO, "reset");
  remote_.on(Op::make_directory).fail_next(lost, 1, When::after_effect);
  EXPECT_EQ(errno_of([&] { client().mkdir("/dir/new"); }), EIO);
  EXPECT_TRUE(client().exists("/dir/new"));
  remote_.on(Op::remove_file).fail_next(lost, 1, When::after_effect);
  EXPECT_EQ(errno_of([&] { client().unlink("/dir/a"); }), EIO);
  EXPECT_FALSE(client().exists("/dir/a"));
  remote_.on(Op::rename).fail_next(lost, 1, When::after_effect);
  EXPECT_EQ(errno_of([&] { client().rename("/dir/b", "/dir/c"); }), EIO);
  EXPECT_FALSE(client().exists("/dir/b"));
  EXPECT_TRUE(client().exists("/dir/c"));
  remote_.on(Op::remove_directory).fail_next(lost, 1, When::after_effect);
  EXPECT_EQ(errno_of([&] { client().rmdir("/dir/empty"); }), EIO);
  EXPECT_FALSE(client().exists("/dir/empty"));
}

TEST_F(NamingTest, AnInterruptedChangeLeavesTheServersTruth) {
  know();
  remote_.on(Op::rename).hold(When::after_effect);
  auto rename = client().rename_later("/dir/a", "/dir/c");
  ASSERT_FALSE(rename.done());
  rename.interrupt();
  EXPECT_EQ(rename.code(), EINTR);
  remote_.on(Op::rename).release();
  EXPECT_FALSE(client().exists("/dir/a"));
  EXPECT_TRUE(client().exists("/dir/c"));
}

TEST_F(NamingTest, WhatCannotBeOneLineOfACommandIsRefused) {
  for (const std::string name : {"new\nline", "return\r"}) {
    EXPECT_EQ(errno_of([&] { client().mkdir("/" + name); }), EINVAL);
    EXPECT_EQ(errno_of([&] { client().create("/" + name); }), EINVAL);
    EXPECT_EQ(errno_of([&] { client().rename("/dir/a", "/" + name); }), EINVAL);
  }
  EXPECT_EQ(remote_.calls(Op::make_directory), 0u);
}

class FoldingTest : public NamingTest {
 protected:
  FoldingTest() { tree().fold_case(); }
};

TEST_F(FoldingTest, ANewFileDoesNotTakeThePlaceOfOneInAnotherCase) {
  know();
  EXPECT_EQ(errno_of([&] { client().create("/dir/A"); }), EEXIST);
  EXPECT_EQ(errno_of([&] { client().write_file("/dir/A", "x"); }), EEXIST);
  EXPECT_EQ(tree().content("/dir/a"), "1");
  EXPECT_THAT(client().names("/dir"), ElementsAre("a", "b", "empty"));
}

TEST_F(FoldingTest, ARenameDoesNotTakeThePlaceOfAFileInAnotherCase) {
  know();
  EXPECT_EQ(errno_of([&] { client().rename("/dir/b", "/dir/A"); }), EEXIST);
  EXPECT_EQ(tree().content("/dir/a"), "1");
  EXPECT_EQ(tree().content("/dir/b"), "22");
}

TEST_F(FoldingTest, AFileMayChangeItsCase) {
  for (const bool known : {true, false}) {
    if (known) know();
    client().rename(known ? "/dir/a" : "/dir/A", known ? "/dir/A" : "/dir/a");
    EXPECT_THAT(client().names("/dir"), ElementsAre(known ? "A" : "a", "b", "empty"));
    EXPECT_EQ(client().read_file(known ? "/dir/A" : "/dir/a"), "1");
    advance(config_.listing_ttl + std::chrono::seconds(1));
  }
}

TEST_F(FoldingTest, NoNameIsListedTwice) {
  const auto handle = client().open("/dir/A", O_WRONLY);  // by a look at the server, which says yes
  client().names("/dir");
  client().write(handle, 0, "changed");
  client().close(handle);
  EXPECT_EQ(client().names("/dir").size(), 3u);
  EXPECT_EQ(tree().content("/dir/a"), "changed");
}

TEST(Twins, DifferInCaseOnly) {
  for (const auto& [left, right] : std::vector<std::pair<const char*, const char*>>{{"readme", "README"},
                                                                                    {"Ärger", "ärger"},
                                                                                    {"ΑΒΓ", "αβγ"},
                                                                                    {"Файл", "файл"},
                                                                                    {"Ёж", "ёж"},
                                                                                    {"\xE4", "\xC4"}}) {
    EXPECT_TRUE(vfs::may_be_twins(left, right)) << left;
    EXPECT_TRUE(vfs::may_be_twins(right, left)) << left;
  }
  for (const auto& [left, right] : std::vector<std::pair<const char*, const char*>>{
           {"same", "same"}, {"a", "b"}, {"日本", "中国"}, {"ä", "ö"}, {"a", "aa"}, {"[", "{"}})
    EXPECT_FALSE(vfs::may_be_twins(left, right)) << left;
}

// Whatever else lies there, and however long the names are: looked up, not searched.
TEST(Twins, AreFoundInADirectory) {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"readme", "README"},
      {"a rather long name of a file.TXT", "A Rather Long Name Of A File.txt"},
      {"Ärger", "ärger"},
      {"12345678Ärger", "12345678ärger"},
      {"1234567Ärger", "1234567ärger"},
      {"ΑΒΓ und Файл", "αβγ UND файл"},
      {"Ёж", "ёж"},
      {"\xE4", "\xC4"}};
  const auto entry = [](const std::string& name) {
    Entry result;
    result.name = name;
    return result;
  };
  std::vector<Entry> entries;
  for (int other = 0; other < 1000; ++other) entries.push_back(entry("other" + std::to_string(other)));
  for (const auto& [one, twin] : pairs) entries.push_back(entry(one));
  vfs::Listing listing(entries, Clock::time_point());
  for (const auto& [one, twin] : pairs) {
    const auto found = listing.twin_of(twin);
    ASSERT_TRUE(found) << twin;
    EXPECT_EQ(found->name, one);
    EXPECT_FALSE(listing.twin_of(one)) << one;
    EXPECT_FALSE(listing.find(twin)) << twin;
    listing.erase(one);
    EXPECT_FALSE(listing.twin_of(twin)) << twin;
    listing.put(entry(twin));
    EXPECT_TRUE(listing.twin_of(one)) << one;
  }
  EXPECT_FALSE(listing.twin_of("other0"));
  EXPECT_TRUE(listing.twin_of("OTHER999"));
}

TEST_F(NamingTest, NamesInAnotherCaseAreOthersWhereTheServerSaysSo) {
  know();
  client().write_file("/dir/A", "new");
  client().rename("/dir/b", "/dir/B");
  EXPECT_EQ(tree().content("/dir/a"), "1");
  EXPECT_THAT(client().names("/dir"), ElementsAre("A", "B", "a", "empty"));
}

TEST_F(NamingTest, NamesAreBytes) {
  for (const std::string name : {"with space", "-dash", "~", "*[?]#%", "\"quote'", "\xff\xfe", "\u00e4"}) {
    client().mkdir("/" + name);
    EXPECT_TRUE(tree().exists("/" + name));
    client().write_file("/" + name + "/" + name, name);
    EXPECT_EQ(client().read_file("/" + name + "/" + name), name);
  }
}

TEST_F(NamingTest, AFileBeingWrittenMovesWithItsDirectory) {
  know();
  const std::string content(300'000, 'x');
  const vfs::Handle handle = client().create("/dir/new");
  client().write(handle, 0, content);
  client().rename("/dir", "/moved");
  client().close(handle);
  EXPECT_TRUE(tree().content("/moved/new") == content);
  EXPECT_EQ(remote_.sinks().size(), 1u);
}

TEST_F(NamingTest, AFileBeingReplacedMovesWithItsDirectory) {
  know();
  const vfs::Handle handle = client().open("/dir/a", O_WRONLY | O_TRUNC);
  client().write(handle, 0, "changed");
  remote_.on(Op::commit).hold();
  auto flush = client().flush_later(handle);
  auto rename = client().rename_later("/dir", "/moved");
  remote_.on(Op::commit).release();
  rename.get();
  EXPECT_EQ(flush.code(), 0);
  client().release(handle);
  EXPECT_EQ(tree().content("/moved/a"), "changed");
  EXPECT_THAT(tree().names("/moved"), ElementsAre("a", "b", "empty")) << "no temporary name is left";
}

TEST_F(NamingTest, ARefusedModeDoesNotFailMkdir) {
  remote_.on(Op::set_mode).fail_next(Error(EACCES, "550"), 100);
  test::run(io_, fs().mkdir(root_ino, "private", 0700, {}));
  EXPECT_TRUE(tree().exists("/private"));
}

TEST_F(NamingTest, AnEmptyDirectoryComesBackWhenTheRenameFails) {
  tree().put_file("/full/inside", "x");
  tree().put_directory("/vacant")->mode = 0700;
  remote_.on(Op::rename).fail_next(Error(EACCES, "550"));
  EXPECT_EQ(errno_of([&] { client().rename("/full", "/vacant"); }), EACCES);
  ASSERT_TRUE(tree().exists("/vacant"));
  EXPECT_EQ(tree().find(Path("/vacant"))->mode, 0700);
  EXPECT_TRUE(client().exists("/vacant"));
  EXPECT_TRUE(client().exists("/full/inside"));
}

}  // namespace
}  // namespace ftpfs::test
