// SPDX-License-Identifier: MIT
// A checksum of 64 bits for what lies on a disk: fast enough for every byte that is read, the same in every
// version and, on one kind of machine, for ever. Against accidents, not against enemies. No two contents that
// differ within eight aligned bytes only have the same.
#pragma once

#include <cstdint>

#include <ftpfs/base/bytes.hpp>

namespace ftpfs {

// `seed` ties it to what the bytes are meant to be: the same bytes elsewhere have another one.
std::uint64_t checksum(Bytes bytes, std::uint64_t seed) noexcept;

}  // namespace ftpfs
