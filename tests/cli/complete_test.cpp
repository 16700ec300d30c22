// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/options.hpp>

#include "temporary.hpp"

namespace ftpfs::cli {
namespace {

Settings completed(std::vector<std::string> arguments) {
  arguments.emplace_back("/mnt");
  Settings settings = parse_arguments(arguments);
  complete(settings);
  return settings;
}

std::string refusal_of(const std::vector<std::string>& arguments) {
  try {
    completed(arguments);
    return "accepted";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.status(), ExitStatus::usage);
    return failure.what();
  }
}

TEST(Complete, ReadsUrls) {
  const Settings settings = completed({"ftp://al%40ice@ftp.example.org:2121/a%20b"});
  EXPECT_EQ(settings.ftp.host, "ftp.example.org");
  EXPECT_EQ(settings.ftp.port, 2121);
  EXPECT_EQ(settings.ftp.directory, "a b");
  EXPECT_EQ(settings.user, "al@ice");
  EXPECT_FALSE(settings.password);
  EXPECT_TRUE(settings.warnings.empty());
}

TEST(Complete, ReadsTheOtherForms) {
  EXPECT_EQ(completed({"alice@host:/abs"}).ftp.directory, "/abs");
  EXPECT_EQ(completed({"alice@host:rel"}).ftp.directory, "rel");
  EXPECT_EQ(completed({"host:"}).ftp.directory, "");
  EXPECT_EQ(completed({"host/dir"}).ftp.host, "host");
  EXPECT_EQ(completed({"ftpfs#ftp://host/"}).ftp.host, "host");
  EXPECT_FALSE(completed({"host:"}).user);
  EXPECT_EQ(completed({"host:"}).ftp.port, 21);
}

TEST(Complete, WarnsOfAPasswordInTheSourceAndForgetsTheText) {
  const Settings settings = completed({"ftp://alice:secret@host"});
  EXPECT_EQ(settings.password, "secret");
  EXPECT_EQ(settings.warnings.size(), 1u);
  EXPECT_TRUE(settings.source.empty());
}

// S23
TEST(Complete, AKeyThatOthersCanReadIsRefused) {
  const test::TemporaryDirectory directory;
  const std::string certificate = "cert=" + directory.write("certificate", "public", 0644);
  const std::string open_key = directory.write("open", "secret", 0644);
  const std::string key = directory.write("key", "secret", 0600);
  EXPECT_EQ(completed({"ftps://host", "-o", certificate + ",key=" + key}).ftp.tls_policy.key, key);
  EXPECT_EQ(refusal_of({"ftps://host", "-o", certificate + ",key=" + open_key}),
            open_key + ": others can read the key: chmod 600 it");
  EXPECT_EQ(refusal_of({"ftps://host", "-o", "cert=" + open_key}),
            open_key + ": others can read the key: chmod 600 it");
}

TEST(Complete, OptionsHaveTheLastWord) {
  const Settings settings = completed({"ftp://alice:secret@host:1", "-p", "2", "-o", "user=bob:other"});
  EXPECT_EQ(settings.ftp.port, 2);
  EXPECT_EQ(settings.user, "bob");
  EXPECT_EQ(settings.password, "other");
}

// A password belongs to the user it was given with.
TEST(Complete, ThePasswordOfOneUserIsNotTriedForAnother) {
  EXPECT_FALSE(completed({"ftp://alice:secret@host", "-o", "username=bob"}).password);
  EXPECT_EQ(completed({"ftp://alice:secret@host", "-o", "username=alice"}).password, "secret");
}

TEST(Complete, TheSchemeAndTheOptionDecideAboutTls) {
  using enum ftp::TlsMode;
  EXPECT_EQ(completed({"ftp://host"}).ftp.tls, automatic);
  EXPECT_EQ(completed({"host:"}).ftp.tls, automatic);
  EXPECT_EQ(completed({"ftp://host", "-o", "tls=off"}).ftp.tls, off);
  EXPECT_EQ(completed({"ftp://host", "-o", "no_tls"}).ftp.tls, off);
  EXPECT_EQ(completed({"ftp://host", "-o", "ssl"}).ftp.tls, require);
  EXPECT_EQ(completed({"ftpes://host"}).ftp.tls, require);
  EXPECT_EQ(completed({"ftpes://host", "-o", "tls=require"}).ftp.tls, require);
  EXPECT_EQ(completed({"ftps://host"}).ftp.tls, implicit);
  EXPECT_EQ(completed({"ftp://host", "-o", "tls=implicit"}).ftp.tls, implicit);
}

TEST(Complete, ImplicitTlsHasAPortOfItsOwn) {
  EXPECT_EQ(completed({"ftps://host"}).ftp.port, 990);
  EXPECT_EQ(completed({"ftp://host", "-o", "tls=implicit"}).ftp.port, 990);
  EXPECT_EQ(completed({"ftps://host:2121"}).ftp.port, 2121);
  EXPECT_EQ(completed({"ftps://host", "-p", "2122"}).ftp.port, 2122);
  EXPECT_EQ(completed({"ftpes://host"}).ftp.port, 21);
}

TEST(Complete, ASchemeThatPromisesTlsIsNotTakenBack) {
  EXPECT_EQ(refusal_of({"ftps://host", "-o", "tls=off"}),
            "ftps:// means tls=implicit; write ftp:// for another tls=");
  EXPECT_EQ(refusal_of({"ftpes://host", "-o", "tls=auto"}),
            "ftpes:// means tls=require; write ftp:// for another tls=");
}

TEST(Complete, TlsOptionsThatDoNotFitTogether) {
  EXPECT_EQ(refusal_of({"ftps://host", "-o", "tls_min=1.3,tls_max=1.2"}), "tls_min is above tls_max");
  EXPECT_EQ(refusal_of({"ftps://host", "-o", "key=/k"}), "key= needs cert=");
}

TEST(Complete, SourcesThatAreNoneAreRefusedWithoutTheirPassword) {
  for (const char* source : {"", "http://host/", "ftp://alice:secret@host:port/", "ftp://alice:secret@/"}) {
    const std::string line = refusal_of({source});
    EXPECT_NE(line, "accepted") << source;
    EXPECT_EQ(line.find("secret"), std::string::npos) << line;
  }
}

TEST(Complete, SettingsThatDoNotFitTogetherAreAllNamed) {
  EXPECT_EQ(refusal_of({"host:", "-o", "timeout=0,allow_other,allow_root"}),
            "timeout must be more than 0; allow_other and allow_root exclude each other");
  EXPECT_EQ(refusal_of({"host:", "-o", "readahead=1K"}), "readahead must be 64K at least");
  EXPECT_EQ(refusal_of({"host:", "-o", "connect_timeout=0"}), "connect_timeout must be more than 0");
  EXPECT_EQ(refusal_of({"ftp://a:b@host", "-o", "password_stdin"}),
            "there is a password already, password_stdin adds another");
}

// As the line of fstab has it: `mount -a` then knows that it is mounted.
TEST(Complete, AMountOfFstabIsCalledAsItsLineSays) {
  const auto called = [](const std::string& source, Invocation invocation) {
    const std::vector<std::string> arguments{source, "/mnt"};
    Settings settings = parse_arguments(arguments, invocation);
    complete(settings);
    return settings.mount.fsname;
  };
  EXPECT_EQ(called("ftp://alice@host/a%20b", Invocation::mount_helper), "ftp://alice@host/a%20b");
  EXPECT_EQ(called("ftp://alice:secret@host/", Invocation::mount_helper), "");
  EXPECT_EQ(called("ftp://alice@host/", Invocation::command), "");
}

TEST(MountName, ShowsWhoWhereAndWhatButNoPassword) {
  ftp::FtpConfig config;
  config.user = "alice";
  config.password = "secret";
  config.host = "ftp.example.org";
  config.directory = "/a b";
  EXPECT_EQ(mount_name(config), "alice@ftp.example.org:/a b");
  config.host = "::1";
  EXPECT_EQ(mount_name(config), "alice@[::1]:/a b");
  config.directory = "a\nb";
  EXPECT_EQ(mount_name(config), "alice@[::1]:a?b");
}

}  // namespace
}  // namespace ftpfs::cli
