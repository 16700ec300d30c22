// SPDX-License-Identifier: MIT
// Who reads one file after the other? Sees which files programs open for reading and tells rows from lone
// reads: two files of one directory in the order of its listing, with nothing small between them. Once a row
// goes on, readers that work side by side may be a little out of order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>

#include <ftpfs/vfs/directories.hpp>

namespace ftpfs::vfs {

struct FileRow {
  Ino directory = 0;
  std::string last;  // of its names, the one that was opened last
  bool goes_on = false;
  Clock::time_point since{};  // when that was

  // Where to look for the next one: behind `last_slot`, where the last one is, and behind what was looked at.
  std::size_t search_begin(const Listing& listing, std::size_t last_slot) const noexcept;
  void searched(const Listing& listing, std::size_t end) noexcept { searched_ = {listing.fetched(), end}; }
  void begin_anew() noexcept { searched_ = {}; }  // it has stepped back

 private:
  struct {
    Clock::time_point fetched{};  // of which listing
    std::size_t end = 0;
  } searched_;
};

class FileRows {
 public:
  static constexpr std::uint64_t largest = 128u << 10;  // bytes of what counts as a small file

  explicit FileRows(const Clock& clock) : clock_(clock) {}

  static bool small(const EntryView& entry) noexcept;

  // The row that it continues or begins; valid until the next call. `listing` is its directory's; `expected`:
  // it was fetched because of a row.
  FileRow& opened(const Node& file, const Listing& listing, bool expected);
  void forget_old();
  void clear() noexcept { rows_.clear(); }
  std::list<FileRow>& rows() noexcept { return rows_; }  // the last one to move first

 private:
  static constexpr std::size_t most_rows = 4;

  static void move(FileRow& row, const Node& file, const Listing& listing, bool expected);

  const Clock& clock_;
  std::list<FileRow> rows_;
};

}  // namespace ftpfs::vfs
