// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ftpfs/base/fd.hpp>
#include <ftpfs/cli/exit_status.hpp>
#include <ftpfs/cli/password.hpp>

#include "cli/temporary.hpp"

namespace ftpfs::cli {
namespace {

using test::TemporaryDirectory;
using test::Variable;

// A home, an environment and a standard input of the test's own.
class PasswordTest : public testing::Test {
 protected:
  PasswordTest() { ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO); }
  ~PasswordTest() override { ::dup2(stdin_before_.get(), STDIN_FILENO); }

  static LoginRequest request(std::optional<std::string> user, std::optional<std::string> password = {}) {
    LoginRequest made;
    made.host = "ftp.example.org";
    made.user = std::move(user);
    made.password = std::move(password);
    made.anonymous = Login{.user = "anonymous", .password = "ftpfs@"};
    return made;
  }

  static std::string login(const LoginRequest& wanted) {
    const Login found = find_login(wanted);
    return found.user + "/" + found.password;
  }

  static std::string refusal(const LoginRequest& wanted) {
    try {
      return "accepted: " + login(wanted);
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.status(), ExitStatus::usage);
      return failure.what();
    }
  }

  void type(std::string_view text) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    ::dup2(ends[0], STDIN_FILENO);
    ::close(ends[0]);
  }

  TemporaryDirectory home_;
  Variable home_variable_{"HOME", home_.path().string()};
  Variable password_variable_{"FTPFS_PASSWORD", nullptr};
  Variable file_variable_{"FTPFS_PASSWORD_FILE", nullptr};
  UniqueFd stdin_before_{::dup(STDIN_FILENO)};
};

TEST_F(PasswordTest, NobodyKnownIsAnonymous) {
  EXPECT_EQ(login(request({})), "anonymous/ftpfs@");
}

TEST_F(PasswordTest, AnonymousNeedsNoPassword) {
  EXPECT_EQ(login(request("anonymous")), "anonymous/ftpfs@");
}

TEST_F(PasswordTest, TheSourceComesFirst) {
  ::setenv("FTPFS_PASSWORD", "other", 1);
  home_.write(".netrc", "machine ftp.example.org login alice password third");
  EXPECT_EQ(login(request("alice", "secret")), "alice/secret");
  EXPECT_EQ(std::getenv("FTPFS_PASSWORD"), nullptr);  // gone although it was not needed
}

TEST_F(PasswordTest, AnEmptyPasswordIsOne) {
  EXPECT_EQ(login(request("alice", "")), "alice/");
}

TEST_F(PasswordTest, StandardInputGivesItsFirstLine) {
  LoginRequest wanted = request("alice");
  wanted.password_stdin = true;
  type("secret word\r\nrest");
  EXPECT_EQ(login(wanted), "alice/secret word");
  char rest[8] = {};
  EXPECT_EQ(::read(STDIN_FILENO, rest, sizeof rest), 4);
  EXPECT_STREQ(rest, "rest");
}

TEST_F(PasswordTest, StandardInputWithoutAnEndIsRefused) {
  LoginRequest wanted = request("alice");
  wanted.password_stdin = true;
  type(std::string(5000, 'x'));
  EXPECT_EQ(refusal(wanted), "password_stdin: the first line is too long for a password");
}

TEST_F(PasswordTest, APasswordWithoutUserIsRefused) {
  EXPECT_EQ(refusal(request({}, "secret")),
            "there is a password, but no user name: USER@HOST, or username=NAME");
}

TEST_F(PasswordTest, TheEnvironmentComesNext) {
  home_.write(".netrc", "machine ftp.example.org login alice password third");
  ::setenv("FTPFS_PASSWORD", "secret", 1);
  EXPECT_EQ(login(request("alice")), "alice/secret");
}

TEST_F(PasswordTest, AnAccountComesFromNetrc) {
  home_.write(".netrc", "machine ftp.example.org login alice password third account fourth");
  EXPECT_EQ(find_login(request("alice")).account, "fourth");
  EXPECT_EQ(find_login(request("alice", "other")).account, "");
}

