// SPDX-License-Identifier: MIT
// Which slot of a table has a given name: hashes to slot numbers by open addressing with linear probing. Six
// bytes for each of a million names where a std::unordered_set takes forty. It knows neither the names nor
// their hashes: whoever fills it passes the hash, and tells when it finds the right one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace ftpfs::vfs {

class SlotIndex {
 public:
  using Slot = std::uint32_t;

  // Forgets everything; `count` insertions, and some more, will do before it is full().
  void reset(std::size_t count) { cells_.assign(count + count / 2 + 8, none), used_ = 0; }
  // Is it time for a larger one? Slots whose names are gone count until then.
  bool full() const noexcept { return used_ * 8 >= cells_.size() * 7; }

  // Takes the place of a slot that is gone where it passes one: names that come and go again and again do not
  // pile up. Not while full().
  template <class IsGone>
  void insert(std::uint64_t hash, Slot slot, IsGone is_gone) {
    std::size_t at = first(hash);
    while (cells_[at] != none && !is_gone(cells_[at])) at = next(at);
    if (cells_[at] == none) ++used_;
    cells_[at] = slot;
  }

  template <class Is>
  std::optional<Slot> find(std::uint64_t hash, Is is) const {
    for (std::size_t at = first(hash); cells_[at] != none; at = next(at)) {
      if (is(cells_[at])) return cells_[at];
    }
    return std::nullopt;
  }

  // No look-up looks at more cells, plus one.
  std::size_t longest_run() const noexcept {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const Slot cell : cells_) longest = std::max(longest, run = cell == none ? 0 : run + 1);
    return longest;
  }
  std::size_t bytes() const noexcept { return cells_.size() * sizeof(Slot); }

 private:
  static constexpr Slot none = std::numeric_limits<Slot>::max();

  std::size_t first(std::uint64_t hash) const noexcept { return ((hash >> 32) * cells_.size()) >> 32; }
  std::size_t next(std::size_t at) const noexcept { return at + 1 < cells_.size() ? at + 1 : 0; }

  std::vector<Slot> cells_ = std::vector<Slot>(8, none);
  std::size_t used_ = 0;
};

}  // namespace ftpfs::vfs
