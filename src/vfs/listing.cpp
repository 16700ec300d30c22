// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <ftpfs/vfs/listing.hpp>

namespace ftpfs::vfs {

namespace {

// Takes the first letter off `text`: an ASCII one, or one of two bytes in UTF-8 (Latin, Greek, Cyrillic). Of
// all else one byte, as if it were Latin-1: what has no case needs no decoding.
char32_t take_letter(std::string_view& text) noexcept {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const bool two = text.size() > 1 && (byte(0) & 0xE0) == 0xC0 && (byte(1) & 0xC0) == 0x80;
  const char32_t letter = two ? (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu) : byte(0);
  text.remove_prefix(two ? 2 : 1);
  return letter;
}

constexpr char32_t lower(char32_t letter) noexcept {
  const auto within = [letter](char32_t first, char32_t last) { return letter >= first && letter <= last; };
  if (within(U'A', U'Z') || within(U'\u00C0', U'\u00DE') || within(U'\u0391', U'\u03A9') ||
      within(U'\u0410', U'\u042F'))
    return letter + 0x20;
  return within(U'\u0400', U'\u040F') ? letter + 0x50 : letter;
}

bool is_directory(const Entry& entry) noexcept {
  return entry.attributes.kind == Kind::directory;
}

}  // namespace

bool may_be_twins(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size() || left == right) return false;
  while (!left.empty() && !right.empty()) {
    if (lower(take_letter(left)) != lower(take_letter(right))) return false;
  }
  return left.empty() && right.empty();
}

Listing::Listing(std::vector<Entry> entries, Clock::time_point fetched)
    : slots_(std::move(entries)),
      listed_(slots_.size()),
      fetched_(fetched),
      index_(0, Hash{this}, Equal{this}) {
  for (const Entry& entry : slots_) {
    name_bytes_ += entry.name.size() + entry.link_target.size();
    if (is_directory(entry)) ++directories_;
  }
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

std::optional<std::size_t> Listing::slot_of(std::string_view name) const {
  const Entry* const entry = find(name);
  if (!entry) return std::nullopt;
  return static_cast<std::size_t>(entry - slots_.data());
}

const Entry* Listing::twin_of(std::string_view name) const noexcept {
  const auto is_twin = [&](const Entry& entry) { return may_be_twins(entry.name, name); };
  const auto found = std::find_if(slots_.begin(), slots_.end(), is_twin);
  return found == slots_.end() ? nullptr : &*found;
}

void Listing::put(Entry entry) {
  Index& by_name = index();
  const auto found = by_name.find(std::string_view(entry.name));
  if (is_directory(entry)) ++directories_;
  if (found != by_name.end()) {
    if (is_directory(slots_[*found])) --directories_;
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
  if (is_directory(slots_[slot])) --directories_;
  slots_[slot] = Entry{};
  ++erased_;
}

bool Listing::worn() const noexcept {
  constexpr std::size_t worth_fetching_again = 4096;
  return slots_.size() > 2 * std::max(listed_, size()) + worth_fetching_again;
}

const Entry* Listing::at(std::size_t slot) const noexcept {
  return slots_[slot].name.empty() ? nullptr : &slots_[slot];
}

std::size_t Listing::weight() const noexcept {
  constexpr std::size_t index_node = 32;  // one unordered_set node and its bucket
  return sizeof(*this) + slots_.size() * (sizeof(Entry) + index_node) + name_bytes_;
}

}  // namespace ftpfs::vfs
