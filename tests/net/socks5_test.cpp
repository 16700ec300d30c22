// SPDX-License-Identifier: MIT

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/socks5.hpp>

namespace ftpfs::net::socks5 {
namespace {

using namespace std::string_literals;

TEST(Socks5, OffersALoginOnlyWhenThereIsOne) {
  EXPECT_EQ(greeting(false), "\x05\x01\x00"s);
  EXPECT_EQ(greeting(true), "\x05\x02\x00\x02"s);
}

TEST(Socks5, OnlyWhatWasOfferedMayBeChosen) {
  EXPECT_EQ(chosen_method("\x05\x00"s, false), Method::none);
  EXPECT_EQ(chosen_method("\x05\x02"s, true), Method::login);
  EXPECT_EQ(chosen_method("\x05\x02"s, false), std::nullopt);
  EXPECT_EQ(chosen_method("\x05\x01"s, true), std::nullopt);  // GSSAPI
  EXPECT_EQ(chosen_method("\x05\xFF"s, true), std::nullopt);
  EXPECT_EQ(chosen_method("\x04\x00"s, true), std::nullopt);
  EXPECT_EQ(chosen_method("\x05"s, true), std::nullopt);
}

TEST(Socks5, LoginCountsItsParts) {
  EXPECT_EQ(login("joe", "pw"), "\x01\x03joe\x02pw"s);
  EXPECT_EQ(login("joe", ""), "\x01\x03joe\x00"s);
  EXPECT_EQ(login(std::string(255, 'u'), "p").size(), 1u + 1 + 255 + 1 + 1);
  EXPECT_THROW(login(std::string(256, 'u'), "p"), Error);
  EXPECT_THROW(login("u", std::string(256, 'p')), Error);
  EXPECT_TRUE(login_accepted("\x01\x00"s));
  EXPECT_TRUE(login_accepted("\x05\x00"s));
  EXPECT_FALSE(login_accepted("\x01\x01"s));
  EXPECT_FALSE(login_accepted("\x01"s));
}

TEST(Socks5, RequestsAreForAddressesOrNames) {
  EXPECT_EQ(connect_request({"192.0.2.7", 21}), "\x05\x01\x00\x01\xC0\x00\x02\x07\x00\x15"s);
  EXPECT_EQ(connect_request({"2001:db8::7", 40000}),
            "\x05\x01\x00\x04\x20\x01\x0D\xB8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07\x9C\x40"s);
  EXPECT_EQ(connect_request({"ftp.example.org", 21}),
            "\x05\x01\x00\x03\x0F"s + "ftp.example.org" + "\x00\x15"s);
  EXPECT_THROW(connect_request({std::string(256, 'h'), 21}), Error);
}

TEST(Socks5, EachRefusalHasItsErrno) {
  constexpr int errnos[] = {0,         EIO, EACCES, ENETUNREACH, EHOSTUNREACH, ECONNREFUSED,
                            ETIMEDOUT, EIO, EIO,    EIO};
  for (char code = 0; code < 10; ++code) {
    const auto seen = outcome(std::string{'\x05', code});
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->code, errnos[static_cast<int>(code)]) << int{code};
    EXPECT_NE(seen->words, ""s);
  }
  EXPECT_EQ(outcome("\x05\xFF"s)->code, EIO);
  EXPECT_FALSE(outcome("\x00\x5A"s)) << "SOCKS 4";
  EXPECT_FALSE(outcome("\x05"s));
}

TEST(Socks5, TheLengthOfTheBoundAddressDependsOnItsKind) {
  EXPECT_EQ(remainder("\x00\x01\x7F"s), 3u + 2);
  EXPECT_EQ(remainder("\x00\x04\x20"s), 15u + 2);
  EXPECT_EQ(remainder("\x00\x03\x09"s), 9u + 2);
  EXPECT_EQ(remainder("\x00\x03\xFF"s), 255u + 2);
  EXPECT_EQ(remainder("\x00\x02\x00"s), std::nullopt);
  EXPECT_EQ(remainder("\x00\x01"s), std::nullopt);
}

}  // namespace
}  // namespace ftpfs::net::socks5
