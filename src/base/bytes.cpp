// SPDX-License-Identifier: MIT
#include <new>

#include <ftpfs/base/bytes.hpp>

namespace ftpfs {

Buffer::Buffer(std::size_t size) : size_(size) {
  constexpr std::size_t page = 4096;
  const std::size_t rounded = (size + page - 1) / page * page;
  memory_.reset(static_cast<std::byte*>(std::aligned_alloc(page, rounded == 0 ? page : rounded)));
  if (!memory_) throw std::bad_alloc();
}

}  // namespace ftpfs
