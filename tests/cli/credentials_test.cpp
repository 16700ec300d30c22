// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include <ftpfs/cli/credentials.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

#include "temporary.hpp"

namespace ftpfs::cli {
namespace {

using test::TemporaryDirectory;
using test::Variable;

template <class Use>
std::string refusal_of(Use use) {
  try {
    use();
    return "accepted";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), ExitStatus::usage);
    return failure.what();
  }
}

TEST(ParseCredentials, TheWholeRestOfALineIsTheValue) {
  const Credentials found = parse_credentials(
      "# of the web space\n\n  # indented\nusername=alice\n password= a=b, \"c\" #d \r\naccount=sales\n"
      "key_password=k\nproxy_username=joe\nproxy_password=p",
      "f");
  EXPECT_EQ(found.username, "alice");
  EXPECT_EQ(found.password, " a=b, \"c\" #d ");
  EXPECT_EQ(found.account, "sales");
  EXPECT_EQ(found.key_password, "k");
  EXPECT_EQ(found.proxy_username, "joe");
  EXPECT_EQ(found.proxy_password, "p");
}

TEST(ParseCredentials, WhatIsNotThereIsNotEmpty) {
  const Credentials found = parse_credentials("password=\n", "f");
  EXPECT_FALSE(found.username);
  EXPECT_EQ(found.password, "");
}

TEST(ParseCredentials, AFileOfMountCifsServesToo) {
  EXPECT_EQ(parse_credentials("user=alice\npassword=x\ndomain=HOME\n", "f").username, "alice");
}

TEST(ParseCredentials, WhatIsWrongIsNamedButNotShown) {
  const auto parsing = [](const char* text) {
    return refusal_of([&] { parse_credentials(text, "/etc/cred"); });
  };
  EXPECT_EQ(parsing("username=a\npasword=secret\n"),
            "/etc/cred, line 2: there is no 'pasword'; did you mean 'password'?");
  EXPECT_EQ(parsing("secret\n"), "/etc/cred, line 1: not of the form name=value");
}

class CredentialsOf : public testing::Test {
 protected:
  static Settings settle(std::vector<std::string> arguments) {
    arguments.emplace_back("/mnt");
    Settings settings = parse_arguments(arguments);
    complete(settings);
    settle_credentials(settings);
    return settings;
  }
  static std::string refusal(const std::vector<std::string>& arguments) {
    return refusal_of([&] { settle(arguments); });
  }

  TemporaryDirectory directory_;
  Variable no_service_{"CREDENTIALS_DIRECTORY", nullptr};
};

TEST_F(CredentialsOf, AFileFillsInWhatIsOpen) {
  const std::string file =
      directory_.write("cred",
                       "username=alice\npassword=secret\naccount=sales\nkey_password=k\nproxy_username=joe\n"
                       "proxy_password=p\n");
  for (const char* option : {"credentials=", "cred="}) {
    const Settings settings = settle({"host:", "-o", option + file});
    EXPECT_EQ(settings.user, "alice");
    EXPECT_EQ(settings.password, "secret");
    EXPECT_EQ(settings.ftp.account, "sales");
    EXPECT_EQ(settings.ftp.tls_policy.key_password, "k");
    EXPECT_EQ(settings.proxy.user, "joe");
    EXPECT_EQ(settings.proxy.password, "p");
    EXPECT_TRUE(settings.warnings.empty());
  }
}

TEST_F(CredentialsOf, OptionsAndStandardInputHaveTheLastWord) {
  const std::string file =
      "credentials=" + directory_.write("cred", "password=secret\naccount=sales\nproxy_password=p\n");
  EXPECT_EQ(settle({"alice@host:", "-o", file}).password, "secret");
  EXPECT_EQ(settle({"alice@host:", "-o", file + ",password=other,account=a"}).password, "other");
  EXPECT_EQ(settle({"alice@host:", "-o", file + ",account=a"}).ftp.account, "a");
  EXPECT_FALSE(settle({"alice@host:", "-o", file + ",password_stdin"}).password);
}

TEST_F(CredentialsOf, OneUsersPasswordIsNotTriedForAnother) {
  const std::string path = directory_.write("cred", "username=alice\npassword=secret\n");
  EXPECT_EQ(settle({"alice@host:", "-o", "cred=" + path}).password, "secret");
  EXPECT_EQ(refusal({"bob@host:", "-o", "cred=" + path}),
            path + " is about user 'alice', but SOURCE or an option names 'bob'");
}

TEST_F(CredentialsOf, AProxysPasswordGoesWithItsUser) {
  const std::string named =
      "cred=" + directory_.write("named", "proxy_username=joe\nproxy_password=p\n") + ",proxy=http://";
  const auto password = [](const std::string& options) {
    Settings settings = settle({"ftp.example.org:", "-o", options});
    settle_proxy(settings);
    return settings.tunnel.value().user + "/" + settings.tunnel.value().password;
  };
  EXPECT_EQ(password(named + "p"), "joe/p");
  EXPECT_EQ(password(named + "jim@p"), "jim/");
  EXPECT_EQ(password(named + "p,proxy_user=jim"), "jim/");
  const std::string any = "cred=" + directory_.write("any", "proxy_password=p\n") + ",proxy=http://";
  EXPECT_EQ(password(any + "jim@p"), "jim/p");
  EXPECT_EQ(password(any + "p,proxy_user=jim"), "jim/p");
}

TEST_F(CredentialsOf, AFileThatOthersCanReadIsRefused) {
  for (const int mode : {0644, 0604, 0620, 0601}) {
    const std::string path = directory_.write("cred", "password=x\n", mode);
    EXPECT_EQ(refusal({"alice@host:", "-o", "cred=" + path}),
              "credentials=" + path + ": others can read it: chmod 600 it");
  }
}

// The tests run as root where they mount; root's files may be shown to a group.
TEST_F(CredentialsOf, AGroupMayReadWhatRootShowsIt) {
  const std::string path = directory_.write("cred", "password=x\n", 0640);
  const std::string outcome = refusal({"alice@host:", "-o", "cred=" + path});
  EXPECT_EQ(outcome == "accepted", ::geteuid() == 0) << outcome;
}

TEST_F(CredentialsOf, AFileThatIsMissingIsRefused) {
  EXPECT_EQ(refusal({"host:", "-o", "cred=/nowhere/cred"}), "credentials=/nowhere/cred: no such file");
}

TEST_F(CredentialsOf, AServiceHasThemFromSystemd) {
  const std::string file = directory_.write("ftpfs.credentials", "username=alice\npassword=secret\n");
  const Variable service("CREDENTIALS_DIRECTORY", directory_.path().string());
  EXPECT_EQ(settle({"host:"}).password, "secret");
  const std::string other = directory_.write("other", "password=third\n");
  EXPECT_EQ(settle({"bob@host:", "-o", "cred=" + other}).password, "third");
}

TEST_F(CredentialsOf, AServiceMayHaveOthersOnly) {
  const Variable service("CREDENTIALS_DIRECTORY", directory_.path().string());
  EXPECT_FALSE(settle({"host:"}).password);
}

}  // namespace
}  // namespace ftpfs::cli
