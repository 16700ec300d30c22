// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ftpfs/proto/reply.hpp>

namespace ftpfs::proto {
namespace {

using testing::ElementsAre;

struct Conversation {
  std::string name;
  std::string bytes;
  std::vector<int> codes;
  std::vector<std::string> texts;
};

const std::vector<Conversation> dialogues = {
    {"Single", "220 ready\r\n", {220}, {"ready"}},
    {"Two", "220 ready\r\n331 password\r\n", {220, 331}, {"ready", "password"}},
    {"BareLineFeed", "220 ready\n331 password\n", {220, 331}, {"ready", "password"}},
    {"CodeOnly", "200\r\n", {200}, {""}},
    {"CodeAndBlank", "200 \r\n", {200}, {""}},
    {"MultiLine", "220-one\r\n220-two\r\n220 three\r\n", {220}, {"one\ntwo\nthree"}},
    {"InnerLinesWithoutCode",
     "211-Features:\r\n MDTM\r\n SIZE\r\n211 End\r\n",
     {211},
     {"Features:\n MDTM\n SIZE\nEnd"}},
    {"InnerLinesWithCode", "211-Features:\r\n211-MDTM\r\n211 End\r\n", {211}, {"Features:\nMDTM\nEnd"}},
    {"InnerLinesThatBeginWithDigits",
     "230-\r\n123 is a number\r\n2300 too\r\n230 ok\r\n",
     {230},
     {"\n123 is a number\n2300 too\nok"}},
    {"InnerEmptyLines", "230-a\r\n\r\n\r\n230 b\r\n", {230}, {"a\n\n\nb"}},
    {"EndsWithCodeOnly", "230-a\r\n230\r\n", {230}, {"a\n"}},
    {"NulIsSkipped",
     std::string("22\0"
                 "0 re\0ady\r\n",
                 13),
     {220},
     {"ready"}},
    {"SeveralCarriageReturns", "220 ready\r\r\n", {220}, {"ready"}},
    {"CarriageReturnInside", "220 a\rb\r\n", {220}, {"a\rb"}},
    {"EmptyLinesBetween", "\r\n\r\n220 ready\r\n\r\n200 ok\r\n", {220, 200}, {"ready", "ok"}},
    {"TelnetNegotiation",
     "\xFF\xFB\x01"
     "220 re\xFF\xFE\x03"
     "ady\r\n",
     {220},
     {"ready"}},
    {"TelnetCommand",
     "220 re\xFF\xF4"
     "ady\r\n",
     {220},
     {"ready"}},
    {"TelnetEscapedByte",
     "220 \xFF\xFF"
     "x\r\n",
     {220},
     {"\xFFx"}},
    {"Latin1ByteFF",
     "220 a\xFF"
     "b\r\n",
     {220},
     {"a\xFF"
      "b"}},
    {"ProtectedReply", "631 base64\r\n", {631}, {"base64"}},
};

class ReplyDialogue : public testing::TestWithParam<Conversation> {};

std::vector<Reply> drain(ReplyParser& parser) {
  std::vector<Reply> replies;
  while (auto reply = parser.next()) replies.push_back(*reply);
  return replies;
}

void expect_dialogue(const Conversation& expected, const std::vector<Reply>& replies) {
  ASSERT_EQ(replies.size(), expected.codes.size());
  for (std::size_t i = 0; i < replies.size(); ++i) {
    EXPECT_EQ(replies[i].code, expected.codes[i]);
    EXPECT_EQ(replies[i].text, expected.texts[i]);
    EXPECT_FALSE(replies[i].lines.empty());
  }
}

TEST_P(ReplyDialogue, InOnePiece) {
  ReplyParser parser;
  parser.feed(GetParam().bytes);
  expect_dialogue(GetParam(), drain(parser));
  EXPECT_TRUE(parser.empty());
  EXPECT_FALSE(parser.broken());
}

TEST_P(ReplyDialogue, CutAtEveryByte) {
  const std::string& bytes = GetParam().bytes;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ReplyParser parser;
    std::vector<Reply> replies;
    parser.feed(std::string_view(bytes).substr(0, cut));
    replies = drain(parser);
    parser.feed(std::string_view(bytes).substr(cut));
    for (Reply& reply : drain(parser)) replies.push_back(reply);
    expect_dialogue(GetParam(), replies);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, ReplyDialogue, testing::ValuesIn(dialogues),
                         [](const auto& test) { return test.param.name; });

TEST(Reply, Classes) {
  const auto of = [](int code) {
    Reply reply;
    reply.code = code;
    return reply;
  };
  EXPECT_TRUE(of(150).preliminary());
  EXPECT_TRUE(of(226).completion());
  EXPECT_TRUE(of(350).intermediate());
  EXPECT_TRUE(of(450).transient());
  EXPECT_TRUE(of(550).permanent());
  EXPECT_FALSE(of(550).transient());
  EXPECT_FALSE(of(150).completion());
}

TEST(Reply, KeepsItsLines) {
  ReplyParser parser;
  parser.feed("550-one\r\n two\r\n550 three\r\n");
  const auto reply = parser.next();
  ASSERT_TRUE(reply);
  EXPECT_THAT(reply->lines, ElementsAre("550-one", " two", "550 three"));
  EXPECT_EQ(reply->last_line(), "550 three");
}

TEST(ReplyParser, IsEmptyOnlyWithNothingBuffered) {
  ReplyParser parser;
  EXPECT_TRUE(parser.empty());
  parser.feed("2");
  EXPECT_FALSE(parser.empty());
  parser.feed("34 go\r\n");
  EXPECT_FALSE(parser.empty());
  ASSERT_TRUE(parser.next());
  EXPECT_TRUE(parser.empty());
  parser.feed("230-injected\r\n");
  EXPECT_FALSE(parser.empty());
  EXPECT_FALSE(parser.next());
}

TEST(ReplyParser, HalfATelnetCommandIsSomethingBuffered) {
  ReplyParser parser;
  parser.feed("\xFF");
  EXPECT_FALSE(parser.empty());
}

TEST(ReplyParser, CountsTelnetOptions) {
  ReplyParser parser;
  parser.feed("\xFF\xF1\xFF\xFF");
  EXPECT_EQ(parser.telnet_options(), 0u);
  parser.feed(
      "\xFF\xFC\x06"
      "200 ok\r\n");
  EXPECT_EQ(parser.telnet_options(), 1u);
}

// mtheall/ftpd #73: opened with 221-, ended with 211.
TEST(ReplyParser, TheEndOfAListOfFeaturesEndsWhateverWasOpened) {
  ReplyParser parser;
  parser.feed("221-\r\n MDTM\r\n\r\n211 End");
  EXPECT_FALSE(parser.next());
  parser.feed("\r\n");
  const auto reply = parser.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 211);
  EXPECT_EQ(reply->text, "\n MDTM\n\nEnd");
  EXPECT_TRUE(parser.empty());
}

TEST(ReplyParser, NoOtherLineWithAnotherCodeIsAnEnd) {
  ReplyParser parser;
  parser.feed("221-a\r\n211 Ending\r\n200 End\r\n 211 End\r\n");
  EXPECT_FALSE(parser.next());
  parser.feed("221 b\r\n");
  EXPECT_EQ(parser.next().value().lines.size(), 5u);
}

// glftpd: the names that are there already, under 553, and then the 150 all the same.
TEST(ReplyParser, AfterSilenceAnotherCodeIsTheEnd) {
  ReplyParser parser;
  parser.feed("553-File is there.\r\n");
  EXPECT_FALSE(parser.may_be_over());
  parser.feed("150 Opening");
  EXPECT_FALSE(parser.may_be_over()) << "in the middle of a line";
  parser.feed("\r\n");
  EXPECT_TRUE(parser.may_be_over());
  EXPECT_FALSE(parser.next());
  parser.settle();
  const auto reply = parser.next();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code, 150);
  EXPECT_EQ(reply->text, "File is there.\nOpening");
  EXPECT_TRUE(parser.empty());
}

