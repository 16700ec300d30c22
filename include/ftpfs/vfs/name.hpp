// SPDX-License-Identifier: MIT
// A node's name: one pointer, where a std::string takes four words and often the allocation as well.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace ftpfs::vfs {

class Name {
 public:
  Name() = default;                                                                 // empty, as the root's
  Name(std::string_view text) : text_(std::make_unique<char[]>(text.size() + 1)) {  // no NUL in it
    std::ranges::copy(text, text_.get());
  }

  operator std::string_view() const noexcept {
    return text_ ? std::string_view(text_.get()) : std::string_view();
  }
  std::string str() const { return std::string(std::string_view(*this)); }

  friend bool operator==(const Name& left, std::string_view right) noexcept {
    return std::string_view(left) == right;
  }
  friend std::string operator+(const Name& left, std::string_view right) { return left.str().append(right); }
  friend std::string operator+(std::string left, const Name& right) {
    return left.append(std::string_view(right));
  }

 private:
  std::unique_ptr<char[]> text_;
};

}  // namespace ftpfs::vfs
