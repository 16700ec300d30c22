// SPDX-License-Identifier: MIT
#include <algorithm>
#include <new>

#include <ftpfs/base/bytes.hpp>

namespace ftpfs {

// A small one on a page of its own would take two of them: malloc puts its own words in front.
Buffer::Buffer(std::size_t size) : size_(size) {
  constexpr std::size_t page = 4096;
  constexpr std::size_t line = 64;
  const std::size_t alignment = size < page ? line : page;
  footprint_ = std::max(alignment, (size + alignment - 1) / alignment * alignment);
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(alignment, footprint_)));
  if (!memory_) throw std::bad_alloc();
}

}  // namespace ftpfs
