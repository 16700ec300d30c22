// SPDX-License-Identifier: MIT

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/net/http_tunnel.hpp>

namespace ftpfs::net::http {
namespace {

// How much of `text` belongs to the head; npos: it is broken.
std::size_t head_size(std::string_view text, AnswerHead& head) {
  std::size_t fed = 0;
  while (fed < text.size() && !head.complete() && !head.broken()) head.feed(text[fed++]);
  return head.broken() ? std::string_view::npos : fed;
}

int status_of(std::string_view text) {
  AnswerHead head;
  head_size(text, head);
  return head.complete() ? head.status() : 0;
}

bool broken(std::string_view text) {
  AnswerHead head;
  return head_size(text, head) == std::string_view::npos;
}

TEST(HttpTunnel, RequestsNameTheTargetTwice) {
  EXPECT_EQ(connect_request({"ftp.example.org", 21}, "", ""),
            "CONNECT ftp.example.org:21 HTTP/1.1\r\nHost: ftp.example.org:21\r\n\r\n");
  EXPECT_EQ(connect_request({"2001:db8::7", 990}, "", ""),
            "CONNECT [2001:db8::7]:990 HTTP/1.1\r\nHost: [2001:db8::7]:990\r\n\r\n");
}

// RFC 7617 section 2 and RFC 4648 section 10.
TEST(HttpTunnel, LoginIsBasic) {
  const auto field = [](std::string_view user, std::string_view password) {
    const std::string request = connect_request({"h", 1}, user, password);
    constexpr std::string_view name = "Proxy-Authorization: Basic ";
    const std::size_t from = request.find(name) + name.size();
    return request.substr(from, request.find("\r\n", from) - from);
  };
  EXPECT_EQ(field("Aladdin", "open sesame"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(field("f", "oo"), "Zjpvbw==");
  EXPECT_EQ(field("fo", ""), "Zm86");
  EXPECT_EQ(field("fo", "ba"), "Zm86YmE=");
  EXPECT_EQ(field("\xFF\xFE", "\xFD"), "//46/Q==");
}

TEST(HttpTunnel, AHostThatWouldSplitTheRequestIsRefused) {
  EXPECT_THROW(connect_request({"h\r\nEvil: yes", 21}, "", ""), Error);
  EXPECT_THROW(connect_request({"h HTTP/1.1", 21}, "", ""), Error);
}

TEST(HttpTunnel, TheHeadEndsWithAnEmptyLineAndNothingIsTakenBeyond) {
  AnswerHead head;
  const std::string_view answer = "HTTP/1.1 200 Connection established\r\nVia: me\r\n\r\n220 ready\r\n";
  EXPECT_EQ(answer.substr(head_size(answer, head)), "220 ready\r\n");
  EXPECT_EQ(head.status(), 200);
  EXPECT_EQ(head.line(), "HTTP/1.1 200 Connection established");
}

TEST(HttpTunnel, ReadsTheFormsThatProxiesUse) {
  EXPECT_EQ(status_of("HTTP/1.0 200\r\n\r\n"), 200);
  EXPECT_EQ(status_of("HTTP/1.0 200 OK\n\n"), 200);
  EXPECT_EQ(status_of("HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\n"), 407);
  EXPECT_EQ(status_of("HTTP/1.1 200 OK\r\nA: b\r\n"), 0) << "not at its end";
}

TEST(HttpTunnel, AnythingElseIsBroken) {
  EXPECT_TRUE(broken("220 FTP server ready\r\n"));
  EXPECT_TRUE(broken("2")) << "at the first byte";
  EXPECT_TRUE(broken("\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/2 200\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/1.1 20 OK\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/1.1 2000 OK\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/1.1 099 OK\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/1.1200\r\n\r\n"));
  EXPECT_TRUE(broken("HTTP/1.x 200 OK\r\n\r\n"));
}

TEST(HttpTunnel, AnEndlessHeadIsCutOff) {
  EXPECT_TRUE(broken("HTTP/1.1 200 " + std::string(AnswerHead::max_size, 'x')));
  std::string fields = "HTTP/1.1 200 OK\r\n";
  while (fields.size() < AnswerHead::max_size) fields += "A: b\r\n";
  EXPECT_TRUE(broken(fields));
}

}  // namespace
}  // namespace ftpfs::net::http
