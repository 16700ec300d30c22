// SPDX-License-Identifier: MIT
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include <ftpfs/proto/proxy_url.hpp>

namespace ftpfs::proto {
namespace {

using enum ProxyScheme;

ProxyUrl parse(std::string_view text) {
  return parse_proxy_url(text, http);
}

std::string complaint(std::string_view text) {
  try {
    parse(text);
    return "";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
    return error.what();
  }
}

TEST(ProxyUrl, HasAKindAPlaceAndALogin) {
  EXPECT_EQ(parse("socks5://joe:pw@proxy.example.org:1081"),
            (ProxyUrl{socks5, "proxy.example.org", 1081, "joe", "pw"}));
  EXPECT_EQ(parse("SOCKS5H://p"), (ProxyUrl{socks5h, "p", 1080, "", ""}));
  EXPECT_EQ(parse("http://p/"), (ProxyUrl{http, "p", 3128, "", ""}));
  EXPECT_EQ(parse("ftp://joe@p"), (ProxyUrl{ftp, "p", 21, "joe", ""}));
  EXPECT_EQ(parse("http://[2001:db8::1]:8080"), (ProxyUrl{http, "2001:db8::1", 8080, "", ""}));
}

TEST(ProxyUrl, MayLackItsScheme) {
  EXPECT_EQ(parse_proxy_url("p:1", socks5), (ProxyUrl{socks5, "p", 1, "", ""}));
  EXPECT_EQ(parse_proxy_url("[::1]", http), (ProxyUrl{http, "::1", 3128, "", ""}));
  EXPECT_EQ(parse_proxy_url("joe:pw@p", http), (ProxyUrl{http, "p", 3128, "joe", "pw"}));
}

TEST(ProxyUrl, LoginsAreDecodedAndMayHoldAnAt) {
  EXPECT_EQ(parse("http://a%40b:c%3Ad@p").user, "a@b");
  EXPECT_EQ(parse("http://a%40b:c%3Ad@p").password, "c:d");
  EXPECT_EQ(parse("http://joe:p@w@p").password, "p@w");
}

TEST(ProxyUrl, RefusalsNeverTellThePassword) {
  for (const char* text : {"https://joe:secret@p", "socks4://joe:secret@p", "http://joe:secret@",
                           "http://joe:secret@p:x", "http://joe:secret@p:0", "http://joe:secret@p:70000",
                           "http://:secret@p", "http://joe:secret%0a@p", "http://joe:secret%zz@p",
                           "http://joe:secret@-p", "http://joe:secret@[::1", "http://joe:secret@[::1]x",
                           "http://joe:secret@p/x", "joe:secret://p", "joe:secret@x://p", "", "http://"}) {
    EXPECT_NE(complaint(text), "") << text;
  }
}

}  // namespace
}  // namespace ftpfs::proto
