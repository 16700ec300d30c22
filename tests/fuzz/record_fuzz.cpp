// SPDX-License-Identifier: MIT
// What the journal finds in the spool after a crash: text that is a record or none; and records of any
// content that are written down. What is a record is within its bounds, is written and read again as the
// same, and is none when a part of it is missing or changed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <ftpfs/base/error.hpp>
#include <ftpfs/base/hash.hpp>
#include <ftpfs/vfs/record.hpp>

#include "check.hpp"
#include "numbers.hpp"

namespace {

using namespace ftpfs::vfs;
using ftpfs::fuzz::take_number;

// No fuzzer guesses the checksum: without it nothing but the checksum would be tried.
std::string sealed(std::string_view body) {
  const std::string text = "ftpfs-record 1\n" + std::string(body);
  return text + fmt::format("checksum {:016x}\n", ftpfs::fnv1a(text));
}

void check_bounds(const Record& record) {
  const Stage::Extent& extent = record.extent;
  check(extent.size <= Stage::largest);
  check(extent.base_size <= extent.size && extent.base_size <= extent.server_size);
  for (const Range& range : extent.present) check(range.begin < range.end && range.end <= extent.base_size);
  check(record.path == ftpfs::Path(record.path.str()));
}

// `where`: any number.
void check_damage(const std::string& text, std::size_t where) {
  check(!decode(std::string_view(text).substr(0, where % text.size())));
  std::string changed = text;
  char& byte = changed[where % changed.size()];
  byte = static_cast<char>(byte ^ (1 << where % 8));
  check(!decode(changed));
}

void check_way_back(const Record& record, std::size_t where) {
  const std::string text = encode(record);
  check(decode(text) == record);
  check_damage(text, where);
}

void read(std::string_view text) {
  const auto record = decode(text);
  if (!record) return;
  check_bounds(*record);
  check_way_back(*record, ftpfs::fnv1a(text));
}

std::optional<ftpfs::Path> path_of(std::string_view text) {
  try {
    return ftpfs::Path(text);
  } catch (const ftpfs::Error&) {
    return std::nullopt;
  }
}

void write(std::string_view input) {
  const auto where = take_number<std::uint64_t>(input);
  const auto flags = take_number<std::uint8_t>(input);
  Record record;
  record.state = (flags & 1) != 0 ? Record::State::complete : Record::State::open;
  record.may_append = (flags & 2) != 0;
  Stage::Extent& extent = record.extent;
  extent.size = take_number<std::uint64_t>(input) % (Stage::largest + 1);
  extent.server_size = take_number<std::uint64_t>(input);
  extent.base_size = std::min({take_number<std::uint64_t>(input), extent.size, extent.server_size});
  extent.lowest_change = take_number<std::uint64_t>(input);
  if (extent.base_size > 0) {
    const std::uint64_t begin = take_number<std::uint64_t>(input) % extent.base_size;
    extent.present = {{begin, extent.base_size}, {0, begin + 1}};
  }
  record.written_at = take_number<std::int64_t>(input);
  if ((flags & 4) != 0) record.mtime = take_number<std::int64_t>(input);
  if ((flags & 8) != 0) record.mode = take_number<std::uint16_t>(input);
  if ((flags & 16) != 0) {
    record.base.emplace();
    record.base->size = take_number<std::uint64_t>(input);
    record.base->size_known = (flags & 32) != 0;
    if ((flags & 64) != 0) record.base->mtime = {take_number<std::int64_t>(input), ftpfs::Precision::minute};
  }
  const std::size_t half = input.size() / 2;
  record.source = input.substr(0, half);
  const auto path = path_of(input.substr(half));
  if (!path) return;
  record.path = *path;
  if ((flags & 128) != 0) record.temporary = path_of(record.source);
  check_way_back(record, where);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  read(sealed(text));
  write(text);
  return 0;
}
