// SPDX-License-Identifier: MIT
// Bytes: spans for borrowing, Buffer for owning, Slices for answering a read without copying.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace ftpfs {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Owning, movable, not zeroed; from a page on page-aligned. Throws std::bad_alloc.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size);

  std::size_t size() const noexcept { return size_; }
  std::byte* data() noexcept { return memory_.get(); }
  const std::byte* data() const noexcept { return memory_.get(); }
  MutableBytes bytes() noexcept { return {memory_.get(), size_}; }
  Bytes bytes() const noexcept { return {memory_.get(), size_}; }
  std::size_t footprint() const noexcept { return footprint_; }  // the memory it holds; not less than size()
  void shrink(std::size_t size) noexcept { size_ = size; }       // keeps the memory; size <= size()

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept { std::free(memory); }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t size_ = 0;
  std::size_t footprint_ = 0;
};

// Part of a shared buffer, kept alive by its owner.
struct Slice {
  std::shared_ptr<const Buffer> owner;
  Bytes bytes;
};
using Slices = std::vector<Slice>;

inline std::size_t total_size(const Slices& slices) {
  std::size_t size = 0;
  for (const Slice& slice : slices) size += slice.bytes.size();
  return size;
}

}  // namespace ftpfs
