// SPDX-License-Identifier: MIT
// What was last handed out of a file's content, as a hash: when the file has become longer, fetching the same
// bytes once more tells a log that was appended to from a file that was replaced.
#pragma once

#include <cstdint>

#include <ftpfs/base/bytes.hpp>

namespace ftpfs::vfs {

struct Witness {
  static constexpr std::size_t longest = 4096;

  // The end of what a read at `offset` was answered with.
  static Witness of(std::uint64_t version, std::uint64_t offset, const Slices& slices);
  bool recognizes(const Slices& slices) const;  // what lies there now

  std::uint64_t version = 0;  // Node::version; 0: nothing was handed out yet
  std::uint64_t offset = 0;
  std::uint64_t hash = 0;
  std::uint32_t size = 0;
};

}  // namespace ftpfs::vfs
