// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>

#include <ftpfs/vfs/file_rows.hpp>

namespace ftpfs::vfs {
namespace {

constexpr std::chrono::seconds longest_stand{20};
constexpr std::size_t longest_gap = 4096;  // slots of what is not small, between two files in a row
constexpr std::size_t disorder = 32;       // slots that a row which goes on may jump

bool nothing_small_between(const Listing& listing, std::size_t first, std::size_t last) {
  if (last - first > longest_gap) return false;
  for (std::size_t slot = first + 1; slot < last; ++slot) {
    const std::optional<EntryView> entry = listing.at(slot);
    if (entry && FileRows::small(*entry)) return false;
  }
  return true;
}

}  // namespace

std::size_t FileRow::search_begin(const Listing& listing, std::size_t last_slot) const noexcept {
  const bool same = searched_.fetched == listing.fetched();
  return std::max(last_slot + 1, same ? searched_.end : 0);
}

bool FileRows::small(const EntryView& entry) noexcept {
  const Attributes& attributes = entry.attributes;
  return attributes.kind == Kind::file && attributes.size_known && attributes.size <= largest;
}

FileRow& FileRows::opened(const Node& file, const Listing& listing, bool expected) {
  forget_old();
  const auto found = std::ranges::find(rows_, file.parent->ino, &FileRow::directory);
  if (found != rows_.end()) {
    rows_.splice(rows_.begin(), rows_, found);
    move(rows_.front(), file, listing, expected);
  } else {
    rows_.emplace_front();
    rows_.front().directory = file.parent->ino;
    rows_.front().last = file.name.str();
    if (rows_.size() > most_rows) rows_.pop_back();
  }
  rows_.front().since = clock_.now();
  return rows_.front();
}

void FileRows::move(FileRow& row, const Node& file, const Listing& listing, bool expected) {
  if (file.name == row.last) return;
  const auto before = listing.slot_of(row.last);
  const auto now = listing.slot_of(file.name);
  const bool forward = before && now && *now > *before;
  if (row.goes_on && !forward && expected) return;  // a reader beside the one that is further
  const bool near = row.goes_on && forward && *now - *before <= disorder;
  row.goes_on = near || (forward && nothing_small_between(listing, *before, *now));
  row.last = file.name.str();
  if (!forward) row.begin_anew();
}

void FileRows::forget_old() {
  const Clock::time_point now = clock_.now();
  rows_.remove_if([&](const FileRow& row) { return now - row.since > longest_stand; });
}

}  // namespace ftpfs::vfs
