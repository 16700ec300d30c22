// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/log_file.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

namespace fs = std::filesystem;

class LogFile : public testing::Test {
 protected:
  Settings settings(const std::string& file) const {
    Settings made;
    made.mount.mountpoint = folder_.path() / "mnt";
    made.log_file = file;
    return made;
  }
  std::optional<ExitStatus> refusal(const std::string& file) const {
    Settings tried = settings(file);
    try {
      prepare_log_file(tried);
      return std::nullopt;
    } catch (const Failure& failure) {
      EXPECT_NE(std::string(failure.what()).find("log file /"), std::string::npos) << failure.what();
      return failure.status();
    }
  }

  int lines(const std::string& name) const {
    std::ifstream file(folder_.path() / name);
    int count = 0;
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }

  test::TemporaryDirectory folder_;
};

TEST_F(LogFile, IsMadeForItsOwnerAndWrittenAtItsEnd) {
  Settings made = settings(folder_.path() / "dir" / ".." / "log");
  prepare_log_file(made);
  EXPECT_EQ(made.log_file, (folder_.path() / "log").string());
  struct ::stat status {};
  ASSERT_EQ(::stat(made.log_file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  std::ofstream(made.log_file) << "before\n";
  logger_for(made)->warn("what happened");
  std::ostringstream text;
  text << std::ifstream(made.log_file).rdbuf();
  EXPECT_TRUE(text.str().starts_with("before\n"));
  EXPECT_TRUE(text.str().ends_with(" warning: what happened\n")) << text.str();
}

TEST_F(LogFile, GoesOnInANewFileWhereTheOldOneWasMoved) {
  Settings made = settings(folder_.path() / "log");
  prepare_log_file(made);
  const Logger logger = logger_for(made);
  logger->warn("first");
  fs::rename(folder_.path() / "log", folder_.path() / "log.1");
  logger->warn("second");
  reopen_log(*logger);
  logger->warn("third");
  EXPECT_EQ(lines("log.1"), 2) << "what nobody has moved yet is still the log";
  EXPECT_EQ(lines("log"), 1);
}

TEST_F(LogFile, ThatCannotBeOpenedAgainGoesOnInTheOldOne) {
  Settings made = settings(folder_.path() / "dir" / "log");
  fs::create_directory(folder_.path() / "dir");
  prepare_log_file(made);
  const Logger logger = logger_for(made);
  fs::rename(folder_.path() / "dir", folder_.path() / "moved");
  reopen_log(*logger);
  logger->warn("after");
  EXPECT_EQ(lines("moved/log"), 2) << "why it could not, and what came then";
}

TEST_F(LogFile, InsideTheMountIsRefused) {
  fs::create_directory(folder_.path() / "mnt");
  fs::create_directory_symlink(folder_.path() / "mnt", folder_.path() / "link");
  EXPECT_EQ(refusal(folder_.path() / "mnt" / "log"), ExitStatus::usage);
  EXPECT_EQ(refusal(folder_.path() / "link" / "sub" / "log"), ExitStatus::usage);
  EXPECT_TRUE(fs::is_empty(folder_.path() / "mnt"));
}

TEST_F(LogFile, ThatCannotBeWrittenIsRefused) {
  EXPECT_EQ(refusal(folder_.path() / "nowhere" / "log"), ExitStatus::local_files);
  EXPECT_EQ(refusal(folder_.path()), ExitStatus::local_files) << "a directory";
}

}  // namespace
}  // namespace ftpfs::cli
