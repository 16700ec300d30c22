// SPDX-License-Identifier: MIT
// One directory's entries, as listed and then edited by our own changes. Shared by the cache and by open
// directory handles: a slot never moves and is never reused, so slot numbers serve as readdir cookies
// whatever happens meanwhile. A listing fetched later is a new object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/remote/types.hpp>

namespace ftpfs::vfs {

// Do two names differ in nothing but the case of letters? Never more than a suspicion, for which letters a
// server folds, if it does, is not known: those of the ASCII, Latin-1, Greek and Cyrillic alphabets here.
bool may_be_twins(std::string_view left, std::string_view right) noexcept;

class Listing {
 public:
  Listing(std::vector<Entry> entries, Clock::time_point fetched);
  Listing(const Listing&) = delete;
  Listing& operator=(const Listing&) = delete;

  const Entry* find(std::string_view name) const;
  // Another entry that a server which folds case may take for `name`; nullptr: none.
  const Entry* twin_of(std::string_view name) const noexcept;
  void put(Entry entry);  // adds, or replaces the entry of that name in its slot
  void erase(std::string_view name);

  std::size_t slots() const noexcept { return slots_.size(); }
  std::optional<std::size_t> slot_of(std::string_view name) const;
  const Entry* at(std::size_t slot) const noexcept;  // nullptr: erased
  std::size_t size() const noexcept { return slots_.size() - erased_; }
  std::size_t directories() const noexcept { return directories_; }
  // Little of it is still there: names that come and go leave their slots behind.
  bool worn() const noexcept;
  std::size_t weight() const noexcept;  // bytes, about
  Clock::time_point fetched() const noexcept { return fetched_; }

 private:
  using Slot = std::uint32_t;
  struct Hash {
    using is_transparent = void;
    const Listing* listing;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
    std::size_t operator()(Slot slot) const noexcept {
      return (*this)(std::string_view(listing->slots_[slot].name));
    }
  };
  struct Equal {
    using is_transparent = void;
    const Listing* listing;
    std::string_view name(std::string_view text) const noexcept { return text; }
    std::string_view name(Slot slot) const noexcept { return listing->slots_[slot].name; }
    template <class Left, class Right>
    bool operator()(const Left& left, const Right& right) const noexcept {
      return name(left) == name(right);
    }
  };
  using Index = std::unordered_set<Slot, Hash, Equal>;

  Index& index() const;  // built at the first look-up: a plain readdir needs none

  std::vector<Entry> slots_;  // an empty name marks an erased slot
  std::size_t listed_;        // by the server
  std::size_t erased_ = 0;
  std::size_t directories_ = 0;
  std::size_t name_bytes_ = 0;
  Clock::time_point fetched_;
  mutable Index index_;
  mutable bool indexed_ = false;
};

}  // namespace ftpfs::vfs
