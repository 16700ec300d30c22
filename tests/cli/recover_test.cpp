// SPDX-License-Identifier: MIT
// What is shown of a spool, and what is copied out of it.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <ftpfs/cli/recover.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;
using LeftState = vfs::Leftover::State;
using testing::ElementsAre;
using testing::HasSubstr;

std::string content_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

class Recover : public testing::Test {
 protected:
  vfs::Leftover leftover(LeftState state, const std::string& path, const std::string& file) const {
    vfs::Leftover made;
    made.state = state;
    made.source = state == LeftState::kept ? "" : "joe\nnas\n21\n/dir";
    made.path = path;
    made.file = file;
    made.size = file.empty() ? 0 : fs::file_size(file);
    return made;
  }
  std::vector<std::string> exported(std::vector<vfs::Leftover> files) const {
    const std::vector<vfs::LeftFolder> folders{{"/spool/joe@nas-1", false, std::move(files)}};
    return export_leftovers(folders, folder_.path() / "out");
  }
  fs::path out(const std::string& name) const { return folder_.path() / "out" / "joe@nas-1" / name; }

  test::TemporaryDirectory folder_;
};

TEST_F(Recover, TheListSaysWhatCanBeSent) {
  const std::string file = folder_.write("stage", "content");
  vfs::LeftFolder folder{"/spool/joe@nas-1", false, {leftover(LeftState::unsent, "/a\n", file)}};
  EXPECT_THAT(leftovers_text({folder}, Paint()), HasSubstr("  unsent             7 B  "));
  EXPECT_THAT(leftovers_text({folder}, Paint()), HasSubstr("  /a\\x0A  of joe@nas:/dir\n"));
  EXPECT_THAT(leftovers_text({folder}, Paint()), HasSubstr("1 file can be sent"));
  folder.in_use = true;
  EXPECT_THAT(leftovers_text({folder}, Paint()), testing::Not(HasSubstr("can be sent")));
  const auto told = nlohmann::json::parse(leftovers_json({folder}));
  EXPECT_EQ(told[0]["in_use"], true);
  EXPECT_EQ(told[0]["files"][0]["state"], "unsent");
  EXPECT_EQ(told[0]["files"][0]["file"], file);
}

TEST_F(Recover, ContentsAreCopiedWhereTheyBelong) {
  const std::string file = folder_.write("stage", "content");
  EXPECT_THAT(exported({leftover(LeftState::unsent, "/dir/a", file), leftover(LeftState::kept, "", file)}),
              ElementsAre("/dir/a -> " + out("dir/a").string(), file + " -> " + out("stage").string()));
  EXPECT_EQ(content_of(out("dir/a")), "content");
  EXPECT_EQ(content_of(out("stage")), "content");
  EXPECT_EQ(content_of(file), "content") << "the spool stays as it is";
}

TEST_F(Recover, NothingIsOverwritten) {
  const std::string file = folder_.write("stage", "new");
  exported({leftover(LeftState::unsent, "/a", file)});
  std::ofstream(out("a")) << "mine";
  exported({leftover(LeftState::unsent, "/a", file)});
  EXPECT_EQ(content_of(out("a")), "mine");
  EXPECT_EQ(content_of(out("a.2")), "new");
}

TEST_F(Recover, WhatIsNoWholeFileSaysSo) {
  const std::string file = folder_.write("stage", "one\ntwo\n");
  vfs::Leftover tail = leftover(LeftState::unsent, "/log", file);
  tail.append = true;
  tail.from = 4;
  vfs::Leftover torn = leftover(LeftState::unsent, "/torn", file);
  torn.complete = false;
  exported({tail, torn, leftover(LeftState::unsent, "/gone", "")});
  EXPECT_EQ(content_of(out("log.appended")), "two\n");
  EXPECT_EQ(content_of(out("torn.incomplete")), "one\ntwo\n");
}

TEST_F(Recover, HolesStayHoles) {
  const std::string file = folder_.write("stage", "begin");
  fs::resize_file(file, std::uintmax_t{1} << 40);
  exported({leftover(LeftState::unsent, "/sparse", file)});
  EXPECT_EQ(fs::file_size(out("sparse")), std::uintmax_t{1} << 40);
}

TEST_F(Recover, ADirectoryThatCannotBeMadeIsAnError) {
  const std::string file = folder_.write("stage", "x");
  const std::vector<vfs::LeftFolder> folders{{"/spool/x", false, {leftover(LeftState::unsent, "/a", file)}}};
  try {
    export_leftovers(folders, file + "/below");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), ExitStatus::local_files);
  }
}

}  // namespace
}  // namespace ftpfs::cli
