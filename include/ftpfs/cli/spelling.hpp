// SPDX-License-Identifier: MIT
// "Did you mean ...?"
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ftpfs::cli {

// Levenshtein: how many single characters must be put in, taken out or replaced.
std::size_t edit_distance(std::string_view left, std::string_view right);

// The candidate closest to `word`, or "" when none resembles it.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace ftpfs::cli
