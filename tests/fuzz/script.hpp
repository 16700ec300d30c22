// SPDX-License-Identifier: MIT
// The input of client_fuzz: records that are separated by byte 30 (RS). The first says what the client does
// (client_fuzz.cpp), each of the others is what the server does the next time it has something to say or to
// send. When they are used up, it behaves.
//   (empty)   the usual answer             +TEXT   the usual answer, and TEXT
//   #         nothing                      -TEXT   TEXT, and the end of the connection
//   !TEXT     TEXT, and a reset            TEXT    this instead
#pragma once

#include <string_view>

#include "records.hpp"
#include "wire.hpp"

namespace ftpfs::fuzz {

struct Answer {
  bool usual = true;
  bool silent = false;
  std::string_view text = {};  // instead of the usual answer, or after it
  End end = End::none;
};

class Script {
 public:
  explicit Script(std::string_view text) : left_(text), operations_(left_.take()) {}

  std::string_view operations() const noexcept { return operations_; }

  Answer next() {
    const std::string_view record = left_.take();
    if (record.empty()) return {};
    const std::string_view rest = record.substr(1);
    switch (record.front()) {
      case '+':
        return {.usual = true, .text = rest};
      case '#':
        return {.usual = false, .silent = true};
      case '-':
        return {.usual = false, .text = rest, .end = End::clean};
      case '!':
        return {.usual = false, .text = rest, .end = End::reset};
      default:
        return {.usual = false, .text = record};
    }
  }

 private:
  Records left_;
  std::string_view operations_;
};

}  // namespace ftpfs::fuzz
