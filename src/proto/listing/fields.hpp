// SPDX-License-Identifier: MIT
// A line of a listing cut at its blanks, without losing where each piece stood: names are found by position.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace ftpfs::proto::listing {

class Fields {
 public:
  // What describes a file lies within the first 32 words of any known format; what follows is part of the
  // name.
  static constexpr std::size_t most = 32;

  explicit Fields(std::string_view line) noexcept;

  std::string_view line() const noexcept { return line_; }
  std::size_t size() const noexcept { return count_; }
  std::string_view operator[](std::size_t index) const noexcept;  // "" beyond the end
  std::size_t begin(std::size_t index) const noexcept { return places_[index].begin; }
  std::size_t end(std::size_t index) const noexcept { return places_[index].end; }

  // All that follows a field, blanks included; from(i): the field and all that follows.
  std::string_view after(std::size_t index) const noexcept { return line_.substr(end(index)); }
  std::string_view from(std::size_t index) const noexcept { return line_.substr(begin(index)); }

 private:
  struct Place {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  std::string_view line_;
  std::array<Place, most> places_{};
  std::size_t count_ = 0;
};

}  // namespace ftpfs::proto::listing
