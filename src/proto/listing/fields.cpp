// SPDX-License-Identifier: MIT
#include "fields.hpp"

#include "../text.hpp"

namespace ftpfs::proto::listing {

Fields::Fields(std::string_view line) noexcept : line_(line) {
  std::size_t at = 0;
  while (count_ < most) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return;
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    places_[count_++] = {begin, at};
  }
}

std::string_view Fields::operator[](std::size_t index) const noexcept {
  if (index >= count_) return {};
  return line_.substr(places_[index].begin, places_[index].end - places_[index].begin);
}

}  // namespace ftpfs::proto::listing
