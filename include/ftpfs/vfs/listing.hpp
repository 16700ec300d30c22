// SPDX-License-Identifier: MIT
// One directory's entries, as listed and then edited by our own changes. Shared by the cache and by open
// directory handles: a slot never moves and is never reused, so slot numbers serve as readdir cookies
// whatever happens meanwhile. A listing fetched later is a new object.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ftpfs/base/clock.hpp>
#include <ftpfs/remote/types.hpp>
#include <ftpfs/vfs/slot_index.hpp>

namespace ftpfs::vfs {

// Do two names differ in nothing but the case of letters? Never more than a suspicion, for which letters a
// server folds, if it does, is not known: those of the ASCII, Latin-1, Greek and Cyrillic alphabets here.
bool may_be_twins(std::string_view left, std::string_view right) noexcept;

class Listing {
 public:
  Listing(const std::vector<Entry>& entries, Clock::time_point fetched);

  // What find(), twin_of() and at() return is valid until the next put().
  std::optional<EntryView> find(std::string_view name) const;
  // An entry that a server which folds case may take for `name`, which is not listed itself.
  std::optional<EntryView> twin_of(std::string_view name) const;
  void put(const EntryView& entry);  // adds, or replaces the entry of that name in its slot
  void erase(std::string_view name);

  std::size_t slots() const noexcept { return slots_.size(); }
  std::optional<std::size_t> slot_of(std::string_view name) const;
  std::optional<EntryView> at(std::size_t slot) const;  // nullopt: erased
  std::size_t size() const noexcept { return slots_.size() - erased_; }
  std::size_t directories() const noexcept { return directories_; }
  // Little of it is still there: names that come and go leave their slots behind.
  bool worn() const noexcept;
  std::size_t weight() const noexcept;  // bytes, about
  // No look-up compares more names, whatever names the server has thought of.
  std::size_t longest_search() const noexcept {
    return std::max(index_.longest_run(), folded_.longest_run());
  }
  Clock::time_point fetched() const noexcept { return fetched_; }

 private:
  // An entry in 24 bytes: a million of them are held as long as the kernel walks through them.
  struct Slot {
    std::uint64_t size;
    std::int64_t seconds;
    std::uint32_t name;   // where it begins in names_
    std::uint8_t length;  // of the name, at most NAME_MAX; 0: erased
    Kind kind : 2;
    bool size_known : 1;
    bool has_mode : 1;
    bool has_time : 1;
    Precision precision : 2;
    std::uint16_t mode;
  };

  static Slot packed(const Attributes& attributes) noexcept;
  static Attributes unpacked(const Slot& slot) noexcept;
  std::string_view name_of(const Slot& slot) const noexcept {
    return std::string_view(names_).substr(slot.name, slot.length);
  }
  EntryView view(SlotIndex::Slot slot) const;
  void add(const EntryView& entry);
  void set_link_target(SlotIndex::Slot slot, std::string_view target);
  bool is_gone(SlotIndex::Slot slot) const noexcept { return slots_[slot].length == 0; }
  void build_index() const;
  void build_folded() const;
  void index(SlotIndex::Slot slot) const;
  void fold(SlotIndex::Slot slot) const;

  std::vector<Slot> slots_;
  std::string names_;  // of all slots, those of erased ones as well
  std::unordered_map<SlotIndex::Slot, std::string> link_targets_;
  std::size_t link_target_bytes_ = 0;
  std::size_t listed_;  // by the server
  std::size_t erased_ = 0;
  std::size_t directories_ = 0;
  Clock::time_point fetched_;
  mutable SlotIndex index_;  // built at the first look-up: a plain readdir needs none
  mutable bool indexed_ = false;
  // The same by names without their case, one of those that differ in nothing else. Built when the first name
  // is to appear here.
  mutable SlotIndex folded_;
  mutable bool is_folded_ = false;
  mutable std::unordered_set<std::uint64_t> shared_;  // hashes of names of which some are not in folded_
};

}  // namespace ftpfs::vfs
