// SPDX-License-Identifier: MIT
#include <algorithm>
#include <numeric>
#include <vector>

#include <ftpfs/cli/spelling.hpp>

namespace ftpfs::cli {

std::size_t edit_distance(std::string_view left, std::string_view right) {
  // row[j]: from the part of `left` seen so far to the first j characters of `right`.
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] != right[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  // More than half of the word wrong is not a typing error.
  std::size_t limit = std::max<std::size_t>(word.size() / 2, 1);
  for (const std::string_view candidate : candidates) {
    const auto [shorter, longer] = std::minmax({word.size(), candidate.size()});
    if (longer - shorter > limit) continue;  // no nearer than that: a word of any length is looked up quickly
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > limit || (distance == limit && !best.empty())) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

}  // namespace ftpfs::cli
