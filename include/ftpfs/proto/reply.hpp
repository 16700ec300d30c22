// SPDX-License-Identifier: MIT
// Replies of the control connection (RFC 959 section 4.2): bytes in, values out.
// The parser never throws on what a server sends and never holds more than its limits; a peer that breaks
// them, or that does not speak FTP at all, makes it broken(): the connection is then useless and must be
// dropped.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ftpfs::proto {

struct Reply {
  int code = 0;                    // 100..699, never anything else
  std::string text;                // what the server says, without codes; several lines are joined by '\n'
  std::vector<std::string> lines;  // as received, without line ends, codes included; never empty

  bool preliminary() const noexcept { return code / 100 == 1; }
  bool completion() const noexcept { return code / 100 == 2; }
  bool intermediate() const noexcept { return code / 100 == 3; }
  bool transient() const noexcept { return code / 100 == 4; }
  bool permanent() const noexcept { return code / 100 == 5; }

  // "550 text" for messages. Raw bytes of the server: escape before printing.
  const std::string& last_line() const noexcept { return lines.back(); }
};

class ReplyParser {
 public:
  static constexpr std::size_t max_line = 8 * 1024;
  static constexpr std::size_t max_reply = 64 * 1024;
  static constexpr std::size_t max_lines = 1000;
  static constexpr std::size_t max_waiting = 256;  // complete replies nobody has asked for

  void feed(std::string_view bytes);
  // No further than to the end of a line, which may be that of a reply; returns how many bytes that was.
  std::size_t feed_line(std::string_view bytes);

  // The first line of a reply is here, or all of it.
  bool begun() const noexcept { return !waiting_.empty() || !lines_.empty(); }
  // The code of a reply of several lines, of which no more than the first is here; 0: there is none.
  int opened() const noexcept { return waiting_.empty() && lines_.size() == 1 && line_.empty() ? code_ : 0; }
  // The lines that follow are not for this parser, to the end of that reply.
  void leave_the_rest();

  // The oldest complete reply; nullopt: more bytes are needed, or broken().
  std::optional<Reply> next();

  // Nothing is buffered: no reply, no part of one. What must hold right before TLS starts and before a
  // command.
  bool empty() const noexcept;

  // All that has come of a reply of several lines ends with a line that would end one with another code
  // ("553-File exists" and then "150 Opening data connection": glftpd). Whether that was the end only silence
  // tells: then settle() takes it for the end, and its code for that of the reply.
  bool may_be_over() const noexcept;
  void settle();

  // Telnet options negotiated so far (RFC 854 WILL, WONT, DO, DONT).
  std::size_t telnet_options() const noexcept { return telnet_options_; }

  bool broken() const noexcept { return !complaint_.empty(); }
  std::string_view complaint() const noexcept { return complaint_; }
  const std::string& offender() const noexcept {
    return offender_;
  }  // the beginning of the line that broke it

 private:
  enum class Telnet { data, command, option };

  void take(char byte);
  void append(char byte);
  void end_line();
  void complete(int code);
  void give_up(std::string_view complaint);

  Telnet telnet_ = Telnet::data;
  std::size_t telnet_options_ = 0;
  std::string line_;                // the line being received
  std::vector<std::string> lines_;  // complete lines of the reply being received
  std::size_t bytes_ = 0;           // in lines_
  int code_ = 0;                    // of the first of lines_
  std::deque<Reply> waiting_;
  std::string_view complaint_;
  std::string offender_;
};

}  // namespace ftpfs::proto
