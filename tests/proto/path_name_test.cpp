// SPDX-License-Identifier: MIT
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/proto/path_name.hpp>

namespace ftpfs::proto {
namespace {

struct PathReply {
  std::string text;
  std::optional<std::string> path;
};

TEST(PathName, Table) {
  const std::vector<PathReply> table = {
      {"\"/\" is the current directory", "/"},
      {"\"/home/me\"", "/home/me"},
      {"\"/a \"\"quoted\"\" name\" is current", "/a \"quoted\" name"},
      {"\"\"\"\"", "\""},
      {"\"/with space\" is cwd", "/with space"},
      {"\"'HLQ.'\" is the working directory name prefix.", "'HLQ.'"},
      {"/no/quotes is the current directory", "/no/quotes"},
      {"  /no/quotes", "/no/quotes"},
      {"\"DISK:[DIR]\" is current", "DISK:[DIR]"},
      {"\"C:/\"", "C:/"},
      {"\"/no end", "/no end"},
      {"Current directory is \"/x\"", "/x"},
      {"\"/folded\npath\"", std::nullopt},
      {"\"\"", std::nullopt},
      {"", std::nullopt},
      {"   ", std::nullopt},
  };
  for (const PathReply& test : table) {
    Reply reply;
    reply.code = 257;
    reply.text = test.text;
    EXPECT_EQ(parse_path_name(reply), test.path) << test.text;
  }
}

TEST(PathName, OfUnixOrNot) {
  for (const char* path : {"/", "/home/me", "C:", "C:/", "d:/pub", "/C:/pub", "/ux0:", "/DISK$USER/JOE"})
    EXPECT_TRUE(is_unix_path(path)) << path;
  for (const char* path :
       {"'HLQ.'", "'HLQ.PDS'", "DISK:[DIR]", "C:\\pub", "\\SYSTEM.$VOL.SUBVOL", "QGPL", "x:y", ""})
    EXPECT_FALSE(is_unix_path(path)) << path;
}

TEST(PathName, HostileSizes) {
  Reply reply;
  reply.text = '"' + std::string(1 << 20, '"');
  EXPECT_EQ(parse_path_name(reply)->size(), std::size_t{1} << 19);
  reply.text = std::string(1 << 20, 'x');
  EXPECT_EQ(parse_path_name(reply)->size(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace ftpfs::proto
