// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include <ftpfs/base/text_hash.hpp>
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

// Of the letters without their case.
std::uint64_t folded_hash_of(std::string_view name) noexcept {
  constexpr unsigned letter_bits = 11;  // see take_letter()
  constexpr unsigned most = TextHash::piece_bits / letter_bits;
  TextHash hash(name.size());
  while (!name.empty()) {
    std::uint64_t piece = 0;
    for (unsigned count = 0; count < most && !name.empty(); ++count)
      piece = piece << letter_bits | lower(take_letter(name));
    hash.add(piece);
  }
  return hash.value();
}

}  // namespace

bool may_be_twins(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size() || left == right) return false;
  while (!left.empty() && !right.empty()) {
    if (lower(take_letter(left)) != lower(take_letter(right))) return false;
  }
  return left.empty() && right.empty();
}

Listing::Listing(const std::vector<Entry>& entries, Clock::time_point fetched)
    : listed_(entries.size()), fetched_(fetched) {
  std::size_t name_bytes = 0;
  for (const Entry& entry : entries) name_bytes += entry.name.size();
  names_.reserve(name_bytes);
  slots_.reserve(entries.size());
  for (const Entry& entry : entries) add(entry);
}

Listing::Slot Listing::packed(const Attributes& attributes) noexcept {
  const Timestamp time = attributes.mtime.value_or(Timestamp{});
  Slot result{};
  result.size = attributes.size;
  result.seconds = time.seconds;
  result.kind = attributes.kind;
  result.size_known = attributes.size_known;
  result.has_mode = attributes.mode.has_value();
  result.has_time = attributes.mtime.has_value();
  result.precision = time.precision;
  result.mode = attributes.mode.value_or(0);
  return result;
}

Attributes Listing::unpacked(const Slot& slot) noexcept {
  Attributes result;
  result.kind = slot.kind;
  result.size_known = slot.size_known;
  if (slot.has_mode) result.mode = slot.mode;
  result.size = slot.size;
  if (slot.has_time) result.mtime = Timestamp{slot.seconds, slot.precision};
  return result;
}

EntryView Listing::view(SlotIndex::Slot slot) const {
  const Slot& packed = slots_[slot];
  const auto target = link_targets_.find(slot);
  return {name_of(packed), unpacked(packed),
          target == link_targets_.end() ? std::string_view() : std::string_view(target->second)};
}

void Listing::build_index() const {
  index_.reset(slots_.size());
  for (SlotIndex::Slot slot = 0; slot < slots_.size(); ++slot) {
    if (!is_gone(slot)) index(slot);
  }
  indexed_ = true;
}

void Listing::build_folded() const {
  folded_.reset(slots_.size());
  shared_.clear();
  for (SlotIndex::Slot slot = 0; slot < slots_.size(); ++slot) {
    if (!is_gone(slot)) fold(slot);
  }
  is_folded_ = true;
}

void Listing::index(SlotIndex::Slot slot) const {
  const auto gone = [this](SlotIndex::Slot other) { return is_gone(other); };
  index_.insert(hash_of(name_of(slots_[slot])), slot, gone);
}

void Listing::fold(SlotIndex::Slot slot) const {
  const std::string_view name = name_of(slots_[slot]);
  const std::uint64_t hash = folded_hash_of(name);
  const auto is_twin = [&](SlotIndex::Slot other) { return may_be_twins(name_of(slots_[other]), name); };
  if (folded_.find(hash, is_twin)) {
    shared_.insert(hash);
    return;
  }
  folded_.insert(hash, slot, [this](SlotIndex::Slot other) { return is_gone(other); });
}

std::optional<std::size_t> Listing::slot_of(std::string_view name) const {
  if (!indexed_) build_index();
  const auto is = [&](SlotIndex::Slot slot) { return !is_gone(slot) && name_of(slots_[slot]) == name; };
  return index_.find(hash_of(name), is);
}

std::optional<EntryView> Listing::find(std::string_view name) const {
  const std::optional<std::size_t> slot = slot_of(name);
  if (!slot) return std::nullopt;
  return view(static_cast<SlotIndex::Slot>(*slot));
}

std::optional<EntryView> Listing::twin_of(std::string_view name) const {
  if (!is_folded_) build_folded();
  const auto is_twin = [&](SlotIndex::Slot slot) { return may_be_twins(name_of(slots_[slot]), name); };
  const std::optional<SlotIndex::Slot> found = folded_.find(folded_hash_of(name), is_twin);
  if (!found) return std::nullopt;
  return view(*found);
}

void Listing::add(const EntryView& entry) {
  Slot slot = packed(entry.attributes);
  slot.name = static_cast<std::uint32_t>(names_.size());
  slot.length = static_cast<std::uint8_t>(entry.name.size());
  names_ += entry.name;
  slots_.push_back(slot);
  if (entry.attributes.kind == Kind::directory) ++directories_;
  set_link_target(static_cast<SlotIndex::Slot>(slots_.size() - 1), entry.link_target);
}

void Listing::put(const EntryView& entry) {
  if (const std::optional<std::size_t> found = slot_of(entry.name)) {
    Slot& old = slots_[*found];
    Slot slot = packed(entry.attributes);
    slot.name = old.name;
    slot.length = old.length;
    if (old.kind == Kind::directory) --directories_;
    if (slot.kind == Kind::directory) ++directories_;
    old = slot;
    set_link_target(static_cast<SlotIndex::Slot>(*found), entry.link_target);
    return;
  }
  add(entry);
  const auto slot = static_cast<SlotIndex::Slot>(slots_.size() - 1);
  index_.full() ? build_index() : index(slot);
  if (!is_folded_) return;
  folded_.full() ? build_folded() : fold(slot);
}

void Listing::erase(std::string_view name) {
  const std::optional<std::size_t> found = slot_of(name);
  if (!found) return;
  if (is_folded_ && shared_.contains(folded_hash_of(name)))
    is_folded_ = false;  // it may have stood for others
  Slot& slot = slots_[*found];
  if (slot.kind == Kind::directory) --directories_;
  set_link_target(static_cast<SlotIndex::Slot>(*found), {});
  slot.length = 0;
  ++erased_;
}

void Listing::set_link_target(SlotIndex::Slot slot, std::string_view target) {
  if (const auto old = link_targets_.find(slot); old != link_targets_.end()) {
    link_target_bytes_ -= old->second.size();
    link_targets_.erase(old);
  }
  if (target.empty()) return;
  link_targets_.emplace(slot, target);
  link_target_bytes_ += target.size();
}

bool Listing::worn() const noexcept {
  constexpr std::size_t worth_fetching_again = 4096;
  return slots_.size() > 2 * std::max(listed_, size()) + worth_fetching_again;
}

std::optional<EntryView> Listing::at(std::size_t slot) const {
  if (slots_[slot].length == 0) return std::nullopt;
  return view(static_cast<SlotIndex::Slot>(slot));
}

std::size_t Listing::weight() const noexcept {
  constexpr std::size_t link = 64;    // a node of the map, its bucket, its string
  constexpr std::size_t shared = 24;  // the same of a hash
  const std::size_t index = slots_.size() * 3 / 2 * sizeof(SlotIndex::Slot);  // also before it is built
  return sizeof(*this) + slots_.size() * sizeof(Slot) + names_.size() + index + folded_.bytes() +
         shared_.size() * shared + link_targets_.size() * link + link_target_bytes_;
}

}  // namespace ftpfs::vfs
