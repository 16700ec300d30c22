// SPDX-License-Identifier: MIT
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include <ftpfs/base/checksum.hpp>

namespace ftpfs {
namespace {

constexpr std::size_t lanes = 4;  // independent of each other, so that the processor works on all at once
constexpr std::size_t word = sizeof(std::uint64_t);
constexpr std::uint64_t odd = 0x9E3779B97F4A7C15u;

// Every step can be undone: what differs stays different.
std::uint64_t step(std::uint64_t state, std::uint64_t value) noexcept {
  return std::rotl((state ^ value) * odd, 29);
}

std::uint64_t word_at(const std::byte* from, std::size_t size = word) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, size);
  return value;
}

}  // namespace

std::uint64_t checksum(Bytes bytes, std::uint64_t seed) noexcept {
  std::array<std::uint64_t, lanes> state{seed, seed + 1, seed + 2, seed + 3};
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= lanes * word; left -= lanes * word, at += lanes * word) {
    for (std::size_t lane = 0; lane < lanes; ++lane)
      state[lane] = step(state[lane], word_at(at + lane * word));
  }
  std::uint64_t sum = bytes.size();
  for (const std::uint64_t each : state) sum = step(sum, each);
  for (; left >= word; left -= word, at += word) sum = step(sum, word_at(at));
  if (left > 0) sum = step(sum, word_at(at, left));
  return step(sum ^ sum >> 32, odd);
}

}  // namespace ftpfs
