// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/proto/reply.hpp>

#include "text.hpp"

namespace ftpfs::proto {
namespace {

constexpr char iac = '\xFF';

// RFC 2389 3.2 fixes this line: it is an end also where another code has opened the reply (mtheall/ftpd:
// 221).
constexpr std::string_view end_of_features = "211 End";

// The code that a line begins with, 0 for none. First digits 1..5 are RFC 959's, 6 is RFC 2228's.
int leading_code(std::string_view line) noexcept {
  if (line.size() < 3 || line[0] < '1' || line[0] > '6' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// "ddd text", or only "ddd" (sent by servers with nothing to say).
bool ends_reply(std::string_view line) noexcept {
  return line.size() == 3 || line[3] == ' ';
}

bool opens_reply(std::string_view line) noexcept {
  return line.size() > 3 && line[3] == '-';
}

// A line without its code. Inner lines have one only on some servers (RFC 2228 style), with ' ' or '-' behind
// it.
std::string_view without_code(std::string_view line, int code) noexcept {
  if (leading_code(line) != code || !(ends_reply(line) || opens_reply(line))) return line;
  line.remove_prefix(line.size() == 3 ? 3 : 4);
  return line;
}

}  // namespace

void ReplyParser::feed(std::string_view bytes) {
  for (const char byte : bytes) {
    if (broken()) return;
    take(byte);
  }
}

std::size_t ReplyParser::feed_line(std::string_view bytes) {
  const std::string_view line = bytes.substr(0, bytes.find('\n') + 1);
  feed(line.empty() ? bytes : line);
  return line.empty() ? bytes.size() : line.size();
}

void ReplyParser::leave_the_rest() {
  lines_ = {};
  bytes_ = 0;
}

// Telnet commands are dropped (RFC 854: IAC WILL/WONT/DO/DONT option, IAC command); IAC IAC is one 0xFF. A
// 0xFF that starts neither is a letter of a server that writes Latin-1 and knows nothing of Telnet.
void ReplyParser::take(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  switch (std::exchange(telnet_, Telnet::data)) {
    case Telnet::data:
      if (byte == iac) {
        telnet_ = Telnet::command;
      } else {
        append(byte);
      }
      return;
    case Telnet::command:
      if (value >= 0xFB && byte != iac) {
        telnet_ = Telnet::option;
        ++telnet_options_;
      } else if (value >= 0xF0 && byte != iac) {
        return;
      } else {
        append(iac);
        if (byte != iac) append(byte);
      }
      return;
    case Telnet::option:
      return;
  }
}

void ReplyParser::append(char byte) {
  if (byte == '\n') {
    while (!line_.empty() && line_.back() == '\r') line_.pop_back();
    end_line();
    line_.clear();
  } else if (byte != '\0') {  // CR NUL is a bare CR (RFC 854); vsftpd sends NUL for a LF in a name
    if (line_.size() == max_line) return give_up("a line of the reply is too long");
    line_ += byte;
  }
}

void ReplyParser::end_line() {
  const bool first = lines_.empty();
  if (first && line_.empty()) return;
  const int code = leading_code(line_);
  if (first && (code == 0 || !(ends_reply(line_) || opens_reply(line_)))) {
    return give_up("the server does not speak FTP");
  }
  bytes_ += line_.size();
  if (bytes_ > max_reply || lines_.size() == max_lines) return give_up("the reply is too long");
  lines_.push_back(std::move(line_));
  line_.clear();
  if (first) code_ = code;
  if ((code == code_ && ends_reply(lines_.back())) || lines_.back() == end_of_features) complete(code);
}

void ReplyParser::complete(int code) {
  if (waiting_.size() == max_waiting) return give_up("replies to no command");
  Reply reply;
  reply.code = code;
  for (const std::string& line : lines_) {
    if (&line != &lines_.front()) reply.text += '\n';
    reply.text += without_code(line, &line == &lines_.back() ? code : code_);
  }
  reply.lines = std::exchange(lines_, {});
  bytes_ = 0;
  waiting_.push_back(std::move(reply));
}

bool ReplyParser::may_be_over() const noexcept {
  if (broken() || lines_.size() < 2 || !line_.empty() || telnet_ != Telnet::data) return false;
  return leading_code(lines_.back()) != 0 && ends_reply(lines_.back());
}

void ReplyParser::settle() {
  if (may_be_over()) complete(leading_code(lines_.back()));
}

void ReplyParser::give_up(std::string_view complaint) {
  constexpr std::size_t enough = 100;
  complaint_ = complaint;
  offender_ = line_.substr(0, enough);
  line_ = {};
  lines_ = {};
  bytes_ = 0;
}

std::optional<Reply> ReplyParser::next() {
  if (waiting_.empty()) return std::nullopt;
  Reply reply = std::move(waiting_.front());
  waiting_.pop_front();
  return reply;
}

bool ReplyParser::empty() const noexcept {
  return waiting_.empty() && lines_.empty() && line_.empty() && telnet_ == Telnet::data;
}

}  // namespace ftpfs::proto
