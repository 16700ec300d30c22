// SPDX-License-Identifier: MIT
// The messages of HTTP CONNECT (RFC 9110, 9.3.6; RFC 7617 for the log-in), as text; who sends what when is in
// proxy.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ftpfs/net/host_port.hpp>

namespace ftpfs::net::http {

// With Proxy-Authorization unless `user` is empty. Throws Error(EINVAL) for a host that cannot stand in a
// request line.
std::string connect_request(const HostPort& where, std::string_view user, std::string_view password);

// The head of the answer, byte by byte: what follows it comes from the other end of the tunnel and must stay
// unread. Its fields mean nothing for CONNECT.
class AnswerHead {
 public:
  static constexpr std::size_t max_size = 16 * 1024;

  void feed(char byte);

  bool complete() const noexcept { return complete_; }
  bool broken() const noexcept { return broken_; }            // not HTTP, or too long
  int status() const noexcept { return status_; }             // once the first line is there
  const std::string& line() const noexcept { return line_; }  // the first: "HTTP/1.1 403 Forbidden"

 private:
  void end_line();

  std::string line_;
  std::size_t size_ = 0;
  std::size_t column_ = 0;  // bytes of the current line so far, without CR
  int status_ = 0;
  bool complete_ = false;
  bool broken_ = false;
};

}  // namespace ftpfs::net::http
