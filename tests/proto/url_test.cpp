// SPDX-License-Identifier: MIT
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/proto/url.hpp>

namespace ftpfs::proto {
namespace {

constexpr std::nullopt_t none = std::nullopt;

struct SourceCase {
  const char* source;
  Target target;
};

TEST(Source, Table) {
  const std::vector<SourceCase> table = {
      {"ftp://host", {Scheme::ftp, "host", 0, none, none, ""}},
      {"ftp://host/", {Scheme::ftp, "host", 0, none, none, ""}},
      {"FTP://Host/", {Scheme::ftp, "Host", 0, none, none, ""}},
      {"ftps://host:991/", {Scheme::ftps, "host", 991, none, none, ""}},
      {"ftpes://host", {Scheme::ftpes, "host", 0, none, none, ""}},
      {"ftp://host:", {Scheme::ftp, "host", 0, none, none, ""}},
      {"ftp://host/dir", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"ftp://host/a/b/", {Scheme::ftp, "host", 0, none, none, "a/b/"}},
      {"ftp://host//dir", {Scheme::ftp, "host", 0, none, none, "/dir"}},
      {"ftp://host/%2Fdir", {Scheme::ftp, "host", 0, none, none, "/dir"}},
      {"ftp://host/%2fdir", {Scheme::ftp, "host", 0, none, none, "/dir"}},
      {"ftp://host//", {Scheme::ftp, "host", 0, none, none, "/"}},
      {"ftp://host/dir;type=i", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"ftp://host/a%20b%23", {Scheme::ftp, "host", 0, none, none, "a b#"}},
      {"ftp://host/100%25", {Scheme::ftp, "host", 0, none, none, "100%"}},
      {"ftp://host/%2525", {Scheme::ftp, "host", 0, none, none, "%25"}},
      {"ftp://host/a:b@c", {Scheme::ftp, "host", 0, none, none, "a:b@c"}},
      {"ftp://host/~user", {Scheme::ftp, "host", 0, none, none, "~user"}},
      {"ftp://me@host", {Scheme::ftp, "host", 0, "me", none, ""}},
      {"ftp://me:pw@host:2121/d", {Scheme::ftp, "host", 2121, "me", "pw", "d"}},
      {"ftp://me:@host", {Scheme::ftp, "host", 0, "me", "", ""}},
      {"ftp://me:p:w@host", {Scheme::ftp, "host", 0, "me", "p:w", ""}},
      {"ftp://me%40corp:p%40%3A%2F@host", {Scheme::ftp, "host", 0, "me@corp", "p@:/", ""}},
      {"ftp://me@corp:pw@host", {Scheme::ftp, "host", 0, "me@corp", "pw", ""}},
      {"ftp://[2001:db8::1]/x", {Scheme::ftp, "2001:db8::1", 0, none, none, "x"}},
      {"ftp://me@[::1]:2121//x", {Scheme::ftp, "::1", 2121, "me", none, "/x"}},
      {"ftp://[fe80::1%25eth0]/", {Scheme::ftp, "fe80::1%eth0", 0, none, none, ""}},
      {"ftpfs#ftp://host/dir", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"ftpfs#host:dir", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"host", {Scheme::ftp, "host", 0, none, none, ""}},
      {"host:", {Scheme::ftp, "host", 0, none, none, ""}},
      {"host:dir", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"host:/dir", {Scheme::ftp, "host", 0, none, none, "/dir"}},
      {"host:a%20b", {Scheme::ftp, "host", 0, none, none, "a%20b"}},
      {"host:a:b", {Scheme::ftp, "host", 0, none, none, "a:b"}},
      {"me@host:dir", {Scheme::ftp, "host", 0, "me", none, "dir"}},
      {"me@corp@host:dir", {Scheme::ftp, "host", 0, "me@corp", none, "dir"}},
      {"me@host:dir@x", {Scheme::ftp, "host", 0, "me", none, "dir@x"}},
      {"me@host", {Scheme::ftp, "host", 0, "me", none, ""}},
      {"host/dir", {Scheme::ftp, "host", 0, none, none, "dir"}},
      {"host//dir", {Scheme::ftp, "host", 0, none, none, "/dir"}},
      {"host/a:b", {Scheme::ftp, "host", 0, none, none, "a:b"}},
      {"host/x://y", {Scheme::ftp, "host", 0, none, none, "x://y"}},
      {"[::1]:dir", {Scheme::ftp, "::1", 0, none, none, "dir"}},
      {"[::1]/dir", {Scheme::ftp, "::1", 0, none, none, "dir"}},
      {"me@[::1]:/dir", {Scheme::ftp, "::1", 0, "me", none, "/dir"}},
      {"192.0.2.7:x", {Scheme::ftp, "192.0.2.7", 0, none, none, "x"}},
  };
  for (const SourceCase& test : table) EXPECT_EQ(parse_source(test.source), test.target) << test.source;
}

TEST(Source, Refused) {
  const std::vector<std::string> table = {
      "",
      "ftpfs#",
      "ftp://",
      "ftp:///dir",
      "/local/path",
      ":dir",
      "http://host/",
      "sftp://host/",
      "ftp://-oProxyCommand=x/",
      "-oProxyCommand=x:dir",
      "[-oProxyCommand=x]:dir",
      "ftp://host:0/",
      "ftp://host:65536/",
      "ftp://host:x/",
      "ftp://host:-1/",
      "ftp://[::1/",
      "[::1",
      "[::1]x",
      "ftp://[::1]x/",
      "ftp://host/%",
      "ftp://host/%2",
      "ftp://host/%zz",
      "ftp://host/%0d%0aDELE%20x",
      "ftp://me%0a:pw@host/",
      "ftp://me:p%00w@host/",
      "ftp://:pw@host/",
      "ftp://@host/",
      "@host:dir",
      "ftp://a b/",
      "ftp://host\n/",
      "host:dir\r\n",
      "host:a\x7F",
      std::string("host:a\0b", 8),
  };
  for (const std::string& source : table) EXPECT_THROW(parse_source(source), std::invalid_argument) << source;
}

TEST(Source, ComplaintsAreOneLineAndKeepTheSecret) {
  for (const char* source : {"ftp://me:sec/ret@host/", "ftp://me:secret@ho st/", "ftp://me:secret@host:port/",
                             "ftp://me:secret%@host/", "ftp://me:secret\n@host", "ftp://me:secret@[::1/"}) {
    try {
      parse_source(source);
      ADD_FAILURE() << source;
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("sec"))) << source;
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n"))) << source;
    }
  }
}

}  // namespace
}  // namespace ftpfs::proto
