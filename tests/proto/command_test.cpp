// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/proto/command.hpp>

namespace ftpfs::proto {
namespace {

TEST(Command, VerbsAreSpeltAsInTheRfcs) {
  EXPECT_EQ(verb_text(Verb::user), "USER");
  EXPECT_EQ(verb_text(Verb::pwd), "PWD");
  EXPECT_EQ(verb_text(Verb::mlsd), "MLSD");
  EXPECT_EQ(verb_text(Verb::rnto), "RNTO");
  EXPECT_EQ(verb_text(Verb::stat), "STAT");
  EXPECT_EQ(verb_text(Verb::allo), "ALLO");
}

TEST(Command, ArgumentFollowsOneBlank) {
  EXPECT_EQ(format_command(Verb::retr, "a b"), "RETR a b\r\n");
  EXPECT_EQ(format_command(Verb::retr, " leading"), "RETR  leading\r\n");
  EXPECT_EQ(format_command(Verb::stor, "trailing "), "STOR trailing \r\n");
}

TEST(Command, NoTrailingBlankWithoutArgument) {
  EXPECT_EQ(format_command(Verb::mlsd), "MLSD\r\n");
  EXPECT_EQ(format_command(Verb::list, ""), "LIST\r\n");
}

TEST(Command, EveryByteMakesExactlyOneLineOrIsRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string name = std::string("x") + static_cast<char>(byte) + "y";
    if (byte == '\r' || byte == '\n' || byte == '\0') {
      EXPECT_THROW(format_command(Verb::dele, name), std::invalid_argument) << byte;
      continue;
    }
    EXPECT_EQ(format_command(Verb::dele, name), "DELE " + name + "\r\n") << byte;
  }
}

TEST(Command, RefusesAFullInjection) {
  EXPECT_THROW(format_command(Verb::cwd, "x\r\nDELE y"), std::invalid_argument);
  EXPECT_THROW(format_command(Verb::pass, "secret\n"), std::invalid_argument);
}

TEST(Command, TelnetByteIsDoubledOnlyWhenAsked) {
  EXPECT_EQ(format_command(Verb::retr, "\xFFy"), "RETR \xFFy\r\n");
  EXPECT_EQ(format_command(Verb::retr, "\xFFy\xFF", Telnet::escaped), "RETR \xFF\xFFy\xFF\xFF\r\n");
}

TEST(Command, PasswordsAreMasked) {
  EXPECT_EQ(masked_command(Verb::pass, "secret"), "PASS ***");
  EXPECT_EQ(masked_command(Verb::acct, "secret"), "ACCT ***");
  EXPECT_EQ(masked_command(Verb::pass), "PASS");
  EXPECT_EQ(masked_command(Verb::user, "me"), "USER me");
  EXPECT_EQ(masked_command(Verb::noop), "NOOP");
}

}  // namespace
}  // namespace ftpfs::proto
