// SPDX-License-Identifier: MIT
#include <algorithm>
#include <functional>
#include <string>
#include <string_view>

#include <ftpfs/vfs/witness.hpp>

namespace ftpfs::vfs {
namespace {

std::uint64_t hash_of(std::string_view text) {
  return std::hash<std::string_view>()(text);
}

// The last bytes of the slices, in one piece.
std::string tail(const Slices& slices, std::size_t size) {
  std::string text;
  std::size_t skip = total_size(slices) - size;
  for (const Slice& slice : slices) {
    const Bytes bytes = slice.bytes.subspan(std::min(skip, slice.bytes.size()));
    skip -= slice.bytes.size() - bytes.size();
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  return text;
}

}  // namespace

Witness Witness::of(std::uint64_t version, std::uint64_t offset, const Slices& slices) {
  const std::size_t total = total_size(slices);
  Witness result;
  result.version = version;
  result.size = static_cast<std::uint32_t>(std::min(total, longest));
  result.offset = offset + total - result.size;
  result.hash = hash_of(tail(slices, result.size));
  return result;
}

bool Witness::recognizes(const Slices& slices) const {
  return total_size(slices) == size && hash_of(tail(slices, size)) == hash;
}

}  // namespace ftpfs::vfs
