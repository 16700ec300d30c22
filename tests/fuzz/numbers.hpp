// SPDX-License-Identifier: MIT
// Numbers off the front of an input, as they lie there; zeros when it is used up.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ftpfs::fuzz {

template <class Number>
Number take_number(std::string_view& input) {
  Number number{};
  const std::size_t size = std::min(input.size(), sizeof number);
  std::memcpy(&number, input.data(), size);
  input.remove_prefix(size);
  return number;
}

}  // namespace ftpfs::fuzz
