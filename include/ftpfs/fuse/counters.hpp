// SPDX-License-Identifier: MIT
// How many requests of the kernel there were, by operation, and how many answers were errors, by errno.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace ftpfs::fuse {

class Counters {
 public:
  // `operation`: the literal that names it; counted by its address, which is what makes this cheap.
  void asked(const char* operation);
  void failed(int code) noexcept;

  const std::vector<std::pair<const char*, std::uint64_t>>& operations() const noexcept { return asked_; }
  std::vector<std::pair<int, std::uint64_t>> errors() const;  // by errno, those that occurred

 private:
  std::vector<std::pair<const char*, std::uint64_t>> asked_;
  std::array<std::uint64_t, 512> failed_{};
};

}  // namespace ftpfs::fuse