TEST_F(PasswordTest, TheEnvironmentsPasswordIsNotForAnonymous) {
  ::setenv("FTPFS_PASSWORD", "secret", 1);
  EXPECT_EQ(login(request({})), "anonymous/ftpfs@");
}

TEST_F(PasswordTest, VariablesAreOverwrittenWhereTheyStood) {
  ::setenv("FTPFS_PASSWORD", "secret", 1);
  const char* stood = std::getenv("FTPFS_PASSWORD");
  EXPECT_EQ(take_environment_password(), "secret");
  EXPECT_EQ(std::getenv("FTPFS_PASSWORD"), nullptr);
  EXPECT_EQ(std::string(stood, 6), std::string(6, '\0'));
}

TEST_F(PasswordTest, AFileNamedByTheEnvironmentGivesItsFirstLine) {
  ::setenv("FTPFS_PASSWORD_FILE", home_.write("secret", "from file\nmore\n").c_str(), 1);
  EXPECT_EQ(login(request("alice")), "alice/from file");
  EXPECT_EQ(std::getenv("FTPFS_PASSWORD_FILE"), nullptr);
}

TEST_F(PasswordTest, AFileThatOthersCanReadIsRefused) {
  const std::string path = home_.write("secret", "x", 0644);
  ::setenv("FTPFS_PASSWORD_FILE", path.c_str(), 1);
  EXPECT_EQ(refusal(request("alice")), "FTPFS_PASSWORD_FILE: " + path + ": others can read it: chmod 600 it");
}

TEST_F(PasswordTest, AFileThatIsMissingOrNoneIsRefused) {
  ::setenv("FTPFS_PASSWORD_FILE", "/nowhere/secret", 1);
  EXPECT_EQ(refusal(request("alice")), "FTPFS_PASSWORD_FILE: /nowhere/secret: no such file");
  ::setenv("FTPFS_PASSWORD_FILE", home_.path().c_str(), 1);
  EXPECT_EQ(refusal(request("alice")), home_.path().string() + ": not a regular file");
}

TEST_F(PasswordTest, NetrcGivesUserAndPassword) {
  home_.write(".netrc", "machine ftp.example.org login bob password secret");
  EXPECT_EQ(login(request({})), "bob/secret");
  EXPECT_EQ(login(request("bob")), "bob/secret");
}

TEST_F(PasswordTest, NetrcIsNotForMountHelpers) {
  home_.write(".netrc", "machine ftp.example.org login bob password secret");
  LoginRequest wanted = request({});
  wanted.netrc = false;
  EXPECT_EQ(login(wanted), "anonymous/ftpfs@");
}

TEST_F(PasswordTest, AnotherNetrcIsAskedInsteadAndMustBeThere) {
  home_.write(".netrc", "machine ftp.example.org login bob password secret");
  LoginRequest wanted = request({});
  wanted.netrc = false;
  wanted.netrc_file = home_.write("other", "machine ftp.example.org login jim password third");
  EXPECT_EQ(login(wanted), "jim/third");
  wanted.netrc_file = "/nowhere/netrc";
  EXPECT_EQ(refusal(wanted), "netrc_file=/nowhere/netrc: no such file");
}

TEST_F(PasswordTest, AFileThatIsTooLongIsRefused) {
  LoginRequest wanted = request({});
  wanted.netrc_file = home_.write("long", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(refusal(wanted), *wanted.netrc_file + ": too long for a file of secrets");
}

TEST_F(PasswordTest, ANetrcThatOthersCanReadIsRefusedIfItIsNeeded) {
  home_.write(".netrc", "machine ftp.example.org login bob password secret", 0644);
  EXPECT_EQ(refusal(request("bob")),
            home_.path().string() + "/.netrc has the password, but others can read it: chmod 600 it");
  LoginRequest elsewhere = request({});
  elsewhere.host = "other.example.org";
  EXPECT_EQ(login(elsewhere), "anonymous/ftpfs@");
}

TEST_F(PasswordTest, WithoutATerminalNobodyIsAsked) {
  EXPECT_EQ(refusal(request("alice")),
            "no password for user 'alice': give credentials=FILE, password_stdin or FTPFS_PASSWORD_FILE");
}

}  // namespace
}  // namespace ftpfs::cli
