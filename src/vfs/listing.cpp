// SPDX-License-Identifier: MIT
#include <utility>

#include <ftpfs/vfs/listing.hpp>

namespace ftpfs::vfs {

Listing::Listing(std::vector<Entry> entries, Clock::time_point fetched)
    : slots_(std::move(entries)), fetched_(fetched), index_(0, Hash{this}, Equal{this}) {
  for (const Entry& entry : slots_) name_bytes_ += entry.name.size() + entry.link_target.size();
}

Listing::Index& Listing::index() const {
  if (!indexed_) {
    index_.reserve(slots_.size());
    for (Slot slot = 0; slot < slots_.size(); ++slot) {
      if (!slots_[slot].name.empty()) index_.insert(slot);
    }
    indexed_ = true;
  }
  return index_;
}

const Entry* Listing::find(std::string_view name) const {
  const Index& by_name = index();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : &slots_[*found];
}

void Listing::put(Entry entry) {
  Index& by_name = index();
  const auto found = by_name.find(std::string_view(entry.name));
  if (found != by_name.end()) {
    slots_[*found] = std::move(entry);
    return;
  }
  name_bytes_ += entry.name.size() + entry.link_target.size();
  slots_.push_back(std::move(entry));
  by_name.insert(static_cast<Slot>(slots_.size() - 1));
}

void Listing::erase(std::string_view name) {
  Index& by_name = index();
  const auto found = by_name.find(name);
  if (found == by_name.end()) return;
  const Slot slot = *found;
  by_name.erase(found);
  name_bytes_ -= slots_[slot].name.size() + slots_[slot].link_target.size();
  slots_[slot] = Entry{};
  ++erased_;
}

const Entry* Listing::at(std::size_t slot) const noexcept {
  return slots_[slot].name.empty() ? nullptr : &slots_[slot];
}

std::size_t Listing::weight() const noexcept {
  constexpr std::size_t index_node = 32;  // one unordered_set node and its bucket
  return sizeof(*this) + slots_.size() * (sizeof(Entry) + index_node) + name_bytes_;
}

}  // namespace ftpfs::vfs