TEST(ReplyParser, WhatIsNoEndIsNotSettled) {
  for (const char* bytes : {"", "200-a\r\n", "200-a\r\n b\r\n", "200-a\r\n150-b\r\n", "200-a\r\n99 b\r\n",
                            "200 a\r\n", "200-a\r\n150 b\r\n\xFF"}) {
    ReplyParser parser;
    parser.feed(bytes);
    EXPECT_FALSE(parser.may_be_over()) << bytes;
    while (parser.next()) {
    }
    parser.settle();
    EXPECT_FALSE(parser.next()) << bytes;
  }
}

class Nonsense : public testing::TestWithParam<std::string> {};

TEST_P(Nonsense, BreaksTheParser) {
  ReplyParser parser;
  parser.feed(GetParam() + "\r\n220 too late\r\n");
  EXPECT_TRUE(parser.broken());
  EXPECT_EQ(parser.complaint(), "the server does not speak FTP");
  EXPECT_EQ(parser.offender(), GetParam().substr(0, 100));
  EXPECT_FALSE(parser.next());
}

INSTANTIATE_TEST_SUITE_P(Lines, Nonsense,
                         testing::Values("SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request", "10054 reset",
                                         "99 x", "220x", " 220 x", "700 x", "000 x", "22", "-220 x",
                                         "\x16\x03\x01"));

