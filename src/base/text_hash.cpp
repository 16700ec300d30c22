// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>
#include <random>

#include <ftpfs/base/text_hash.hpp>

namespace ftpfs {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;

std::uint64_t draw() {
  std::random_device source;
  return std::uniform_int_distribution<std::uint64_t>(std::uint64_t{1} << 32, prime - 1)(source);
}

const std::uint64_t key = draw();

std::uint64_t times_key(std::uint64_t value) noexcept {
  const Wide product = Wide{value} * key;
  const std::uint64_t sum =
      static_cast<std::uint64_t>(product & prime) + static_cast<std::uint64_t>(product >> 61);
  return sum >= prime ? sum - prime : sum;
}

}  // namespace

TextHash::TextHash(std::size_t size) noexcept : sum_(times_key(size + 1)) {}

void TextHash::add(std::uint64_t piece) noexcept {
  sum_ = times_key(sum_ + piece);
}

// Tables take the upper or the lower bits; those of names that are counted through would lie side by side.
std::uint64_t TextHash::value() const noexcept {
  std::uint64_t mixed = (sum_ ^ sum_ >> 32) * 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ mixed >> 29) * 0xC2B2AE3D27D4EB4Fu;
  return mixed ^ mixed >> 32;
}

std::uint64_t hash_of(std::string_view text) noexcept {
  constexpr std::size_t piece = TextHash::piece_bits / 8;
  TextHash hash(text.size());
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, text.data(), std::min(piece, text.size()));
    hash.add(bytes);
  }
  return hash.value();
}

}  // namespace ftpfs
