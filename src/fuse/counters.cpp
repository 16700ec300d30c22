// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>

#include <ftpfs/fuse/counters.hpp>

namespace ftpfs::fuse {

void Counters::asked(const char* operation) {
  const auto found = std::ranges::find(asked_, operation, [](const auto& each) { return each.first; });
  if (found == asked_.end()) {
    asked_.emplace_back(operation, 1);
    return;
  }
  ++found->second;
  if (found == asked_.begin()) return;
  const auto before = std::prev(found);  // what is asked for most comes first
  if (before->second < found->second) std::iter_swap(before, found);
}

void Counters::failed(int code) noexcept {
  if (code > 0 && code < static_cast<int>(failed_.size())) ++failed_[static_cast<std::size_t>(code)];
}

std::vector<std::pair<int, std::uint64_t>> Counters::errors() const {
  std::vector<std::pair<int, std::uint64_t>> found;
  for (std::size_t code = 0; code < failed_.size(); ++code) {
    if (failed_[code] > 0) found.emplace_back(static_cast<int>(code), failed_[code]);
  }
  return found;
}

}  // namespace ftpfs::fuse