TEST(ReplyParser, RepliesBeforeNonsenseStillCount) {
  ReplyParser parser;
  parser.feed("421 busy\r\nnonsense\r\n");
  EXPECT_TRUE(parser.broken());
  ASSERT_TRUE(parser.next());
  EXPECT_FALSE(parser.next());
}

TEST(ReplyParser, LineLimit) {
  ReplyParser fits;
  fits.feed("220 " + std::string(ReplyParser::max_line - 4, 'x') + "\n");
  EXPECT_TRUE(fits.next());
  ReplyParser parser;
  parser.feed("220 " + std::string(ReplyParser::max_line - 3, 'x'));
  EXPECT_TRUE(parser.broken());
  EXPECT_EQ(parser.complaint(), "a line of the reply is too long");
  EXPECT_TRUE(parser.empty());
}

TEST(ReplyParser, EndlessLineStaysBounded) {
  ReplyParser parser;
  for (int i = 0; i < 1000; ++i) parser.feed(std::string(64 * 1024, '2'));
  EXPECT_TRUE(parser.broken());
}

TEST(ReplyParser, LineCountLimit) {
  std::string bytes = "220-x\r\n";
  for (std::size_t i = 2; i < ReplyParser::max_lines; ++i) bytes += "\r\n";
  ReplyParser fits;
  fits.feed(bytes + "220 end\r\n");
  EXPECT_TRUE(fits.next());
  ReplyParser parser;
  parser.feed(bytes + "\r\n220 end\r\n");
  EXPECT_TRUE(parser.broken());
  EXPECT_EQ(parser.complaint(), "the reply is too long");
}

TEST(ReplyParser, ReplySizeLimit) {
  ReplyParser parser;
  parser.feed("220-x\r\n");
  for (int i = 0; i < 9; ++i) parser.feed(std::string(8000, 'y') + "\r\n");
  EXPECT_TRUE(parser.broken());
}

TEST(ReplyParser, FloodOfRepliesIsBounded) {
  ReplyParser parser;
  for (std::size_t i = 0; i <= ReplyParser::max_waiting; ++i) parser.feed("200 ok\r\n");
  EXPECT_TRUE(parser.broken());
  EXPECT_EQ(parser.complaint(), "replies to no command");
}

}  // namespace
}  // namespace ftpfs::proto
