// SPDX-License-Identifier: MIT
// FNV-1a, 64 bits: the same on every machine and in every version, which std::hash is not. No two texts that
// differ in a single byte have the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace ftpfs {

constexpr std::uint64_t fnv1a(std::string_view text) noexcept {
  std::uint64_t hash = 14695981039346656037u;
  for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  return hash;
}

}  // namespace ftpfs
