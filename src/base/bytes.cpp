// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

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

Buffer Buffer::mapped(std::size_t size) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  Buffer buffer;
  buffer.memory_ = std::unique_ptr<std::byte, Free>(static_cast<std::byte*>(memory), Free{size});
  buffer.size_ = buffer.footprint_ = size;
  return buffer;
}

void Buffer::Free::operator()(std::byte* memory) const noexcept {
  if (mapped > 0)
    ::munmap(memory, mapped);
  else
    std::free(memory);
}

void give_back_free_memory() noexcept {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace ftpfs
