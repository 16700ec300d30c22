// SPDX-License-Identifier: MIT
// Parts of an input, separated by byte 30 (RS): so that the fuzzer can cut and join them.
#pragma once

#include <string_view>

namespace ftpfs::fuzz {

class Records {
 public:
  explicit Records(std::string_view text) : left_(text) {}

  // Empty when they are used up, too.
  std::string_view take() {
    const std::size_t end = left_.find(separator);
    const std::string_view record = left_.substr(0, end);
    left_.remove_prefix(end == left_.npos ? left_.size() : end + 1);
    return record;
  }
  std::string_view rest() const noexcept { return left_; }

 private:
  static constexpr char separator = 30;

  std::string_view left_;
};

}  // namespace ftpfs::fuzz
