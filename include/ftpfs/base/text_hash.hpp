// SPDX-License-Identifier: MIT
// A hash of texts that somebody else chooses, such as the names of a server's files: keyed, so that they
// cannot be chosen to collide and make every table quadratic. Each process draws a key of its own: values are
// not to be kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ftpfs {

// A polynomial over the integers modulo 2^61 - 1 at a random place (Carter and Wegman 1979): two given texts
// of n pieces collide with a probability of (n + 1) / 2^61.
class TextHash {
 public:
  static constexpr unsigned piece_bits = 56;  // of each piece, at most

  explicit TextHash(std::size_t size) noexcept;  // any number that goes with the text
  void add(std::uint64_t piece) noexcept;
  std::uint64_t value() const noexcept;  // all bits of it are equally good

 private:
  std::uint64_t sum_;
};

std::uint64_t hash_of(std::string_view text) noexcept;

// For containers.
struct HashOfText {
  std::size_t operator()(std::string_view text) const noexcept { return hash_of(text); }
};

}  // namespace ftpfs
