// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/cli/mask.hpp>

namespace ftpfs::cli {
namespace {

// What is left of the arguments, as a process list shows them; checks that nothing hides behind a NUL.
std::vector<std::string> hidden(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  std::string name = "ftpfs";
  argv.push_back(name.data());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  hide_secrets(static_cast<int>(argv.size()), argv.data());
  std::vector<std::string> left;
  for (const std::string& argument : arguments) {
    EXPECT_EQ(argument.find("secret"), std::string::npos) << argument;
    left.emplace_back(argument.c_str());
  }
  return left;
}

using Arguments = std::vector<std::string>;

TEST(HideSecrets, TakesPasswordsOutOfUrls) {
  EXPECT_EQ(hidden({"ftp://alice:secret@host/path", "/mnt"}), (Arguments{"ftp://alice:*@host/path", "/mnt"}));
  EXPECT_EQ(hidden({"ftp://alice:secret@host:2121/a"}), Arguments{"ftp://alice:*@host:2121/a"});
  EXPECT_EQ(hidden({"ftp://a%40b:s%3Asecret@host"}), Arguments{"ftp://a%40b:*@host"});
  EXPECT_EQ(hidden({"ftpfs#ftp://alice:secret@host"}), Arguments{"ftpfs#ftp://alice:*@host"});
}

TEST(HideSecrets, KnowsTheSourceBehindOptionsThatEndInAnO) {
  for (const char* option : {"-oro", "-oauto", "-fvoro", "-d", "--ro"}) {
    EXPECT_EQ(hidden({option, "ftp://alice:secret@host/"}), (Arguments{option, "ftp://alice:*@host/"}));
  }
}

// `-t TYPE` and `-N NAMESPACE` are flags of mount(8) only, and a directory may be called -o.
TEST(HideSecrets, KnowsUrlsWhateverTheArgumentBeforeThemIs) {
  for (const char* before : {"-to", "-o", "-fo"}) {
    EXPECT_EQ(hidden({before, "ftp://alice:secret@host/"}), (Arguments{before, "ftp://alice:*@host/"}));
    EXPECT_EQ(hidden({before, "-o", "password=secret"}), (Arguments{before, "-o", "password=*"}));
  }
}

TEST(HideSecrets, TakesPasswordsThatWereNotEncoded) {
  EXPECT_EQ(hidden({"ftp://alice:se@secret:x@host"}), Arguments{"ftp://alice:*@host"});
  EXPECT_EQ(hidden({"ftp://alice:sec/secret@host"}), Arguments{"ftp://alice:*@host"});
  EXPECT_EQ(hidden({"alice:secret@host/path"}), Arguments{"alice:*@host/path"});
}

TEST(HideSecrets, LeavesSourcesWithoutPasswordAlone) {
  for (const char* source : {"ftp://host/a", "ftp://alice@host:2121/a", "alice@host:dir",
                             "host:", "host/path", "/mnt/a:b", "ftp://[::1]:2121/"}) {
    EXPECT_EQ(hidden({source}), Arguments{source});
  }
}

TEST(HideSecrets, TakesPasswordsOutOfOptions) {
  EXPECT_EQ(hidden({"-o", "ro,password=secret,uid=1"}), (Arguments{"-o", "ro,password=*,uid=1"}));
  EXPECT_EQ(hidden({"-o", "account=secret,ro"}), (Arguments{"-o", "account=*,ro"}));
  EXPECT_EQ(hidden({"-opassword=secret"}), Arguments{"-opassword=*"});
  EXPECT_EQ(hidden({"-fo", "password=a\\,secret,ro"}), (Arguments{"-fo", "password=*,ro"}));
  EXPECT_EQ(hidden({"--password=a,secret"}), Arguments{"--password=*"});
  EXPECT_EQ(hidden({"-o", "user=alice:secret,ro"}), (Arguments{"-o", "user=alice:*,ro"}));
  EXPECT_EQ(hidden({"-o", "password=secret1,password=secret2"}), (Arguments{"-o", "password=*,password=*"}));
}

TEST(HideSecrets, TakesPasswordsOutOfProxies) {
  EXPECT_EQ(hidden({"-o", "proxy=socks5://joe:secret@host:1080,ro"}),
            (Arguments{"-o", "proxy=socks5://joe:*@host:1080,ro"}));
  EXPECT_EQ(hidden({"--proxy=joe:se,c:ret@secret@host"}), Arguments{"--proxy=joe:*@host"});
  EXPECT_EQ(hidden({"-oproxy=http://joe:a\\,secret@host,httpproxy"}),
            Arguments{"-oproxy=http://joe:*@host,httpproxy"});
  EXPECT_EQ(hidden({"-o", "proxy_user=joe:secret"}), (Arguments{"-o", "proxy_user=joe:*"}));
  for (const char* options : {"proxy=socks5://joe@host:1080", "proxy=http://host:3128",
                              "proxy=host:3128,user=a@b", "proxy=[::1]:3128", "proxy=none"}) {
    EXPECT_EQ(hidden({"-o", options}), (Arguments{"-o", options}));
  }
}

TEST(HideSecrets, LeavesOtherOptionsAlone) {
  for (const char* options :
       {"username=a:b", "user=alice", "password_stdin", "fsname=x:y@z", "password=", "ro\\"}) {
    EXPECT_EQ(hidden({"-o", options}), (Arguments{"-o", options}));
  }
}

}  // namespace
}  // namespace ftpfs::cli
